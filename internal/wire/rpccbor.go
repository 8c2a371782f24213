package wire

import (
	"cmp"
	"fmt"
	"net/http"
	"reflect"
	"strings"
)

// rpcCBOR is Smithy's RPC v2 protocol: POST /service/SERVICE/operation/NAME
// with a CBOR map. SERVICE is what JSON clients say as the target's prefix.
// https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
type rpcCBOR struct{}

const (
	cborType     = "application/cbor"
	cborProtocol = "rpc-v2-cbor"
)

func (rpcCBOR) name() Protocol { return CBOR }

func (rpcCBOR) claims(r *http.Request) bool { return r.Header.Get("Smithy-Protocol") == cborProtocol }

func (rpcCBOR) route(h *handler, req *request) (*operation, *failure) {
	rest, _ := strings.CutPrefix(req.http.URL.Path, "/service/")
	prefix, name, _ := strings.Cut(rest, "/operation/")
	svc := h.byTarget[prefix]
	if svc == nil || !svc.speaks(CBOR) {
		asked := req.credential.Service
		if asked == "" {
			asked = prefix
		}
		return nil, unservedService(asked, fmt.Sprintf("%s %.100q", cborProtocol, req.http.URL.Path), h.served)
	}
	if contentType := req.http.Header.Get("Content-Type"); contentType != cborType && len(req.body) > 0 {
		return nil, &failure{code: "SerializationException", message: fmt.Sprintf("The Content-Type %.60q is not %s.", contentType, cborType), status: http.StatusUnsupportedMediaType}
	}
	return svc.operation(name, "UnknownOperationException", http.StatusNotFound)
}

func (rpcCBOR) decode(op *operation, req *request, v reflect.Value) *failure {
	if err := decodeCBOR(op.in, req.body, v); err != nil {
		return &failure{code: "SerializationException", message: err.Error(), status: http.StatusBadRequest}
	}
	return nil
}

func (rpcCBOR) encode(b []byte, op *operation, _ *request, v reflect.Value) ([]byte, error) {
	return appendCBOR(b, op.out, v)
}

func (rpcCBOR) encodeError(b []byte, svc *service, f *failure, _ string) []byte {
	b = append(b, cborMap<<5|31)
	b = appendCBORText(appendCBORText(b, "__type"), cmp.Or(f.shape, f.code))
	for _, name := range []string{"message", "Message"} {
		b = appendCBORText(appendCBORText(b, name), f.message)
	}
	if svc != nil {
		if p := svc.exceptionPlan(f.extra); p != nil {
			if extended, err := appendCBORMembers(b, p, f.extra); err == nil {
				b = extended
			}
		}
	}
	return append(b, cborBreak)
}

func (rpcCBOR) header(h http.Header, f *failure) {
	h.Set("Content-Type", cborType)
	h.Set("Smithy-Protocol", cborProtocol)
	queryError(h, f)
}

// queryError tells clients that once spoke the query protocol their old code,
// where an exception has one.
// https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#aws-protocols-awsquerycompatible-trait
func queryError(h http.Header, f *failure) {
	if f == nil || f.shape == "" {
		return
	}
	fault := "Receiver"
	if f.sender() {
		fault = "Sender"
	}
	h.Set("X-Amzn-Query-Error", f.code+";"+fault)
}
