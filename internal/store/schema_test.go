package store

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hatoba/hatoba/internal/state"
)

// Every Table variable is in tables(): one that is not could not be written.
func TestEveryTableIsListed(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "tables.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	declared := 0
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			declared += len(spec.Names)
		}
		return true
	})
	if schema := Schema(); len(schema) != declared || declared == 0 {
		t.Errorf("%d tables are declared, %d are listed under different names", declared, len(schema))
	}
}

// What a record reads as does not hang on how its envelope is written.
func TestEnvelopesAreReadHoweverWritten(t *testing.T) {
	codec := Clusters.codec()
	for stored, wrong := range map[string]bool{
		`{"v":1,"r":{"Name":"a"}}`:                  false,
		` { "r" : {"Name":"a"} , "v" : 1 } `:        false,
		`{"v":1,"r":{"Name":"b"},"r":{"Name":"a"}}`: false, // the last one, as encoding/json has it
		`{"v":1,"r":{"Name":"a"},"x":{}}`:           false,
		`{"v":1,"r":{"Name":"a"}`:                   true,
		`{"v":1,"r":{"Name":"a"}}}`:                 true,
		`{"v":1,"r":{"Name":"a"}{}}`:                true,
		`{"v":1,"r":}`:                              true,
	} {
		got, _, err := codec.Decode([]byte(stored))
		if wrong {
			if err == nil {
				t.Errorf("%s is read as %+v", stored, got)
			}
			continue
		}
		if diff := cmp.Diff(any(state.Cluster{Name: "a"}), got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", stored, err, diff)
		}
		if !json.Valid([]byte(stored)) {
			t.Errorf("%s is no JSON", stored)
		}
	}
}
