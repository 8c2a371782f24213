package restxml

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// DecodeError is an input that its operation does not take.
type DecodeError struct {
	XML    bool   // the document is at fault; else a parameter
	Member string // the parameter's name on the wire
	Value  string
	Reason string
}

// Error tells what is wrong.
func (e *DecodeError) Error() string {
	if e.XML {
		return e.Reason
	}
	return fmt.Sprintf("%s: %q: %s", e.Member, e.Value, e.Reason)
}

// Request is a request as far as its operation has to know it.
type Request struct {
	Bucket, Key string
	Query       url.Values
	Header      http.Header
	Body        io.Reader
}

var (
	timeType   = reflect.TypeFor[time.Time]()
	readerType = reflect.TypeFor[io.Reader]()
)

// Decode fills in, a pointer to the operation's input type. What is wrong with
// the request is a *DecodeError; other errors are the body's.
func (o *Operation) Decode(r Request, in any) error {
	v := reflect.ValueOf(in).Elem()
	shape := o.model.shapes[o.input]
	for name, m := range shape.Members {
		field := v.FieldByName(goName(name))
		if !field.IsValid() {
			continue // the model is newer than the SDK
		}
		text, ok := r.text(m)
		switch {
		case m.In == "headers":
			readMeta(field, m.Name, r.Header)
		case m.In == "" || !ok:
		default:
			if err := o.model.scalar(field, m.Shape, m.In, text); err != nil {
				return &DecodeError{Member: m.Name, Value: text, Reason: err.Error()}
			}
		}
	}
	if o.inputPayload == "" {
		return nil
	}
	m := shape.Members[o.inputPayload]
	field := v.FieldByName(goName(o.inputPayload))
	if field.Type() == readerType {
		if r.Body != nil {
			field.Set(reflect.ValueOf(r.Body))
		}
		return nil
	}
	return o.payload(field, m, r.Body)
}

// text returns a member's text that does not stand in the body.
func (r Request) text(m FileMember) (string, bool) {
	switch m.In {
	case "uri":
		if m.Name == "Bucket" {
			return r.Bucket, true
		}
		return r.Key, true
	case "querystring":
		return r.Query.Get(m.Name), r.Query.Has(m.Name)
	case "header":
		values := r.Header.Values(m.Name)
		return strings.Join(values, ","), len(values) > 0
	}
	return "", false
}

// goName is the SDK's name of a member.
func goName(member string) string { return strings.ToUpper(member[:1]) + member[1:] }

func readMeta(field reflect.Value, prefix string, header http.Header) {
	prefix = http.CanonicalHeaderKey(prefix)
	meta := map[string]string{}
	for k, v := range header {
		if rest, ok := strings.CutPrefix(k, prefix); ok && rest != "" {
			meta[strings.ToLower(rest)] = strings.Join(v, ",")
		}
	}
	if len(meta) > 0 {
		field.Set(reflect.ValueOf(meta))
	}
}

// payload reads the document that is the input's payload.
func (o *Operation) payload(field reflect.Value, m FileMember, body io.Reader) error {
	if body == nil {
		return nil
	}
	if o.model.shapes[m.Shape].Type == "string" { // a policy
		raw, err := io.ReadAll(io.LimitReader(body, maxDocument))
		if err == nil {
			text := string(raw)
			field.Set(reflect.ValueOf(&text))
		}
		return err
	}
	root, err := parse(body)
	if errors.Is(err, errMalformed) {
		return &DecodeError{XML: true, Reason: err.Error()}
	}
	if err != nil || root == nil {
		return err
	}
	if want := rootName(o.model, m); root.name != want && root.name != m.Shape {
		return &DecodeError{XML: true, Reason: fmt.Sprintf("the document is %q, not %q", root.name, want)}
	}
	if err := o.model.element(field, m.Shape, root); err != nil {
		return &DecodeError{XML: true, Reason: err.Error()}
	}
	return nil
}

func rootName(m *Model, at FileMember) string {
	if at.Name != "" {
		return at.Name
	}
	if name := m.shapes[at.Shape].Name; name != "" {
		return name
	}
	return at.Shape
}

