package restxml

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

const namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

// Answer is an output on the wire.
type Answer struct {
	Header http.Header
	Body   []byte        // a document, or nothing
	Stream io.ReadCloser // the bytes of an object, for its reader to close
}

// roots are the names of documents that are not called as their shape is.
func roots(operation string) string {
	switch operation {
	case "ListBuckets":
		return "ListAllMyBucketsResult"
	case "ListObjects", "ListObjectsV2":
		return "ListBucketResult"
	case "ListObjectVersions":
		return "ListVersionsResult"
	case "CreateMultipartUpload":
		return "InitiateMultipartUploadResult"
	case "DeleteObjects":
		return "DeleteResult"
	case "GetBucketAcl", "GetObjectAcl":
		return "AccessControlPolicy"
	case "GetBucketTagging", "GetObjectTagging":
		return "Tagging"
	case "GetBucketVersioning":
		return "VersioningConfiguration"
	case "GetBucketLifecycleConfiguration":
		return "LifecycleConfiguration"
	case "GetObjectAttributes":
		return "GetObjectAttributesResponse"
	case "GetBucketRequestPayment":
		return "RequestPaymentConfiguration"
	case "GetBucketLogging":
		return "BucketLoggingStatus"
	case "GetBucketAccelerateConfiguration":
		return "AccelerateConfiguration"
	case "GetBucketNotificationConfiguration":
		return "NotificationConfiguration"
	case "GetBucketCors":
		return "CORSConfiguration"
	case "GetBucketLocation":
		return "LocationConstraint"
	}
	return operation + "Result"
}

// Encode makes the answer of out, a pointer to the operation's output type.
func (o *Operation) Encode(out any) (Answer, error) {
	v := reflect.ValueOf(out).Elem()
	shape := o.model.shapes[o.output]
	answer := Answer{Header: http.Header{}}
	inBody := false
	for _, name := range sorted(shape.Members) {
		m := shape.Members[name]
		field := v.FieldByName(goName(name))
		switch {
		case !field.IsValid():
		case m.In == "headers":
			for _, k := range field.MapKeys() {
				// In small letters, as S3 does: some clients keep the case they see.
				answer.Header[m.Name+k.String()] = []string{field.MapIndex(k).String()}
			}
		case m.In == "header":
			if text, ok := o.model.text(field, m.Shape, true); ok {
				answer.Header.Set(m.Name, text)
			}
		default:
			inBody = true
		}
	}
	if !inBody {
		return answer, nil
	}
	if shape.Payload != "" {
		return answer, o.encodePayload(&answer, v.FieldByName(goName(shape.Payload)), shape.Members[shape.Payload])
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	if o.Name == "GetBucketLocation" { // the one whose root is the member
		text, _ := o.model.text(v.FieldByName("LocationConstraint"), "", false)
		fmt.Fprintf(&b, `<LocationConstraint xmlns="%s">`, namespace)
		_ = xml.EscapeText(&b, []byte(text))
		b.WriteString("</LocationConstraint>")
	} else {
		o.model.write(&b, roots(o.Name), o.output, v, ` xmlns="`+namespace+`"`)
	}
	answer.Body = b.Bytes()
	answer.Header.Set("Content-Type", "application/xml")
	return answer, nil
}

func (o *Operation) encodePayload(answer *Answer, field reflect.Value, m FileMember) error {
	if o.streamingOutput {
		stream, ok := field.Interface().(io.ReadCloser)
		if ok && stream != nil {
			answer.Stream = stream
		}
		return nil
	}
	if field.Kind() == reflect.Pointer && field.IsNil() {
		return nil
	}
	if text, ok := field.Interface().(*string); ok {
		answer.Body = []byte(*text)
		answer.Header.Set("Content-Type", "application/json")
		return nil
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	o.model.write(&b, rootName(o.model, m), m.Shape, field, ` xmlns="`+namespace+`"`)
	answer.Body = b.Bytes()
	answer.Header.Set("Content-Type", "application/xml")
	return nil
}

// write writes v as an element; nothing when it is not there.
func (m *Model) write(b *bytes.Buffer, name, shape string, v reflect.Value, attrs string) {
	s := m.shapes[shape]
	switch s.Type {
	case "structure":
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return
			}
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct {
			return // a union: of operations that are not served
		}
		b.WriteString("<" + name + attrs + m.attributes(s, v) + ">")
		for _, member := range sorted(s.Members) {
			at := s.Members[member]
			field := v.FieldByName(goName(member))
			if at.In == "" && !at.Attribute && field.IsValid() {
				m.writeMember(b, member, at, field)
			}
		}
		b.WriteString("</" + name + ">")
	case "list":
		b.WriteString("<" + name + attrs + ">")
		for i := range v.Len() {
			m.write(b, itemName(s), s.Item.Shape, v.Index(i), "")
		}
		b.WriteString("</" + name + ">")
	default:
		if text, ok := m.text(v, shape, false); ok {
			b.WriteString("<" + name + attrs + ">")
			_ = xml.EscapeText(b, []byte(text))
			b.WriteString("</" + name + ">")
		}
	}
}

func (m *Model) writeMember(b *bytes.Buffer, member string, at FileMember, field reflect.Value) {
	s := m.shapes[at.Shape]
	name := m.elementName(member, at)
	if s.Type != "list" {
		m.write(b, name, at.Shape, field, "")
		return
	}
	if field.IsNil() {
		return
	}
	if !s.Flat && !at.Flat {
		m.write(b, name, at.Shape, field, "")
		return
	}
	for i := range field.Len() {
		m.write(b, name, s.Item.Shape, field.Index(i), "")
	}
}

// attributes writes the members that stand in the tag: xsi:type is the one
// there is.
func (m *Model) attributes(s FileShape, v reflect.Value) (out string) {
	for _, name := range sorted(s.Members) {
		at := s.Members[name]
		if !at.Attribute {
			continue
		}
		if text, ok := m.text(v.FieldByName(goName(name)), at.Shape, false); ok {
			out += fmt.Sprintf(` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" %s="%s"`, at.Name, escaped(text))
		}
	}
	return out
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}

// text returns a scalar's text; false when it is not there.
func (m *Model) text(v reflect.Value, shape string, header bool) (string, bool) {
	pointed := v.Kind() == reflect.Pointer
	if pointed {
		if v.IsNil() {
			return "", false
		}
		v = v.Elem()
	}
	if v.Type() == timeType {
		t := v.Interface().(time.Time).UTC()
		if header && m.shapes[shape].Format == "" {
			return t.Format(http.TimeFormat), true
		}
		return t.Format("2006-01-02T15:04:05.000Z"), true
	}
	switch v.Kind() {
	case reflect.String:
		return v.String(), v.String() != "" || pointed && !header // an enum that is "" is not there
	case reflect.Bool:
		return strconv.FormatBool(v.Bool()), true
	case reflect.Int32, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10), true
	}
	return "", false
}

func sorted(members map[string]FileMember) []string {
	names := make([]string, 0, len(members))
	for n := range members {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}
