package wire

import (
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/hatoba/hatoba/internal/wire/sigv4"
)

// rest is restJson1 and restXml: operations are told apart by method and path,
// and members travel where the service's Bindings say.
type rest struct {
	service *service
	body    restBody
}

// restBody is what the two differ in.
type restBody interface {
	name() Protocol
	contentType() string
	// decode reads a document into v. f is the member that is the whole body,
	// nil when the document is the input itself.
	decode(p *plan, f *field, data []byte, v reflect.Value) *shapeError
	// encode writes one; op names the root where nothing else does.
	encode(b []byte, op *operation, p *plan, f *field, v reflect.Value) ([]byte, error)
	encodeError(b []byte, svc *service, f *failure, requestID string) []byte
}

// rest returns the protocol of a request that is signed for a REST service or
// asks for a path of one.
func (h *handler) rest(r *http.Request) protocol {
	if len(h.restServices) == 0 {
		return nil
	}
	credential, _ := sigv4.ReadCredential(r)
	for _, svc := range h.restServices {
		if credential.Service == svc.Name {
			return newRest(svc)
		}
	}
	if credential.Service != "" || r.Header.Get("X-Amz-Target") != "" || (rpcCBOR{}).claims(r) || (awsQuery{}).claims(r) {
		return nil
	}
	for _, svc := range h.restServices {
		if found, _ := svc.routes.find(r.Method, r.URL.EscapedPath(), r.URL.Query(), r.Header); found != nil && found.in != nil {
			return newRest(svc)
		}
	}
	return nil
}

func newRest(svc *service) rest {
	if svc.Protocol == RestXML {
		return rest{svc, restXML{}}
	}
	return rest{svc, restJSON{}}
}

func (p rest) name() Protocol { return p.body.name() }

func (p rest) claims(*http.Request) bool { return true }

func (p rest) route(_ *handler, req *request) (*operation, *failure) {
	r := req.http
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &failure{code: "MalformedQueryString", message: "The query string is not well encoded.", status: http.StatusBadRequest}
	}
	req.query = query
	found, labels := p.service.routes.find(r.Method, r.URL.EscapedPath(), query, r.Header)
	if found == nil {
		unknown := &operation{Operation: Operation{Name: r.Method + " " + r.URL.Path}, service: p.service}
		return unknown, unknownOperation("UnknownOperationException", http.StatusNotFound, p.service, unknown.Name)
	}
	if found.in == nil {
		return found.operation, unsupportedOperation(p.service, found.operation.Name)
	}
	req.labels = labels
	return found.operation, nil
}

func (p rest) decode(op *operation, req *request, v reflect.Value) *failure {
	bad := func(err *shapeError) *failure {
		return &failure{code: "SerializationException", message: err.Error(), status: http.StatusBadRequest}
	}
	if err := decodeBound(op.rest, req, v); err != nil {
		return bad(err)
	}
	if shape := op.rest.in; shape.payload != nil && shape.payload.plan.kind == kindStream {
		v.Field(shape.payload.index).Set(reflect.ValueOf(io.NopCloser(strings.NewReader(string(req.body)))))
		return nil
	}
	if err := p.decodeDocument(op, req.body, v); err != nil {
		return bad(err)
	}
	return nil
}

// decodeDocument reads a body that is no stream.
func (p rest) decodeDocument(op *operation, data []byte, v reflect.Value) *shapeError {
	shape := op.rest.in
	switch {
	case len(data) == 0:
	case shape.payload != nil:
		if err := p.decodePayload(shape.payload, data, v.Field(shape.payload.index)); err != nil {
			return err.inMember(shape.payload.name)
		}
	case len(shape.body.fields) > 0:
		return p.body.decode(shape.body, nil, data, v)
	}
	return nil
}

func (p rest) decodePayload(f *field, data []byte, v reflect.Value) *shapeError {
	target := f.plan
	if target.kind == kindPointer {
		v.Set(reflect.New(target.elem.typ))
		target, v = target.elem, v.Elem()
	}
	switch target.kind {
	case kindBlob:
		v.SetBytes(append([]byte{}, data...))
		return nil
	case kindString:
		return setText(v, string(data))
	}
	return p.body.decode(target, f, data, v)
}

