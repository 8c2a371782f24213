package wire

import (
	"net/http"
	"reflect"
	"strings"
)

// ec2Query is Amazon EC2's own form of the query protocol: a list's elements
// are numbered without "member", an answer has no result element, its lists
// have <item>, and errors a root of their own. awsQuery, which finds the
// service, hands over to it.
//
// Source: https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html
type ec2Query struct{}

// about are the parameters of a request that are no members of its input.
var about = []string{"Action", "Version", "AWSAccessKeyId", "Timestamp", "Expires", "SecurityToken"}

func (ec2Query) decode(op *operation, req *request, v reflect.Value) *failure {
	for _, name := range about {
		delete(req.form.kids, name)
	}
	for name := range req.form.kids {
		if strings.HasPrefix(name, "X-Amz-") || strings.HasPrefix(name, "Signature") {
			delete(req.form.kids, name)
		}
	}
	if name := op.in.unknown(req.form); name != "" {
		return &failure{
			code: "UnknownParameter", status: http.StatusBadRequest,
			message: "The parameter " + name + " is not recognized: Hatoba does not support it. Leave it out.",
		}
	}
	if err := decodeForm(op.in, req.form, v); err != nil {
		return &failure{code: "InvalidParameterValue", message: err.Error(), status: http.StatusBadRequest}
	}
	return nil
}

// unknown names a parameter that the plan has no member for, "" when there is
// none. What is sent without a value, or as false, asks for nothing.
func (p *plan) unknown(f *form) string {
	switch p.kind {
	case kindPointer:
		return p.elem.unknown(f)
	case kindList:
		for n, kid := range f.kids {
			if name := p.elem.unknown(kid); name != "" {
				return n + "." + name
			}
		}
	case kindStruct:
		for name, kid := range f.kids {
			i, ok := p.byForm[name]
			switch {
			case !ok && kid.asks():
				return name
			case !ok:
				continue
			}
			if inner := p.fields[i].plan.unknown(kid); inner != "" {
				return name + "." + inner
			}
		}
	}
	return ""
}

func (f *form) asks() bool {
	for _, kid := range f.kids {
		if kid.asks() {
			return true
		}
	}
	return f.value != "" && f.value != "false"
}

func (ec2Query) encode(b []byte, op *operation, req *request, v reflect.Value) ([]byte, error) {
	b = append(b, `<?xml version="1.0" encoding="UTF-8"?>`...)
	b = append(b, '<')
	b = append(b, op.Name...)
	b = append(b, `Response xmlns="`...)
	b = appendXMLText(b, op.service.Namespace)
	b = append(b, `">`...)
	b = appendXMLElement(b, "requestId", req.id)
	b, err := appendXMLMembers(b, op.out, v)
	return appendTag(b, "</", op.Name+"Response"), err
}

func (ec2Query) encodeError(b []byte, _ *service, f *failure, requestID string) []byte {
	b = append(b, `<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error>`...)
	b = appendXMLElement(b, "Code", f.code)
	b = appendXMLElement(b, "Message", f.message)
	b = append(b, "</Error></Errors>"...)
	b = appendXMLElement(b, "RequestID", requestID)
	return append(b, "</Response>"...)
}
