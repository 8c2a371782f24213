package evidence

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/hatoba/hatoba/internal/review"
)

var update = flag.Bool("update", false, "write the golden answers anew")

// An archive's files are results of tools; NAME.want is what is made of NAME.
func TestGolden(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	for _, name := range archives {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want, out := map[string]string{}, &txtar.Archive{}
		for _, f := range archive.Files {
			if of, ok := strings.CutSuffix(f.Name, ".want"); ok {
				want[of] = string(f.Data)
			}
		}
		for _, f := range archive.Files {
			if strings.HasSuffix(f.Name, ".want") {
				continue
			}
			got := told(Read(f.Name, f.Data))
			if !*update && got != want[f.Name] {
				t.Errorf("%s:\ngot\n%swant\n%s", f.Name, got, want[f.Name])
			}
			if strings.Contains(got, "never-show") {
				t.Errorf("%s: a secret is shown:\n%s", f.Name, got)
			}
			out.Files = append(out.Files, f, txtar.File{Name: f.Name + ".want", Data: []byte(got)})
		}
		if *update {
			if err := os.WriteFile(name, txtar.Format(out), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func told(results []review.Result, err error) string {
	var b strings.Builder
	if err != nil {
		fmt.Fprintln(&b, "refused:", err)
	}
	for _, r := range results {
		fmt.Fprintln(&b, r.Rule.ID, r.Status, r.Severity, r.Rule.Title.EN)
		for _, o := range r.Outcomes {
			fmt.Fprintln(&b, " ", o.Status, o.Place, "|", o.Observed.EN, "|", o.Todo.JA)
		}
	}
	return b.String()
}

func FuzzRead(f *testing.F) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range archives {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			f.Add(file.Data)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		results, err := Read("hadolint.json", text)
		if err == nil && len(results) == 0 {
			t.Error("what is read says something")
		}
		for _, r := range results {
			if r.Rule == nil || len(r.Outcomes) == 0 || r.Rule.Title.EN == "" {
				t.Errorf("half a result: %+v", r)
			}
		}
	})
}
