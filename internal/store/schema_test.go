package store

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

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

func TestFieldsOfANewerBuildAreKept(t *testing.T) {
	codec := TaskFamilies.codec()
	stored := []byte(`{"v":2,"r":{"Family":"web","LastRevision":3,"Colour":{"of":"tomorrow"}}}`)
	record, extra, err := codec.Decode(stored)
	if err != nil {
		t.Fatal(err)
	}
	family := record.(state.TaskFamily)
	family.LastRevision = 4
	out, err := codec.Encode(family, extra)
	if err != nil {
		t.Fatal(err)
	}
	var e struct {
		V int             `json:"v"`
		R json.RawMessage `json:"r"`
	}
	if err := json.Unmarshal(out, &e); err != nil {
		t.Fatal(err)
	}
	if e.V != 2 || !strings.Contains(string(e.R), `"Colour":{"of":"tomorrow"}`) || !strings.Contains(string(e.R), `"LastRevision":4`) {
		t.Errorf("written as %s", out)
	}
}
