// Command bindings makes a wire.Bindings table of botocore's model of a REST
// service: what the Go SDK's types do not say of paths, query strings, headers
// and XML. The tables are checked in; it is run again when a service joins or
// its model is new:
//
//	go run ./test/bindings .../botocore/data/scheduler/2021-06-30/service-2.json.gz > table.json
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode"

	"github.com/hatoba/hatoba/internal/wire"
)

// model is the part of botocore's format that counts.
// https://botocore.amazonaws.com/v1/documentation/api/latest/development/index.html
type model struct {
	Metadata struct {
		APIVersion, Protocol, ServiceID string
		XMLNamespace                    string
	}
	Operations map[string]struct {
		HTTP struct {
			Method, RequestURI string
			ResponseCode       int
		}
		Input, Output *ref
		Deprecated    bool
	}
	Shapes map[string]shape
}

type ref struct {
	Shape, Location, LocationName, TimestampFormat string
	XMLAttribute, Flattened, JSONValue             bool
	XMLNamespace                                   namespace
}

type shape struct {
	Type, Payload, TimestampFormat, LocationName string
	Members                                      map[string]ref
	Member, Key, Value                           *ref
	Required                                     []string
	Flattened, Exception                         bool
	Error                                        struct{ HTTPStatusCode int }
	XMLNamespace                                 namespace
}

// namespace is a text or an object.
type namespace struct{ URI, Prefix string }

func (n *namespace) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &n.URI) == nil {
		return nil
	}
	var full struct{ URI, Prefix string }
	err := json.Unmarshal(b, &full)
	n.URI, n.Prefix = full.URI, full.Prefix
	return err
}

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bindings:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: bindings service-2.json[.gz]")
	}
	m, err := read(args[0])
	if err != nil {
		return err
	}
	table, err := m.table()
	if err != nil {
		return err
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return enc.Encode(table)
}

func read(path string) (*model, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(path, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			return nil, err
		}
		if b, err = io.ReadAll(z); err != nil {
			return nil, err
		}
	}
	m := &model{}
	return m, json.Unmarshal(b, m)
}

func (m *model) table() (*wire.Bindings, error) {
	b := &wire.Bindings{
		Service:    m.Metadata.ServiceID + " " + m.Metadata.APIVersion + ", of botocore's model",
		Operations: map[string]string{}, Members: map[string]string{}, Errors: map[string]int{},
		Plain: m.Metadata.ServiceID == "S3",
	}
	names := map[string][]string{} // of shapes that the SDK calls otherwise
	for name, op := range m.Operations {
		if op.Deprecated && m.replaced(name) {
			continue
		}
		line := op.HTTP.Method + " " + op.HTTP.RequestURI
		if op.HTTP.ResponseCode != 0 && op.HTTP.ResponseCode != 200 {
			line += fmt.Sprintf(" %d", op.HTTP.ResponseCode)
		}
		b.Operations[name] = line
		if op.Input != nil {
			names[op.Input.Shape] = append(names[op.Input.Shape], name+"Input")
			if ns := op.Input.XMLNamespace.URI; ns != "" {
				b.Namespace = ns
			}
		}
		if op.Output != nil {
			names[op.Output.Shape] = append(names[op.Output.Shape], name+"Output")
		}
	}
	members := map[string]bool{} // shapes that are part of another
	for _, s := range m.Shapes {
		for _, r := range s.Members {
			members[r.Shape] = true
		}
	}
	for shapeName, s := range m.Shapes {
		if s.Exception && s.Error.HTTPStatusCode != 0 && s.Error.HTTPStatusCode != 400 {
			b.Errors[shapeName] = s.Error.HTTPStatusCode
		}
		for _, name := range names[shapeName] {
			if err := m.members(b, name, s); err != nil {
				return nil, err
			}
		}
		if names[shapeName] == nil || members[shapeName] {
			if err := m.members(b, upperFirst(shapeName), s); err != nil {
				return nil, err
			}
		}
	}
	if b.Plain {
		ofS3(b)
	}
	return b, nil
}

