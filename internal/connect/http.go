package connect

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

const (
	maxHeader  = 64 << 10
	headerTime = 30 * time.Second
)

// serve makes the lane's server: HTTP/1.1, and HTTP/2 for who knows beforehand.
func (l *lane) serve(ctx context.Context, log *slog.Logger) {
	quiet := slog.NewLogLogger(log.Handler(), slog.LevelDebug)
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	l.in = newInlet()
	l.server = &http.Server{
		Protocols: protocols, ReadHeaderTimeout: headerTime, IdleTimeout: l.up.route.Idle, MaxHeaderBytes: maxHeader, ErrorLog: quiet,
		BaseContext: func(net.Listener) context.Context { return ctx },
		Handler: &handler{up: l.up, proxy: &httputil.ReverseProxy{
			Rewrite: rewrite, Transport: l.up, FlushInterval: -1, ErrorLog: quiet, ErrorHandler: l.up.failed, ModifyResponse: settled,
		}},
	}
}

// handler bounds a request's time.
type handler struct {
	up    *upstream
	proxy *httputil.ReverseProxy
}

type timerKey struct{}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.up.count.requests.Add(1)
	if isGRPC(r) {
		h.up.count.grpc.Add(1)
	}
	ctx := r.Context()
	if limit := h.up.route.PerRequest; limit > 0 {
		timed, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		timer := time.AfterFunc(limit, func() { cancel(errTimeout) })
		defer timer.Stop()
		ctx = context.WithValue(timed, timerKey{}, timer)
	}
	h.proxy.ServeHTTP(w, r.WithContext(ctx))
}

// settled takes the time limit from a connection that has become another
// protocol's.
func settled(res *http.Response) error {
	if res.StatusCode == http.StatusSwitchingProtocols {
		if timer, ok := res.Request.Context().Value(timerKey{}).(*time.Timer); ok {
			timer.Stop()
		}
	}
	return nil
}

// rewrite leaves a request as it came: what a load balancer in front of the
// task said of its client is the application's to hand on.
func rewrite(p *httputil.ProxyRequest) {
	p.Out.Host = p.In.Host
	p.Out.URL.Scheme = "http"
	p.Out.URL.RawQuery = p.In.URL.RawQuery
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if v := p.In.Header[name]; v != nil {
			p.Out.Header[name] = v
		}
	}
	if p.In.Header["User-Agent"] == nil {
		p.Out.Header["User-Agent"] = nil // and none of net/http's
	}
}

// RoundTrip asks a host, and up to two others when it could not be reached. A
// request that a host took and did not answer is asked again where that does
// no harm: of the methods that may be repeated, without a body.
func (u *upstream) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := u.whole(r.Context()); err != nil {
		return nil, err
	}
	var (
		body  = watch(r)
		tried []netip.AddrPort
		began = time.Now()
	)
	for try := 1; ; try++ {
		h := u.choose(time.Now(), tried)
		if h == nil {
			return nil, errNoHost
		}
		if !h.begin() {
			try--
			continue
		}
		res, err := h.transport.RoundTrip(sentTo(r, h.address))
		if err == nil {
			h.judge(res.StatusCode < 500)
			u.count.answer(res.StatusCode, time.Since(began))
			if res.StatusCode == http.StatusSwitchingProtocols {
				h.busy.done()
			} else {
				res.Body = &answer{ReadCloser: res.Body, end: h.busy.done}
			}
			return res, nil
		}
		h.busy.done()
		if r.Context().Err() != nil {
			if errors.Is(context.Cause(r.Context()), errTimeout) {
				h.judge(false)
			}
			return nil, context.Cause(r.Context())
		}
		h.judge(false)
		var unreached *dialError
		if again := errors.As(err, &unreached) && !body.read || repeatable(r); !again || try >= tries {
			return nil, err
		}
		u.count.retries.Add(1)
		tried = append(tried, h.address)
	}
}

// sentTo is the request for one host. A transport may look at the one before
// for a moment longer.
func sentTo(r *http.Request, to netip.AddrPort) *http.Request {
	out, at := r.WithContext(r.Context()), *r.URL
	at.Host = to.String()
	out.URL = &at
	return out
}

// repeatable tells whether a request may be done twice.
func repeatable(r *http.Request) bool {
	if r.Body != nil && r.Body != http.NoBody {
		return false
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete, http.MethodTrace:
		return true
	}
	return false
}

// watched is a request's body. The server closes it; a transport that could not
// reach its host does not.
type watched struct {
	io.Reader
	read bool
}

func (w *watched) Read(b []byte) (int, error) {
	w.read = true
	return w.Reader.Read(b)
}

// Close does nothing.
func (w *watched) Close() error { return nil }

func watch(r *http.Request) *watched {
	w := &watched{}
	if r.Body != nil && r.Body != http.NoBody {
		w.Reader = r.Body
		r.Body = w
	}
	return w
}

// failed answers what no host did, in Envoy's words.
func (u *upstream) failed(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil && !errors.Is(context.Cause(r.Context()), errTimeout) {
		panic(http.ErrAbortHandler) // nobody waits for an answer
	}
	u.count.noAnswer.Add(1)
	status, text := http.StatusServiceUnavailable, "upstream connect error or disconnect/reset before headers"
	var unreached *dialError
	switch {
	case errors.Is(err, errTimeout):
		status, text = http.StatusGatewayTimeout, errTimeout.Error()
	case errors.Is(err, errNoHost):
		text = errNoHost.Error()
	case errors.As(err, &unreached):
		text += ". reset reason: connection failure"
	}
	if isGRPC(r) {
		code := 14 // UNAVAILABLE
		if status == http.StatusGatewayTimeout {
			code = 4 // DEADLINE_EXCEEDED
		}
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Grpc-Status", strconv.Itoa(code))
		w.Header().Set("Grpc-Message", text)
		w.WriteHeader(http.StatusOK)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

func isGRPC(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc")
}
