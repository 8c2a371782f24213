package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire/sigv4"
)

// HandlerConfig is what the AWS side of the front port needs.
type HandlerConfig struct {
	Services     []Service
	DefaultScope state.Scope   // where a request acts that does not say
	Identities   Identities    // who holds an access key; nil: no key is known
	Auth         Auth          // what is asked of callers; "": AuthNone
	Authorize    Authorize     // nil: everybody may do everything
	Log          *slog.Logger  // nil: slog.Default()
	NewRequestID func() string // nil: random UUIDs
	NotFound     http.Handler  // for what is no AWS request; nil: a short text
	// Count is told of each request that was answered: the service and the
	// operation, "" where none was found, and the error's code, "" for none.
	Count func(service, operation, code string)
}

// NewHandler serves the AWS APIs of the services given, told apart by
// protocol, on any path. An error means that a service describes itself
// wrongly.
//
// Who calls is found as Verifier does. With AuthNone the listener must be kept
// on loopback. Requests of web pages of another origin are refused.
func NewHandler(cfg HandlerConfig) (http.Handler, error) {
	h := &handler{cfg: cfg, byTarget: map[string]*service{}, bodies: newBodies(),
		verifier: &Verifier{Identities: cfg.Identities, Auth: cfg.Auth, Default: cfg.DefaultScope}}
	if h.cfg.Log == nil {
		h.cfg.Log = slog.Default()
	}
	if h.cfg.NewRequestID == nil {
		h.cfg.NewRequestID = uuid.NewString
	}
	var names []string
	for _, described := range cfg.Services {
		svc, err := newService(described)
		if err != nil {
			return nil, fmt.Errorf("service %s: %w", described.Name, err)
		}
		for _, o := range described.Operations {
			if o.call == nil {
				return nil, fmt.Errorf("service %s: operation %s is not made with Op", svc.Name, o.Name)
			}
		}
		if svc.TargetPrefix != "" {
			if h.byTarget[svc.TargetPrefix] != nil {
				return nil, fmt.Errorf("service %s: the target prefix %q is taken", svc.Name, svc.TargetPrefix)
			}
			h.byTarget[svc.TargetPrefix] = svc
		}
		if svc.speaks(RestJSON, RestXML) {
			h.restServices = append(h.restServices, svc)
		}
		h.services = append(h.services, svc)
		names = append(names, svc.Name)
	}
	h.served = strings.Join(names, ", ")
	return h, nil
}

// handler is what NewHandler returns.
type handler struct {
	cfg          HandlerConfig
	services     []*service
	byTarget     map[string]*service
	restServices []*service
	served       string // names, for refusals
	origins      http.CrossOriginProtection
	verifier     *Verifier
	bodies       bodies
}

// protocol is one AWS protocol: how a request names its operation and how
// bodies are read and written. A new one is a file and a line in protocolOf.
type protocol interface {
	name() Protocol
	// claims tells by the headers whether r speaks the protocol.
	claims(r *http.Request) bool
	route(h *handler, req *request) (*operation, *failure)
	decode(op *operation, req *request, in reflect.Value) *failure
	encode(b []byte, op *operation, req *request, out reflect.Value) ([]byte, error)
	// encodeError writes an error of svc, nil when none was found.
	encodeError(b []byte, svc *service, f *failure, requestID string) []byte
	// header sets the headers of an answer; f is nil when it is no error.
	header(h http.Header, f *failure)
}

// protocolOf returns the protocol r speaks, nil for none.
func (h *handler) protocolOf(r *http.Request) protocol {
	if p := h.rest(r); p != nil {
		return p
	}
	for _, p := range [...]protocol{awsJSON{contentType: jsonType(r)}, rpcCBOR{}, awsQuery{}} {
		if p.claims(r) {
			return p
		}
	}
	return nil
}

// jsonType answers a request in the JSON version it was asked in.
func jsonType(r *http.Request) string {
	if r.Header.Get("Content-Type") == "application/x-amz-json-1.0" {
		return "application/x-amz-json-1.0"
	}
	return "application/x-amz-json-1.1"
}