// ofS3 adds what botocore and the SDK know of S3 in code alone.
func ofS3(b *wire.Bindings) {
	b.Members["GetBucketLocationOutput.LocationConstraint"] = "payload LocationConstraint ns=" + b.Namespace
	for _, typ := range []string{"GetObjectOutput", "HeadObjectOutput"} { // the SDK has it as it came, too
		b.Members[typ+".ExpiresString"] = "header Expires"
	}
}

// replaced tells whether a newer operation is called by the same line.
func (m *model) replaced(name string) bool {
	for other, op := range m.Operations {
		if !op.Deprecated && op.HTTP == m.Operations[name].HTTP && strings.HasPrefix(other, name) {
			return true
		}
	}
	return false
}

func (m *model) members(b *wire.Bindings, typ string, s shape) error {
	if s.Type != "structure" {
		return nil
	}
	for name, r := range s.Members {
		field := upperFirst(name)
		words, err := m.words(field, name, r, s.Payload == name)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", typ, name, err)
		}
		if (r.Location == "querystring" || r.Location == "header") && slices.Contains(s.Required, name) {
			words = append(words, "required")
		}
		if len(words) > 0 {
			b.Members[typ+"."+field] = strings.Join(words, " ")
		}
	}
	return nil
}

// words is a line of Bindings.Members, empty for a member with nothing to say.
func (m *model) words(field, name string, r ref, payload bool) (words []string, err error) {
	target := m.Shapes[r.Shape]
	at := r.LocationName
	if at == "" {
		at = name
	}
	switch {
	case r.JSONValue:
		return nil, fmt.Errorf("jsonvalue is not known here")
	case payload:
		root := r.LocationName
		if root == "" {
			root = r.Shape
		}
		words = append(words, "payload", root)
	case r.Location == "uri":
		words = append(words, "label", at)
	case r.Location == "querystring" && target.Type == "map":
		words = append(words, "queries")
	case r.Location == "querystring":
		words = append(words, "query", at)
	case r.Location == "header":
		words = append(words, "header", at)
	case r.Location == "headers":
		words = append(words, "headers", at)
	case r.Location == "statusCode":
		words = append(words, "status")
	case r.Location != "":
		return nil, fmt.Errorf("location %q is not known here", r.Location)
	default:
		words = m.bodyWords(field, at, r, target)
	}
	format := r.TimestampFormat
	if format == "" {
		format = target.TimestampFormat
	}
	if form := map[string]string{"iso8601": "iso", "rfc822": "http", "unixTimestamp": "epoch"}[format]; form != "" && target.Type == "timestamp" {
		words = append(words, "time="+form)
	}
	if ns := r.XMLNamespace; payload && ns.URI != "" {
		words = append(words, "ns="+ns.URI)
	}
	return words, nil
}

// bodyWords is how a member is spelled in the body.
func (m *model) bodyWords(field, at string, r ref, target shape) (words []string) {
	flat := r.Flattened || target.Flattened
	if flat && r.LocationName == "" && target.Member != nil && target.Member.LocationName != "" {
		at = target.Member.LocationName
	}
	if at != field {
		words = append(words, "name="+at)
	}
	if r.XMLAttribute {
		words = append(words, "attribute")
	}
	if !strings.Contains(m.Metadata.Protocol, "xml") {
		return words
	}
	if flat {
		words = append(words, "flat")
	} else if target.Type == "list" && target.Member.LocationName != "" {
		words = append(words, "item="+target.Member.LocationName)
	}
	if target.Type == "map" {
		if n := target.Key.LocationName; n != "" {
			words = append(words, "key="+n)
		}
		if n := target.Value.LocationName; n != "" {
			words = append(words, "value="+n)
		}
	}
	return words
}

// upperFirst is how the SDK makes a Go name of a member's.
func upperFirst(s string) string {
	return string(unicode.ToUpper(rune(s[0]))) + s[1:]
}
