package store

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"
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
