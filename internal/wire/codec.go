package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
)

// A Codec reads and writes the messages of a REST service whose front cannot
// be NewHandler's: S3's objects are larger than memory, its buckets stand in
// host names, and its errors are its own. Bodies that are no documents are
// handed through.
type Codec struct {
	rest   rest
	bodies bodies
}

// NewCodec returns the codec of a service. Its operations need no handlers.
// An error means that the service describes itself wrongly.
func NewCodec(described Service) (*Codec, error) {
	svc, err := newService(described)
	if err != nil {
		return nil, fmt.Errorf("service %s: %w", described.Name, err)
	}
	if svc.routes == nil {
		return nil, fmt.Errorf("service %s: %s is no REST protocol", described.Name, described.Protocol)
	}
	return &Codec{rest: newRest(svc), bodies: newBodies()}, nil
}

// Message is a request to an operation.
type Message struct {
	codec *Codec
	route *restRoute
	req   *request
}

// InputError is an input that its operation does not take.
type InputError struct {
	Document bool   // the body is at fault; else a parameter or header
	Name     string // of the parameter or header
	Reason   string
}

// Error tells what is wrong.
func (e *InputError) Error() string {
	if e.Document {
		return e.Reason
	}
	return e.Name + ": " + e.Reason
}

// Answer is an output on the wire.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte        // a document, or nothing
	Stream io.ReadCloser // what is no document, for its writer to close
}

// Message finds the operation a request asks for; nil for none. The path, in
// URL encoding, and the query are the front's, whatever the request's are.
func (c *Codec) Message(r *http.Request, path string, query url.Values) *Message {
	route, labels := c.rest.service.routes.find(r.Method, path, query, r.Header)
	if route == nil {
		return nil
	}
	return &Message{codec: c, route: route, req: &request{http: r, query: query, labels: labels}}
}

// Operation is the operation's name. It may be one that is not served.
func (m *Message) Operation() string { return m.route.operation.Name }

// Served tells whether the service has the operation.
func (m *Message) Served() bool { return m.route.in != nil }

// Streams tells whether the body is handed through to a served operation.
func (m *Message) Streams() bool {
	payload := m.route.in.payload
	return payload != nil && payload.plan.kind == kindStream
}

// TakesParameter tells whether a parameter of the query stands for a member of
// the input.
func (m *Message) TakesParameter(name string) bool {
	_, ok := m.route.queries[name]
	return ok
}

// TakesHeader tells whether a header stands for a member of the input of a
// served operation.
func (m *Message) TakesHeader(name string) bool {
	for _, f := range m.route.in.bound {
		switch b := f.binding; b.place {
		case inHeader:
			if strings.EqualFold(b.name, name) {
				return true
			}
		case inHeaders:
			if len(name) > len(b.name) && strings.EqualFold(b.name, name[:len(b.name)]) {
				return true
			}
		}
	}
	return false
}

// Decode fills in, a pointer to the input of a served operation. What is wrong
// with it is an *InputError; other errors are the body's. Large documents take
// turns, so that what is held of them at a time is bounded.
func (m *Message) Decode(ctx context.Context, body io.Reader, in any) error {
	v := reflect.ValueOf(in).Elem()
	if err := decodeBound(m.route, m.req, v); err != nil {
		return m.boundError(err)
	}
	shape := m.route.in
	if m.Streams() {
		v.Field(shape.payload.index).Set(reflect.ValueOf(body))
		return nil
	}
	if shape.payload == nil && len(shape.body.fields) == 0 {
		return nil
	}
	var document bytes.Buffer
	_, err := io.CopyN(&document, body, smallBody)
	if err == nil {
		free, f := m.codec.bodies.admit(ctx)
		defer free()
		if f != nil {
			return &Error{Code: f.code, Message: f.message, Status: f.status}
		}
		_, err = io.Copy(&document, io.LimitReader(body, maxXML+1-smallBody))
	} else if errors.Is(err, io.EOF) {
		err = nil
	}
	if err != nil {
		return err
	}
	if document.Len() > maxXML {
		return &InputError{Document: true, Reason: fmt.Sprintf("it is larger than %d bytes", maxXML)}
	}
	if err := m.codec.rest.decodeDocument(m.route.operation, document.Bytes(), v); err != nil {
		return &InputError{Document: true, Reason: err.Error()}
	}
	return nil
}

// boundError names a member as the request did.
func (m *Message) boundError(err *shapeError) *InputError {
	e := &InputError{Name: err.path, Reason: err.text}
	for _, f := range m.route.in.bound {
		if rest, ok := strings.CutPrefix(err.path, f.name); ok && (rest == "" || rest[0] == '[' || rest[0] == '.') {
			e.Name = f.binding.name + rest
		}
	}
	return e
}

// Encode makes the answer of out, a pointer to the operation's output.
func (m *Message) Encode(out any) (Answer, error) {
	body, err := m.codec.rest.encode(nil, m.route.operation, m.req, reflect.ValueOf(out).Elem())
	a := Answer{Status: m.req.status, Header: m.req.header, Body: body, Stream: m.req.stream}
	if len(body) > 0 && a.Header.Get("Content-Type") == "" {
		a.Header.Set("Content-Type", m.codec.rest.body.contentType())
	}
	return a, err
}
