package wire

import (
	"cmp"
	"fmt"
	"net/http"
	"reflect"
	"strings"
)

// awsJSON is awsJson 1.0 and 1.1: POST / with X-Amz-Target: PREFIX.OPERATION
// and a JSON object. The versions differ in the content type alone.
type awsJSON struct{ contentType string }

func (awsJSON) name() Protocol { return JSON11 }

func (awsJSON) claims(r *http.Request) bool { return r.Header.Get("X-Amz-Target") != "" }

func (awsJSON) route(h *handler, req *request) (*operation, *failure) {
	target := req.http.Header.Get("X-Amz-Target")
	prefix, name := target, ""
	if i := strings.LastIndexByte(target, '.'); i >= 0 {
		prefix, name = target[:i], target[i+1:]
	}
	svc := h.byTarget[prefix]
	if svc == nil || !svc.speaks(JSON10, JSON11) {
		asked := req.credential.Service
		if asked == "" {
			asked = prefix
		}
		return nil, unservedService(asked, fmt.Sprintf("X-Amz-Target %q", target), h.served)
	}
	return svc.operation(name, "UnknownOperationException", http.StatusNotFound)
}

func (awsJSON) decode(op *operation, req *request, v reflect.Value) *failure {
	if err := decodeJSON(op.in, req.body, v); err != nil {
		return &failure{code: "SerializationException", message: err.Error(), status: http.StatusBadRequest}
	}
	return nil
}

func (awsJSON) encode(b []byte, op *operation, _ *request, v reflect.Value) ([]byte, error) {
	return appendJSON(b, op.out, v)
}

// encodeError writes the members by both spellings of message where the
// service's models use both.
func (awsJSON) encodeError(b []byte, svc *service, f *failure, _ string) []byte {
	b = append(b, `{"__type":`...)
	b = appendJSONString(b, cmp.Or(f.shape, f.code))
	b = append(b, `,"message":`...)
	b = appendJSONString(b, f.message)
	if svc == nil {
		return append(b, '}')
	}
	if !svc.Naming.LowerFirst {
		b = append(b, `,"Message":`...)
		b = appendJSONString(b, f.message)
	}
	if p := svc.exceptionPlan(f.extra); p != nil && len(p.fields) > 0 {
		mark := len(b)
		extended, err := appendJSONMembers(append(b, ','), p, f.extra)
		if err == nil && len(extended) > mark+1 {
			b = extended
		}
	}
	return append(b, '}')
}

func (p awsJSON) header(h http.Header, f *failure) {
	h.Set("Content-Type", p.contentType)
	if f != nil {
		h.Set("X-Amzn-Errortype", cmp.Or(f.shape, f.code))
		queryError(h, f)
	}
}