// request is a request while it is served.
type request struct {
	http       *http.Request
	control    *http.ResponseController // nil in what is answered without a body
	id         string
	credential sigv4.Credential
	endTurn    func()        // among the large; nil: it is small
	body       []byte        // valid until the input is decoded
	form       *form         // query protocol
	query      url.Values    // REST
	labels     []string      // REST: values of the path's labels, as sent
	status     int           // REST: of the answer, 0: 200
	header     http.Header   // REST: of the answer
	stream     io.ReadCloser // REST: the answer's body, nil: what was encoded
}

// buffers holds byte slices for bodies and answers.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// keepBuffer is the size above which a buffer is left to the collector.
const keepBuffer = 1 << 20

func putBuffer(buf *[]byte, used []byte) {
	if cap(used) <= keepBuffer {
		*buf = used[:0]
		buffers.Put(buf)
	}
}

// ServeHTTP serves one request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p := h.protocolOf(r)
	if p == nil {
		h.serveOther(w, r)
		return
	}
	req := &request{http: r, id: h.cfg.NewRequestID(), control: http.NewResponseController(w)}
	buf := buffers.Get().(*[]byte)
	op, answer, f := h.serve(p, req, (*buf)[:0])
	if f != nil {
		answer = h.fail((*buf)[:0], p, op, req, f)
	}
	h.write(w, p, req, f, answer)
	h.trace(op, req, f)
	h.count(op, f)
	putBuffer(buf, answer)
}

