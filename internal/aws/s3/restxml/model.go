// Package restxml speaks S3's protocol: it finds a request's operation,
// decodes the request into the SDK's input type and encodes the SDK's output
// type. Where each member stands on the wire is AWS's model of the service
// (model.json), so all operations there are can be told by name.
//
// Bodies of objects are streams and are handed through.
package restxml

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// model.json is made by hand when AWS changes S3, from the model that botocore
// carries: go run ./internal/aws/s3/restxml/generate -from service-2.json.gz

//go:embed model.json
var modelFile []byte

// File is the content of model.json.
type File struct {
	Operations map[string]FileOperation
	Shapes     map[string]FileShape
}

// FileOperation is an operation in model.json.
type FileOperation struct {
	Method, URI   string
	Input, Output string `json:",omitempty"`
}

// FileShape is a shape in model.json.
type FileShape struct {
	Type     string                `json:",omitempty"`
	Required []string              `json:",omitempty"`
	Payload  string                `json:",omitempty"`
	Flat     bool                  `json:",omitempty"`
	Format   string                `json:",omitempty"`
	Name     string                `json:",omitempty"`
	Item     *FileMember           `json:",omitempty"`
	Members  map[string]FileMember `json:",omitempty"`
}

// FileMember is a member of a shape in model.json.
type FileMember struct {
	Shape     string
	In        string `json:",omitempty"` // uri, header, headers, querystring; "": body
	Name      string `json:",omitempty"`
	Flat      bool   `json:",omitempty"`
	Attribute bool   `json:",omitempty"`
}

// Model is the protocol of a service.
type Model struct {
	ops    []*Operation
	byName map[string]*Operation
	shapes map[string]FileShape
}

// Operation is one operation of the model.
type Operation struct {
	Name   string
	model  *Model
	method string
	level  int // 0 service, 1 bucket, 2 object
	// What the query and the headers have when it is this operation.
	literals        map[string]string
	queries         []string
	headers         []string
	input, output   string
	weight          int
	inputPayload    string
	streamingInput  bool
	streamingOutput bool
}

// Load reads the model of S3.
func Load() (*Model, error) {
	var file File
	if err := json.Unmarshal(modelFile, &file); err != nil {
		return nil, fmt.Errorf("model of S3: %w", err)
	}
	m := &Model{byName: map[string]*Operation{}, shapes: file.Shapes}
	for name, f := range file.Operations {
		op, err := m.operation(name, f)
		if err != nil {
			return nil, fmt.Errorf("model of S3: %s: %w", name, err)
		}
		m.ops = append(m.ops, op)
		m.byName[name] = op
	}
	// The one that asks most of a request is tried first.
	slices.SortFunc(m.ops, func(a, b *Operation) int {
		if a.weight != b.weight {
			return b.weight - a.weight
		}
		return strings.Compare(a.Name, b.Name)
	})
	return m, nil
}

// Operation returns an operation by name, nil for none.
func (m *Model) Operation(name string) *Operation { return m.byName[name] }

// Names returns the names of all operations, sorted.
func (m *Model) Names() (out []string) {
	for name := range m.byName {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func (m *Model) operation(name string, f FileOperation) (*Operation, error) {
	path, rawQuery, _ := strings.Cut(f.URI, "?")
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, err
	}
	op := &Operation{Name: name, model: m, method: f.Method, input: f.Input, output: f.Output, literals: map[string]string{}}
	switch path {
	case "/":
	case "/{Bucket}":
		op.level = 1
	case "/{Bucket}/{Key+}":
		op.level = 2
	default:
		op.level = -1 // Object Lambda's own path
	}
	for k, v := range query {
		if k != "x-id" {
			op.literals[k] = v[0]
		}
	}
	shape := m.shapes[f.Input]
	for _, member := range shape.Required {
		switch at := shape.Members[member]; at.In {
		case "querystring":
			op.queries = append(op.queries, at.Name)
		case "header":
			op.headers = append(op.headers, at.Name)
		}
	}
	// Its version is what an operation on a session or a rename has, and others not.
	op.inputPayload = shape.Payload
	op.streamingInput = m.streams(f.Input)
	op.streamingOutput = m.streams(f.Output)
	op.weight = 4*len(op.literals) + 2*len(op.queries) + len(op.headers)
	return op, nil
}

// streams tells whether a shape's payload is a blob.
func (m *Model) streams(shape string) bool {
	s := m.shapes[shape]
	return s.Payload != "" && m.shapes[s.Members[s.Payload].Shape].Type == "blob"
}

// StreamsInput tells whether the request's body is handed through.
func (o *Operation) StreamsInput() bool { return o.streamingInput }

// Route finds the operation of a request that names a bucket and a key, or
// not. It is nil when there is none.
func (m *Model) Route(method, bucket, key string, query url.Values, header http.Header) *Operation {
	level := 0
	if bucket != "" {
		level++
	}
	if key != "" {
		level++
	}
	for _, op := range m.ops {
		if op.method == method && op.level == level && op.matches(query, header) {
			return op
		}
	}
	return nil
}

func (o *Operation) matches(query url.Values, header http.Header) bool {
	for k, v := range o.literals {
		if !query.Has(k) || v != "" && query.Get(k) != v {
			return false
		}
	}
	for _, k := range o.queries {
		if !query.Has(k) {
			return false
		}
	}
	for _, k := range o.headers {
		if len(header[http.CanonicalHeaderKey(k)]) == 0 {
			return false
		}
	}
	return true
}

// HasInput tells whether the model knows a member of the operation's input.
// The SDK may be newer than the model.
func (o *Operation) HasInput(member string) bool {
	_, ok := o.model.shapes[o.input].Members[member]
	return ok
}

// HasOutput tells the same of its output.
func (o *Operation) HasOutput(member string) bool {
	_, ok := o.model.shapes[o.output].Members[member]
	return ok
}

// KnowsHeader tells whether a header stands for a member of the input.
func (o *Operation) KnowsHeader(name string) bool {
	for _, m := range o.model.shapes[o.input].Members {
		switch m.In {
		case "header":
			if strings.EqualFold(m.Name, name) {
				return true
			}
		case "headers":
			if len(name) > len(m.Name) && strings.EqualFold(m.Name, name[:len(m.Name)]) {
				return true
			}
		}
	}
	return false
}
