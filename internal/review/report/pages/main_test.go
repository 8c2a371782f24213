package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The pages are what the rules say now.
func TestPagesAreCurrent(t *testing.T) {
	const dir = "../../../../docs/rules"
	want, err := pages()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(got) != string(text) {
			t.Errorf("docs/rules/%s is not current: go generate ./internal/review/report (%v)", name, err)
		}
	}
	files, err := filepath.Glob(dir + "/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if _, ok := want[filepath.Base(f)]; !ok {
			t.Errorf("docs/rules/%s belongs to no rule", filepath.Base(f))
		}
	}
}

// The page that a finding points to is there.
func TestEveryRuleHasItsPage(t *testing.T) {
	written, err := pages()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all() {
		name := r.Page()[strings.LastIndex(r.Page(), "/")+1:]
		if len(written[name]) == 0 {
			t.Errorf("%s: no %s", r.ID, name)
		}
	}
}

func TestWriteClearsOldPages(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/OLD-01.md", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := write(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir + "/OLD-01.md"); err == nil {
		t.Error("a page without a rule stays")
	}
}
