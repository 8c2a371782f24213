package taskdef

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write the answers into the golden files")

// Each file of testdata holds an input and the definition or the error that it
// gives. A new case is a new file; -update writes its answer.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			name, got := answer(t, archive.Files[0].Data)
			if *update {
				archive.Files = append(archive.Files[:1], txtar.File{Name: name, Data: []byte(got)})
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if len(archive.Files) != 2 {
				t.Fatal("wants an input and an answer: run with -update")
			}
			want := archive.Files[1]
			if name != want.Name || got != string(want.Data) {
				t.Errorf("answers with %s, want %s:\n%s", name, want.Name, cmp.Diff(string(want.Data), got))
			}
		})
	}
}

func answer(t *testing.T, input []byte) (name, text string) {
	t.Helper()
	var in ecs.RegisterTaskDefinitionInput
	if err := json.Unmarshal(input, &in); err != nil {
		t.Fatal(err)
	}
	def, err := Build(&in)
	if err != nil {
		var client *types.ClientException
		if !errors.As(err, &client) {
			t.Fatalf("not a ClientException: %v", err)
		}
		return "error", client.ErrorMessage() + "\n"
	}
	return "output", asJSON(t, def)
}

// asJSON writes the wire form: lower-case names, absent fields left out.
func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(b, &tree); err != nil {
		t.Fatal(err)
	}
	b, err = json.MarshalIndent(wireForm(tree), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b) + "\n"
}

func wireForm(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			if e != nil && e != "" {
				out[strings.ToLower(k[:1])+k[1:]] = wireForm(e)
			}
		}
		return out
	case []any:
		for i := range v {
			v[i] = wireForm(v[i])
		}
	}
	return v
}