func (p rest) encode(b []byte, op *operation, req *request, v reflect.Value) ([]byte, error) {
	req.status, req.header = op.rest.status, http.Header{}
	if err := encodeBound(op.rest.out, req, v); err != nil {
		return b, err
	}
	shape := op.rest.out
	if shape.payload != nil {
		return p.encodePayload(b, op, req, shape.payload, v.Field(shape.payload.index))
	}
	if len(shape.body.fields) == 0 && p.body.name() == RestXML {
		return b, nil
	}
	return p.body.encode(b, op, shape.body, nil, v)
}

func (p rest) encodePayload(b []byte, op *operation, req *request, f *field, v reflect.Value) ([]byte, error) {
	document := f.binding.namespace != "" // of a text, too
	if f.plan.absent(v) && (f.plan.kind != kindString || !document) {
		return b, nil
	}
	target := f.plan
	if target.kind == kindPointer {
		target, v = target.elem, v.Elem()
	}
	switch target.kind {
	case kindStream:
		if req.header.Get("Content-Type") == "" {
			req.header.Set("Content-Type", "application/octet-stream")
		}
		req.stream = v.Interface().(io.ReadCloser)
		return b, nil
	case kindBlob:
		req.header.Set("Content-Type", "application/octet-stream")
		return append(b, v.Bytes()...), nil
	case kindString:
		if !document {
			req.header.Set("Content-Type", "text/plain")
			return append(b, v.String()...), nil
		}
	}
	return p.body.encode(b, op, target, f, v)
}

func (p rest) encodeError(b []byte, svc *service, f *failure, requestID string) []byte {
	f.status = p.service.Bindings.errorStatus(f)
	return p.body.encodeError(b, p.service, f, requestID)
}

func (p rest) header(h http.Header, f *failure) {
	h.Set("Content-Type", p.body.contentType())
	if f != nil {
		h.Set("X-Amzn-Errortype", f.code)
	}
}

// restJSON is restJson1.
// https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
type restJSON struct{}

func (restJSON) name() Protocol      { return RestJSON }
func (restJSON) contentType() string { return "application/json" }

func (restJSON) decode(p *plan, _ *field, data []byte, v reflect.Value) *shapeError {
	return decodeJSON(p, data, v)
}

func (restJSON) encode(b []byte, _ *operation, p *plan, _ *field, v reflect.Value) ([]byte, error) {
	return appendJSON(b, p, v)
}

func (restJSON) encodeError(b []byte, svc *service, f *failure, requestID string) []byte {
	return awsJSON{}.encodeError(b, svc, f, requestID)
}

// restXML is restXml.
// https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html
type restXML struct{}

func (restXML) name() Protocol      { return RestXML }
func (restXML) contentType() string { return "application/xml" }

func (restXML) decode(p *plan, f *field, data []byte, v reflect.Value) *shapeError {
	root, err := parseXML(data)
	if err != nil {
		return err
	}
	if f != nil && root.name != f.binding.name && root.name != p.typ.Name() {
		return shapeErrorf("the document is a %.100q, not a %q", root.name, f.binding.name)
	}
	left := budgetOf(len(data))
	return decodeXML(p, nil, root, v, &left)
}

func (restXML) encode(b []byte, op *operation, p *plan, f *field, v reflect.Value) ([]byte, error) {
	name, namespace := op.Name+"Response", op.service.Bindings.Namespace
	if root := op.service.Bindings.Root; root != nil {
		name = root(op.Name)
	}
	if f != nil {
		name = f.binding.name
		if f.binding.namespace != "" {
			namespace = f.binding.namespace
		}
	}
	b = append(b, `<?xml version="1.0" encoding="UTF-8"?>`...)
	b = append(b, "\n<"...)
	b = append(b, name...)
	if namespace != "" {
		b = append(b, ` xmlns="`...)
		b = append(appendXMLText(b, namespace), '"')
	}
	b, err := appendRestXMLContent(b, p, v)
	return appendTag(b, "</", name), err
}

func (restXML) encodeError(b []byte, svc *service, f *failure, requestID string) []byte {
	if svc == nil || !svc.Bindings.Plain {
		return awsQuery{}.encodeError(b, svc, f, requestID)
	}
	b = append(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>"...)
	b = appendXMLElement(b, "Code", f.code)
	b = appendXMLElement(b, "Message", f.message)
	if p := svc.exceptionPlan(f.extra); p != nil {
		if extended, err := appendXMLMembers(b, p, f.extra); err == nil {
			b = extended
		}
	}
	b = appendXMLElement(b, "RequestId", requestID)
	return append(b, "</Error>"...)
}
