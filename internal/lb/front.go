package lb

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The way of a request that net/http has read: HTTP/2 from clients, and what
// comes by its host name to the API's port. Its head is written out and read by
// our own parser, so that rules, fields and refusals are those of every request.

// Claims tells whether a host, with or without port, names a balancer.
func (p *Plane) Claims(host string) bool { return p.byHost(host) != nil }

func (p *Plane) byHost(host string) *balancer {
	name := strings.TrimSuffix(strings.ToLower(string(hostName([]byte(host)))), ".")
	b, ok := p.hosts.Load(name)
	if !ok {
		return nil
	}
	return b.(*balancer)
}

// ServeFront answers a request for a balancer that its Host names, as if it had
// come to the balancer's HTTP listener (the HTTPS one where there is no other).
// It is false, with nothing written, when no balancer has that name.
func (p *Plane) ServeFront(w http.ResponseWriter, r *http.Request) bool {
	b := p.byHost(r.Host)
	if b == nil {
		return false
	}
	l := b.front.Load()
	bal := b.conf.Load()
	if l == nil || bal == nil {
		writeReply(w, errorReply(503, ""), time.Now())
		return true
	}
	s := l.conf.Load()
	if s == nil {
		writeReply(w, errorReply(503, ""), time.Now())
		return true
	}
	remote, _ := netip.ParseAddrPort(r.RemoteAddr)
	v := getVisit()
	defer putVisit(v)
	v.plane, v.s, v.bal, v.secure = p, s, bal, r.TLS
	v.client = netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())
	_ = http.NewResponseController(w).EnableFullDuplex()
	v.serveHTTP(w, r)
	return true
}

var visits = sync.Pool{New: func() any { return &visit{req: &head{}} }}

func getVisit() *visit { return visits.Get().(*visit) }

// putVisit gives a visit back that nobody uses any more.
func putVisit(v *visit) {
	*v.req = head{fields: v.req.fields[:0]}
	*v = visit{req: v.req}
	visits.Put(v)
}

// served is what an answer has cost and come to.
type served struct {
	http.ResponseWriter
	sent  int64
	until time.Time // when the client has to have taken what was written
}

// write sends a piece of a body. A client that takes nothing for the idle time,
// and at most half of it more, is given up: net/http's writers wait without end.
// What fits into their buffer waits for nobody.
func (o *served) write(b []byte, idle time.Duration) error {
	o.sent += int64(len(b))
	if now := time.Now(); o.sent > smallBuffer && o.until.Before(now.Add(idle+idle/4)) {
		// It ends a stream of HTTP/2 even when nothing waits to be written, so
		// that at each piece more than the idle time has to be left.
		o.until = now.Add(idle + idle/2)
		_ = http.NewResponseController(o.ResponseWriter).SetWriteDeadline(o.until) // a connection that is gone is told by Write
	}
	_, err := o.Write(b)
	return err
}

// serveHTTP carries a request through net/http's types.
func (v *visit) serveHTTP(w http.ResponseWriter, r *http.Request) {
	v.now = time.Now()
	v.http2 = r.ProtoMajor == 2
	v.grpc = v.http2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc")
	n := &v.s.bal.count
	n.requests.Add(1)
	raw := requestBytes(getBuffer(smallBuffer)[:0], r)
	defer putBuffer(raw)
	n.in.Add(uint64(len(raw)))
	err := v.req.parseRequest(raw)
	if v.bal.HTTP.AccessLog && v.plane.opts.AccessLog != nil {
		v.entry = &Entry{}
		v.describe()
	}
	out := &served{ResponseWriter: w}
	defer func() {
		n.out.Add(uint64(out.sent))
		if v.entry != nil {
			status := v.lastStatus
			if v.entry.Status != 0 {
				status = 0
			}
			v.finish(status, out.sent, v.start, v.first)
		}
	}()
	if err != nil {
		var no *refusal
		errors.As(err, &no)
		out.reply(v, errorReply(no.status, ""))
		return
	}
	if no := v.decide(); no != nil {
		out.reply(v, no)
		return
	}
	defer v.end()
	if v.group.Version == HTTP1 && v.req.length <= 0 && !v.req.chunked && !v.req.wantsUpgrade() {
		v.forwardPlain(out, r)
		return
	}
	v.forwardHTTP(out, r)
}

