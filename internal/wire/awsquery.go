package wire

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
)

// awsQuery is the query protocol: Action and Version with the input's members
// in a form, POSTed or in the query string, answered in XML.
type awsQuery struct{}

const formType = "application/x-www-form-urlencoded"

func (awsQuery) name() Protocol { return Query }

func (awsQuery) claims(r *http.Request) bool {
	switch r.Method {
	case http.MethodPost:
		return strings.HasPrefix(r.Header.Get("Content-Type"), formType)
	case http.MethodGet:
		return strings.Contains(r.URL.RawQuery, "Action=")
	}
	return false
}

func (awsQuery) route(h *handler, req *request) (*operation, *failure) {
	text := string(req.body)
	if req.http.Method == http.MethodGet {
		text = req.http.URL.RawQuery
	}
	form, err := parseForm(text)
	if err != nil {
		return nil, &failure{code: "MalformedQueryString", message: err.Error(), status: http.StatusBadRequest}
	}
	req.form = form
	name, version := form.text("Action"), form.text("Version")
	svc := h.queryService(req.credential.Service, version, name)
	if svc == nil {
		return nil, unservedService(req.credential.Service, fmt.Sprintf("Action %q, Version %q", name, version), h.served)
	}
	return svc.operation(name, "InvalidAction", http.StatusBadRequest)
}

// queryService finds the service by its name in the credential scope, else by
// version and action together.
func (h *handler) queryService(name, version, action string) *service {
	for _, svc := range h.services {
		if !svc.speaks(Query, EC2Query) || version != "" && version != svc.APIVersion {
			continue
		}
		if name == svc.Name || name == "" && (svc.knows(action) || svc.client == nil && version != "") {
			return svc
		}
	}
	return nil
}

func (awsQuery) decode(op *operation, req *request, v reflect.Value) *failure {
	if op.service.Protocol == EC2Query {
		return ec2Query{}.decode(op, req, v)
	}
	if err := decodeForm(op.in, req.form, v); err != nil {
		return &failure{code: "MalformedInput", message: err.Error(), status: http.StatusBadRequest}
	}
	return nil
}

func (awsQuery) encode(b []byte, op *operation, req *request, v reflect.Value) ([]byte, error) {
	if op.service.Protocol == EC2Query {
		return ec2Query{}.encode(b, op, req, v)
	}
	b = append(b, '<')
	b = append(b, op.Name...)
	b = append(b, `Response xmlns="`...)
	b = appendXMLText(b, op.service.Namespace)
	b = append(b, `"><`...)
	b = append(b, op.Name...)
	b = append(b, "Result>"...)
	b, err := appendXMLMembers(b, op.out, v)
	b = append(b, "</"...)
	b = append(b, op.Name...)
	b = append(b, "Result><ResponseMetadata>"...)
	b = appendXMLElement(b, "RequestId", req.id)
	b = append(b, "</ResponseMetadata></"...)
	b = append(b, op.Name...)
	return append(b, "Response>"...), err
}

func (awsQuery) encodeError(b []byte, svc *service, f *failure, requestID string) []byte {
	if svc != nil && svc.Protocol == EC2Query {
		return ec2Query{}.encodeError(b, svc, f, requestID)
	}
	b = append(b, "<ErrorResponse"...)
	if svc != nil && svc.Namespace != "" {
		b = append(b, ` xmlns="`...)
		b = appendXMLText(b, svc.Namespace)
		b = append(b, '"')
	}
	b = append(b, "><Error>"...)
	fault := "Receiver"
	if f.sender() {
		fault = "Sender"
	}
	b = appendXMLElement(b, "Type", fault)
	b = appendXMLElement(b, "Code", f.code)
	b = appendXMLElement(b, "Message", f.message)
	if svc != nil {
		if p := svc.exceptionPlan(f.extra); p != nil {
			if extended, err := appendXMLMembers(b, p, f.extra); err == nil {
				b = extended
			}
		}
	}
	b = append(b, "</Error>"...)
	b = appendXMLElement(b, "RequestId", requestID)
	return append(b, "</ErrorResponse>"...)
}

func (awsQuery) header(h http.Header, _ *failure) { h.Set("Content-Type", "text/xml") }

// parseForm reads a form into a tree along the dots of its names.
func parseForm(text string) (*form, error) {
	root := &form{}
	members, nodes := 0, 0
	for text != "" {
		var pair string
		pair, text, _ = strings.Cut(text, "&")
		if pair == "" {
			continue
		}
		if members++; members > maxElements {
			return nil, shapeErrorf("the request has more than %d parameters", maxElements)
		}
		key, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(key)
		if err == nil {
			value, err = url.QueryUnescape(value)
		}
		if err != nil {
			return nil, shapeErrorf("parameter %.100q is not well encoded", key)
		}
		if err := root.put(name, value, &nodes); err != nil {
			return nil, err
		}
	}
	return root, nil
}
