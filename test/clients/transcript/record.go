package transcript

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Recorder hands requests on to a Hatoba, and keeps them with their answers.
type Recorder struct {
	To    *url.URL
	Any   []string // members of answers whose values are nobody's business
	Skip  []string // services whose calls are handed on and not kept
	proxy *httputil.ReverseProxy

	mu    sync.Mutex
	names *names
	calls []kept
}

// kept is a call with the request as it was sent, to tell a repeat.
type kept struct {
	Call
	sent string
}

// NewRecorder records what is asked of a Hatoba.
func NewRecorder(to *url.URL) *Recorder {
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host // it is signed
	}}
	return &Recorder{To: to, proxy: proxy, names: newNames()}
}

// credential is who was asked, in a signature.
var credential = regexp.MustCompile(`Credential=[^/]+/\d+/[^/]+/([a-z0-9-]+)/`)

func (r *Recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	signed := credential.FindStringSubmatch(req.Header.Get("Authorization"))
	target := req.Header.Get("X-Amz-Target")
	if signed == nil || slices.Contains(r.Skip, signed[1]) || target == "" && !strings.HasPrefix(req.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		r.proxy.ServeHTTP(w, req) // the registry, a data channel, S3
		return
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	req.Header.Del("Accept-Encoding")
	answer := &teed{ResponseWriter: w, status: http.StatusOK}
	r.proxy.ServeHTTP(answer, req)
	call := Call{Service: signed[1], Status: answer.status}
	if target != "" {
		call.Operation = target[strings.LastIndex(target, ".")+1:]
		call.Request = string(body)
	} else {
		values, err := url.ParseQuery(string(body))
		if err != nil {
			return
		}
		call.Operation, call.Request = values.Get("Action"), form(values)
	}
	r.keep(call, strings.ReplaceAll(answer.body.String(), req.Host, "{endpoint}"))
}

func (r *Recorder) keep(call Call, answer string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	sent := call.Request
	if strings.HasPrefix(strings.TrimSpace(sent), "{") {
		sent = tidyRequest(sent)
	}
	call.Request, call.Answer = sent, answer
	k := kept{Call: call, sent: call.Service + call.Operation + sent}
	if n := len(r.calls); n > 0 && r.calls[n-1].sent == k.sent && k.reads() {
		r.calls[n-1] = k // the client waits for something
		return
	}
	r.calls = append(r.calls, k)
}

// Transcript is what was recorded so far, with names for what differs.
func (r *Recorder) Transcript(comment ...string) Transcript {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.names = newNames()
	t := Transcript{Comment: comment}
	for _, k := range r.calls {
		c := k.Call
		c.Request = r.names.request(c.Request)
		c.Answer = r.names.answer(strings.ReplaceAll(tidy(c.Answer, r.Any), r.To.Host, "{endpoint}"))
		t.Calls = append(t.Calls, c)
	}
	return t
}

// teed keeps what is answered.
type teed struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (t *teed) WriteHeader(status int) {
	t.status = status
	t.ResponseWriter.WriteHeader(status)
}

func (t *teed) Write(b []byte) (int, error) {
	t.body.Write(b)
	return t.ResponseWriter.Write(b)
}

func (t *teed) Unwrap() http.ResponseWriter { return t.ResponseWriter }