// requestBytes writes a request's head as HTTP/1.1 has it.
func requestBytes(dst []byte, r *http.Request) []byte {
	uri := r.RequestURI
	if uri == "" || r.Method == http.MethodConnect {
		uri = "/"
	}
	dst = append(dst, r.Method...)
	dst = append(dst, ' ')
	dst = append(dst, uri...)
	dst = append(dst, " HTTP/1.1\r\nHost: "...)
	dst = append(dst, r.Host...)
	dst = append(dst, "\r\n"...)
	for name, values := range r.Header {
		switch name {
		case "Host", "Content-Length", "Transfer-Encoding", "Expect":
			continue
		case "Connection", "Upgrade":
			if r.ProtoMajor > 1 {
				continue
			}
		}
		for _, value := range values {
			dst = append(dst, name...)
			dst = append(dst, ": "...)
			dst = append(dst, value...)
			dst = append(dst, "\r\n"...)
		}
	}
	switch {
	case r.ContentLength > 0 || r.ContentLength == 0 && r.Header.Get("Content-Length") != "":
		dst = append(dst, "Content-Length: "...)
		dst = strconv.AppendInt(dst, r.ContentLength, 10)
		dst = append(dst, "\r\n"...)
	case r.ContentLength < 0:
		dst = append(dst, "Transfer-Encoding: chunked\r\n"...)
	}
	return append(dst, "\r\n"...)
}

// reply writes an answer of our own.
func (o *served) reply(v *visit, r *reply) {
	v.noteReply(r)
	if r.status == 460 {
		panic(http.ErrAbortHandler)
	}
	v.s.bal.count.ownStatus(r.status)
	o.sent += int64(writeReply(o.ResponseWriter, r, v.now))
}

func writeReply(w http.ResponseWriter, r *reply, now time.Time) int {
	contentType, body := r.page()
	h := w.Header()
	h.Set("Server", "awselb/2.0")
	h.Set("Date", httpDate(now))
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.location != "" {
		h.Set("Location", r.location)
	}
	w.WriteHeader(r.status)
	n, _ := io.WriteString(w, body)
	return n
}

// forwardHTTP sends the request to its target, to another one if that cannot be
// reached, and the answer back.
func (v *visit) forwardHTTP(out *served, r *http.Request) {
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	idle := v.bal.idle()
	still := time.AfterFunc(idle, func() { cancel(errTimeout) })
	defer still.Stop()
	v.start = v.now
	var body io.ReadCloser = http.NoBody
	if r.ContentLength != 0 {
		body = &watched{r: r.Body, still: still, idle: idle, count: &v.s.bal.count}
	}
	for try := 1; ; try++ {
		res, err := v.transport().RoundTrip(v.outgoing(ctx, r, body))
		if err == nil {
			still.Reset(idle)
			v.relayHTTP(out, res, r, still)
			return
		}
		if errors.Is(context.Cause(ctx), errTimeout) {
			out.reply(v, errorReply(504, ""))
			return
		}
		if r.Context().Err() != nil {
			out.reply(v, errorReply(460, ""))
			return
		}
		var op *net.OpError
		dial := errors.As(err, &op) && op.Op == "dial"
		if dial {
			if try < tries && v.again() {
				continue
			}
		}
		status := 502
		if dial && op.Timeout() {
			status = 504
		}
		v.target.count.resets.Add(1)
		v.share.group.count.resets.Add(1)
		out.reply(v, errorReply(status, ""))
		return
	}
}

// outgoing is the request as the target gets it.
func (v *visit) outgoing(ctx context.Context, r *http.Request, body io.ReadCloser) *http.Request {
	var h head
	raw := v.requestHead(nil)
	_ = h.parseRequest(raw) // it was made from one that could be read
	req := (&http.Request{Method: r.Method, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}}).WithContext(ctx)
	for i := range h.fields {
		f := &h.fields[i]
		switch f.id {
		case fieldHost, fieldContentLength, fieldTransferEncoding:
			continue
		}
		name := http.CanonicalHeaderKey(h.text(f.name))
		req.Header[name] = append(req.Header[name], h.text(f.value))
	}
	if req.Header["User-Agent"] == nil {
		req.Header["User-Agent"] = nil // and none of net/http's
	}
	if v.req.trailers && v.group.Version != HTTP1 {
		req.Header.Set("Te", "trailers")
	}
	req.Host = h.text(h.host)
	req.URL = requestURL(h.text(h.uri), v.group.Protocol == HTTPS, v.target.addr.String())
	req.ContentLength = r.ContentLength
	req.Body = body
	if len(r.Trailer) > 0 {
		req.Trailer = r.Trailer // filled when the body has been read
	}
	return req
}

