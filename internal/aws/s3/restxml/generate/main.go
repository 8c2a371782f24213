// Command generate makes ../model.json of AWS's model of S3, as botocore has
// it: where on the wire each member of each shape stands. Descriptions are left
// out.
//
//	go run ./internal/aws/s3/restxml/generate -from …/botocore/data/s3/2006-03-01/service-2.json.gz
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/hatoba/hatoba/internal/aws/s3/restxml"
)

type source struct {
	Operations map[string]struct {
		HTTP struct {
			Method     string `json:"method"`
			RequestURI string `json:"requestUri"`
		} `json:"http"`
		Input, Output struct {
			Shape string `json:"shape"`
		}
		Deprecated bool `json:"deprecated"`
	} `json:"operations"`
	Shapes map[string]struct {
		Type         string            `json:"type"`
		Required     []string          `json:"required"`
		Payload      string            `json:"payload"`
		Flattened    bool              `json:"flattened"`
		Format       string            `json:"timestampFormat"`
		LocationName string            `json:"locationName"`
		Members      map[string]member `json:"members"`
		Member       member            `json:"member"`
	} `json:"shapes"`
}

type member struct {
	Shape        string `json:"shape"`
	Location     string `json:"location"`
	LocationName string `json:"locationName"`
	Flattened    bool   `json:"flattened"`
	Attribute    bool   `json:"xmlAttribute"`
}

func main() {
	from := flag.String("from", "", "service-2.json.gz of S3")
	to := flag.String("to", "internal/aws/s3/restxml/model.json", "where to write")
	flag.Parse()
	if err := run(*from, *to); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(from, to string) error {
	src, err := read(from)
	if err != nil {
		return err
	}
	out := restxml.File{Operations: map[string]restxml.FileOperation{}, Shapes: map[string]restxml.FileShape{}}
	for name, op := range src.Operations {
		if op.Deprecated {
			continue // the name without its successor's suffix
		}
		out.Operations[name] = restxml.FileOperation{Method: op.HTTP.Method, URI: op.HTTP.RequestURI, Input: op.Input.Shape, Output: op.Output.Shape}
		take(out, src, op.Input.Shape)
		take(out, src, op.Output.Shape)
	}
	var b bytes.Buffer
	b.WriteString("{\"Operations\":{\n")
	if err := lines(&b, out.Operations); err != nil {
		return err
	}
	b.WriteString("},\"Shapes\":{\n")
	if err := lines(&b, out.Shapes); err != nil {
		return err
	}
	b.WriteString("}}\n")
	return os.WriteFile(to, b.Bytes(), 0o644)
}

// lines writes a record a line, in order: differences stay readable.
func lines[T any](b *bytes.Buffer, records map[string]T) error {
	for i, name := range slices.Sorted(maps.Keys(records)) {
		raw, err := json.Marshal(records[name])
		if err != nil {
			return err
		}
		if i > 0 {
			b.WriteString(",\n")
		}
		fmt.Fprintf(b, "%q:%s", name, raw)
	}
	b.WriteByte('\n')
	return nil
}

// take copies a shape and all that it reaches.
func take(out restxml.File, src source, name string) {
	if _, done := out.Shapes[name]; done || name == "" {
		return
	}
	from := src.Shapes[name]
	shape := restxml.FileShape{Type: from.Type, Required: from.Required, Payload: from.Payload, Flat: from.Flattened, Format: from.Format, Name: from.LocationName}
	if from.Type == "list" {
		shape.Item = &restxml.FileMember{Shape: from.Member.Shape, Name: from.Member.LocationName}
	}
	if len(from.Members) > 0 {
		shape.Members = map[string]restxml.FileMember{}
	}
	for n, m := range from.Members {
		shape.Members[n] = restxml.FileMember{Shape: m.Shape, In: m.Location, Name: m.LocationName, Flat: m.Flattened, Attribute: m.Attribute}
	}
	out.Shapes[name] = shape
	take(out, src, from.Member.Shape)
	for _, m := range from.Members {
		take(out, src, m.Shape)
	}
}

func read(path string) (src source, err error) {
	f, err := os.Open(path)
	if err != nil {
		return src, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return src, err
	}
	return src, json.NewDecoder(z).Decode(&src)
}