// element fills v from an element.
func (m *Model) element(v reflect.Value, shape string, n *node) error {
	s := m.shapes[shape]
	switch s.Type {
	case "structure":
		if v.Kind() == reflect.Pointer {
			v.Set(reflect.New(v.Type().Elem()))
			v = v.Elem()
		}
		return m.structure(v, s, n)
	case "list":
		for _, child := range n.children {
			if want := itemName(s); child.name != want {
				return fmt.Errorf("unknown element %q in %q", child.name, n.name)
			}
			if err := m.item(v, s, child); err != nil {
				return err
			}
		}
		return nil
	}
	if len(n.children) > 0 {
		return fmt.Errorf("element %q holds elements, not text", n.name)
	}
	return m.scalar(v, shape, "", n.text)
}

func (m *Model) structure(v reflect.Value, s FileShape, n *node) error {
	seen := map[string]bool{}
	for _, child := range n.children {
		name, at, ok := m.memberFor(s, child.name)
		field := reflect.Value{}
		if ok {
			field = v.FieldByName(goName(name))
		}
		if !field.IsValid() {
			return fmt.Errorf("unknown element %q in %q", child.name, n.name)
		}
		inner := m.shapes[at.Shape]
		if inner.Type == "list" && (inner.Flat || at.Flat) {
			if err := m.item(field, inner, child); err != nil {
				return err
			}
			continue
		}
		if seen[name] {
			return fmt.Errorf("element %q twice in %q", child.name, n.name)
		}
		seen[name] = true
		if inner.Type == "list" && field.IsNil() {
			field.Set(reflect.MakeSlice(field.Type(), 0, len(child.children)))
		}
		if err := m.element(field, at.Shape, child); err != nil {
			return err
		}
	}
	for name, at := range s.Members {
		if !at.Attribute {
			continue
		}
		local := at.Name[strings.IndexByte(at.Name, ':')+1:]
		for _, a := range n.attrs {
			if a.Name.Local == local {
				if err := m.scalar(v.FieldByName(goName(name)), at.Shape, "", a.Value); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// memberFor finds the body member an element stands for.
func (m *Model) memberFor(s FileShape, element string) (string, FileMember, bool) {
	for name, at := range s.Members {
		if at.In == "" && !at.Attribute && element == m.elementName(name, at) {
			return name, at, true
		}
	}
	return "", FileMember{}, false
}

// elementName is what a member is called in a document.
func (m *Model) elementName(name string, at FileMember) string {
	if at.Name != "" {
		return at.Name
	}
	if inner := m.shapes[at.Shape]; inner.Type == "list" && (inner.Flat || at.Flat) && inner.Item.Name != "" {
		return inner.Item.Name
	}
	return name
}

func itemName(list FileShape) string {
	if list.Item.Name != "" {
		return list.Item.Name
	}
	return "member"
}

func (m *Model) item(slice reflect.Value, list FileShape, n *node) error {
	value := reflect.New(slice.Type().Elem()).Elem()
	if err := m.element(value, list.Item.Shape, n); err != nil {
		return err
	}
	slice.Set(reflect.Append(slice, value))
	return nil
}

// scalar sets v from a text.
func (m *Model) scalar(v reflect.Value, shape, in, text string) error {
	s := m.shapes[shape]
	if v.Kind() == reflect.Slice && s.Type == "list" { // of a header
		for _, one := range strings.Split(text, ",") {
			value := reflect.New(v.Type().Elem()).Elem()
			if err := m.scalar(value, s.Item.Shape, in, strings.TrimSpace(one)); err != nil {
				return err
			}
			v.Set(reflect.Append(v, value))
		}
		return nil
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if v.Type() == timeType {
		t, err := readTime(text)
		v.Set(reflect.ValueOf(t))
		return err
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(strings.TrimSpace(text))
		if err != nil {
			return errors.New("not true or false")
		}
		v.SetBool(b)
	case reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, v.Type().Bits())
		if err != nil {
			return errors.New("not a number")
		}
		v.SetInt(n)
	default:
		return fmt.Errorf("a %s is not taken here", v.Type())
	}
	return nil
}

// readTime reads the forms a client may send a time in.
func readTime(text string) (time.Time, error) {
	text = strings.TrimSpace(text)
	for _, layout := range []string{http.TimeFormat, time.RFC3339Nano, time.RFC1123Z, time.RFC1123, time.RFC850, time.ANSIC, "2006-01-02"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errors.New("not a time")
}