// relayHTTP sends the answer.
func (v *visit) relayHTTP(out *served, res *http.Response, r *http.Request, still *time.Timer) {
	defer res.Body.Close()
	v.first = time.Now()
	v.answered(res.StatusCode, v.first.Sub(v.start))
	if res.StatusCode == http.StatusSwitchingProtocols {
		still.Stop()
		v.switchHTTP(out, res)
		return
	}
	h := out.Header()
	for name, values := range res.Header {
		switch name {
		case "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade":
			continue
		}
		h[name] = values
	}
	if res.ContentLength >= 0 && r.Method != http.MethodHead && res.StatusCode != 304 && res.StatusCode != 204 {
		h.Set("Content-Length", strconv.FormatInt(res.ContentLength, 10))
	}
	if h["Content-Type"] == nil {
		h["Content-Type"] = nil // and none that net/http guesses
	}
	for name := range res.Trailer {
		h.Add("Trailer", name)
	}
	v.addCookies(h, res)
	out.WriteHeader(res.StatusCode)
	announced := len(res.Trailer)
	if err := v.copyHTTP(out, res, still); err != nil {
		panic(http.ErrAbortHandler) // the client sees that it is not whole
	}
	for name, values := range res.Trailer {
		if len(res.Trailer) != announced {
			name = http.TrailerPrefix + name
		}
		h[name] = values
	}
}

// addCookies adds those of stickiness.
func (v *visit) addCookies(h http.Header, res *http.Response) {
	if v.group.Sticky == NotSticky && !v.stickGroup {
		return
	}
	raw := []byte("HTTP/1.1 200 OK\r\n")
	for _, set := range res.Header["Set-Cookie"] {
		raw = append(raw, "Set-Cookie: "+set+"\r\n"...)
	}
	var answer head
	_ = answer.parseAnswer(append(raw, "\r\n"...))
	v.setCookies(h, &answer)
}

// copyHTTP sends the body; one whose length is not known as it comes.
func (v *visit) copyHTTP(out *served, res *http.Response, still *time.Timer) error {
	buf := getBuffer(largeBuffer)
	defer putBuffer(buf)
	flush := http.NewResponseController(out.ResponseWriter).Flush
	if res.ContentLength < 0 {
		_ = flush()
	}
	for {
		n, err := res.Body.Read(buf)
		still.Reset(v.bal.idle())
		if n > 0 {
			if err := out.write(buf[:n], v.bal.idle()); err != nil {
				return err
			}
			if res.ContentLength < 0 {
				_ = flush()
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			v.target.count.resets.Add(1)
			v.share.group.count.resets.Add(1)
			return err
		}
	}
}

// switchHTTP carries another protocol both ways.
func (v *visit) switchHTTP(out *served, res *http.Response) {
	far, ok := res.Body.(io.ReadWriteCloser)
	if !ok || !v.req.wantsUpgrade() {
		out.reply(v, errorReply(502, ""))
		return
	}
	near, buffered, err := http.NewResponseController(out.ResponseWriter).Hijack()
	if err != nil {
		out.reply(v, errorReply(502, ""))
		return
	}
	defer near.Close()
	_ = near.SetDeadline(time.Time{})
	raw := append([]byte("HTTP/1.1 101 Switching Protocols\r\n"), "Connection: upgrade\r\n"...)
	for name, values := range res.Header {
		if name == "Connection" {
			continue
		}
		for _, value := range values {
			raw = append(raw, name+": "+value+"\r\n"...)
		}
	}
	if _, err := near.Write(append(raw, "\r\n"...)); err != nil {
		return
	}
	idle := v.bal.idle()
	still := time.AfterFunc(idle, func() { _ = near.Close(); _ = far.Close() })
	defer still.Stop()
	var forth atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		n, _ := io.Copy(far, &watched{r: buffered, still: still, idle: idle})
		forth.Store(n)
		_ = far.Close()
	}()
	out.sent, _ = io.Copy(near, &watched{r: far, still: still, idle: idle})
	_ = near.Close()
	<-done
	v.s.bal.count.in.Add(uint64(forth.Load()))
}

// watched puts the end of the idle time off with each read.
type watched struct {
	r     io.Reader
	still *time.Timer
	idle  time.Duration
	count *counters
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.r.Read(b)
	w.still.Reset(w.idle)
	if w.count != nil {
		w.count.in.Add(uint64(n))
	}
	return n, err
}

// Close leaves the body to its server: it may have to go to another target.
func (w *watched) Close() error { return nil }