// write sends an answer, in one piece where it is no stream. One that breaks
// off cuts the connection: nobody shall take a part for the whole.
func (h *handler) write(w http.ResponseWriter, p protocol, req *request, f *failure, body []byte) {
	status := http.StatusOK
	header := w.Header()
	p.header(header, f)
	if f == nil {
		for name, values := range req.header {
			header[name] = values
		}
		if req.status != 0 {
			status = req.status
		}
	}
	header.Set("X-Amzn-Requestid", req.id)
	header.Set("X-Amz-Request-Id", req.id)
	switch {
	case req.stream != nil:
		defer req.stream.Close()
	case req.http.Method != http.MethodHead || header.Get("Content-Length") == "": // a HEAD may tell of what it leaves out
		header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	if f != nil {
		status = f.status
	}
	w.WriteHeader(status)
	if req.stream != nil {
		if _, err := io.Copy(w, req.stream); err != nil {
			panic(http.ErrAbortHandler)
		}
		return
	}
	// A client that went away is not news.
	_, _ = w.Write(body)
}

// trace tells of each request at debug level; bodies stay out of every log.
func (h *handler) trace(op *operation, req *request, f *failure) {
	ctx := req.http.Context()
	if op == nil || !h.cfg.Log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	code := ""
	if f != nil {
		code = f.code
	}
	h.cfg.Log.LogAttrs(ctx, slog.LevelDebug, "request", slog.String("request_id", req.id),
		slog.String("service", op.service.Name), slog.String("operation", op.Name), slog.String("code", code))
}

// count tells whoever counts. Names are those of operations that there are:
// strangers can not make up new ones.
func (h *handler) count(op *operation, f *failure) {
	if h.cfg.Count == nil {
		return
	}
	service, name, code := "", "", ""
	if op != nil {
		if service = op.service.Name; op.service.knows(op.Name) {
			name = op.Name
		}
	}
	if f != nil {
		code = f.code
	}
	h.cfg.Count(service, name, code)
}

// serve reads, decodes, calls and encodes. The operation is nil when none was
// found.
func (h *handler) serve(p protocol, req *request, b []byte) (*operation, []byte, *failure) {
	if f := h.admit(req); f != nil {
		return nil, nil, f
	}
	buf := buffers.Get().(*[]byte)
	body := bytes.NewBuffer((*buf)[:0])
	defer func() { putBuffer(buf, body.Bytes()) }()
	defer func() {
		if req.endTurn != nil {
			req.endTurn()
		}
	}()
	if f := h.bodies.read(body, req); f != nil {
		return nil, nil, f
	}
	var op *operation
	var f *failure
	// A query request has its operation's name in the body. Compressed, that is
	// unpacked only for a sender who is known.
	named := p.name() != Query || req.http.Header.Get(contentEncoding) == ""
	if named {
		op, f = p.route(h, req)
	}
	sender, unknown := h.authenticate(p, op, req)
	if unknown != nil {
		return op, nil, unknown
	}
	if f == nil {
		f = h.bodies.inflate(op, req)
	}
	if f == nil && !named {
		op, f = p.route(h, req)
	}
	if f != nil {
		return op, nil, f
	}
	in := reflect.New(op.Input)
	if f := p.decode(op, req, in.Elem()); f != nil {
		return op, nil, f
	}
	caller := Caller{Scope: sender.Scope, Identity: sender.Identity, AccessKey: sender.AccessKey, RequestID: req.id, Endpoint: endpoint(req.http)}
	ctx := req.http.Context()
	if h.cfg.Authorize != nil {
		if err := h.cfg.Authorize(ctx, caller, op.service.Name, op.Name, in.Interface()); err != nil {
			return op, nil, failureOf(ctx, err)
		}
	}
	result, err := invoke(ctx, op, caller, in.Interface())
	if err != nil {
		return op, nil, failureOf(ctx, err)
	}
	out := reflect.ValueOf(result)
	if out.IsNil() {
		out = reflect.New(op.Output)
	}
	b, err = p.encode(b, op, req, out.Elem())
	if err != nil {
		return op, nil, internalFailure(err)
	}
	return op, b, nil
}

// endpoint is where a request was sent to, as its sender names us.
func endpoint(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// admit reads who asks, and refuses web pages of other origins: they can post
// a query form to loopback, and nothing else here would stop them.
func (h *handler) admit(req *request) *failure {
	// What cannot be read is refused when the protocol is known, by the verifier.
	req.credential, _ = sigv4.ReadCredential(req.http)
	r := req.http
	if r.Method != http.MethodPost {
		// The check takes GET for harmless, but AWS acts on GET too.
		r = r.WithContext(r.Context())
		r.Method = http.MethodPost
	}
	if err := h.origins.Check(r); err != nil {
		return &failure{code: "AccessDeniedException", message: "Requests of web pages of another origin are refused.", status: http.StatusForbidden}
	}
	return nil
}

// authenticate finds who calls.
func (h *handler) authenticate(p protocol, op *operation, req *request) (Sender, *failure) {
	speaks, service := p.name(), req.credential.Service
	if op != nil {
		if service = op.service.Name; op.Unsigned && req.credential.AccessKey == "" {
			return Sender{Identity: Identity{Account: h.cfg.DefaultScope.Account}, Scope: h.cfg.DefaultScope}, nil
		}
	}
	sender, err := h.verifier.Verify(req.http, service, req.body)
	if err != nil {
		return sender, failureOfAuth(err, service, speaks)
	}
	return sender, nil
}

// invoke calls the operation; a panic is an error with its stack.
func invoke(ctx context.Context, op *operation, caller Caller, in any) (out any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return op.call(ctx, caller, in)
}

// fail logs what the client is not told and writes what it is.
func (h *handler) fail(b []byte, p protocol, op *operation, req *request, f *failure) []byte {
	var svc *service
	name := ""
	if op != nil {
		svc, name = op.service, op.Name
		if status, ok := svc.Statuses[f.code]; ok && f.extra.IsValid() {
			f.status = status
		}
	}
	if f.cause != nil && !errors.Is(f.cause, context.Canceled) {
		attrs := []slog.Attr{slog.String("request_id", req.id), slog.String("operation", name), slog.Any("error", f.cause)}
		if svc != nil {
			attrs = append(attrs, slog.String("service", svc.Name))
		}
		h.cfg.Log.LogAttrs(req.http.Context(), slog.LevelError, "request failed", attrs...)
	}
	return p.encodeError(b, svc, f, req.id)
}
