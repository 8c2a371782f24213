// Command gen writes docs/rules: a page per rule and their index, from the rules
// and their golden pairs. Run it with go generate ./internal/review/report.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/questionnaire"
	"github.com/hatoba/hatoba/internal/review/report"
	"github.com/hatoba/hatoba/internal/review/rules"
	"github.com/hatoba/hatoba/internal/review/waiver"
)

func main() {
	if err := write("../../../docs/rules"); err != nil { // go generate runs in internal/review/report
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// write makes the folder what pages says, and nothing else.
func write(dir string) error {
	pages, err := pages()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		return err
	}
	for _, file := range old {
		if _, ok := pages[filepath.Base(file)]; !ok {
			if err := os.Remove(file); err != nil {
				return err
			}
		}
	}
	for name, text := range pages {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// all are the rules that have a page: those asked of artefacts, those asked of
// people, those about waivers.
func all() []*review.Rule {
	out := append(rules.All(), questionnaire.Rules(nil)...)
	return append(out, waiver.Rules()...)
}

// pages are the files by name.
func pages() (map[string][]byte, error) {
	out := map[string][]byte{"README.md": index()}
	for _, r := range all() {
		text, err := page(r)
		if err != nil {
			return nil, err
		}
		out[r.ID+".md"] = text
	}
	return out, nil
}

func page(r *review.Rule) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s: %s\n\n%s\n\n", r.ID, prose(r.Title.EN), prose(r.Title.JA))
	var factors []string
	for _, f := range r.Factors {
		factors = append(factors, f.Roman()+" "+f.Name().EN)
	}
	if len(factors) == 0 {
		factors = []string{"–"}
	}
	fmt.Fprintf(&b, "| Severity | Pillar | Twelve-Factor | Looks at | Sources |\n|---|---|---|---|---|\n| %s | %s | %s | %s | %s |\n",
		r.Severity, r.Pillar.Name().EN, strings.Join(factors, ", "), needs(r), strings.Join(r.Sources, ", "))
	fmt.Fprintf(&b, "\n## Why · 理由\n\n%s\n\n%s\n\n## What to do · 対応\n\n%s\n\n%s\n", prose(r.Why.EN), prose(r.Why.JA), prose(r.Todo.EN), prose(r.Todo.JA))
	if strings.HasPrefix(needs(r), "people") || strings.HasPrefix(needs(r), "`hatoba-review") {
		return b.Bytes(), nil
	}
	archive, err := rules.Examples(r.ID)
	if err != nil {
		return nil, err
	}
	bad, good := report.Pair(archive)
	example(&b, "Bad · 悪い例", bad)
	example(&b, "Good · 良い例", good)
	return b.Bytes(), nil
}

// needs is what a rule looks at, in code spans.
func needs(r *review.Rule) string {
	switch {
	case strings.HasPrefix(r.ID, "WVR-"):
		return "`" + waiver.Name + "`"
	case len(report.Needs(r)) == 0:
		return "people's answers, in `" + questionnaire.Name + "`"
	}
	var out []string
	for _, p := range report.Needs(r) {
		out = append(out, "`"+string(p)+"`")
	}
	return strings.Join(out, ", ")
}

func example(b *bytes.Buffer, title string, e report.Example) {
	if len(e.Files) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## %s\n", title)
	for _, f := range e.Files {
		fmt.Fprintf(b, "\n`%s`\n\n", f.Name)
		block(b, language(f.Name), string(f.Data))
	}
	b.WriteString("\nThe review says · レビューの結果\n\n")
	block(b, "text", e.Says)
}

// block is a code block whose fence is longer than any within.
func block(b *bytes.Buffer, language, text string) {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	fmt.Fprintf(b, "%s%s\n%s\n%s\n", fence, language, strings.TrimRight(text, "\n"), fence)
}

func language(name string) string {
	if strings.HasPrefix(filepath.Base(name), "Dockerfile") {
		return "dockerfile"
	}
	ext := strings.TrimPrefix(filepath.Ext(name), ".")
	if known := map[string]string{"json": "json", "yml": "yaml", "yaml": "yaml", "go": "go", "py": "python", "js": "js", "ts": "ts", "sh": "sh", "java": "java", "rb": "ruby"}[ext]; known != "" {
		return known
	}
	return "text"
}

// The source documents, as the practices cite them: S0:9 is slide 9.
const sources = `
## Sources

A source is a talk and a slide or section: S0:9 is slide 9 of S0.

- **S0**: AWS DevDay 2020 A-5, "Can you go live with that container?"
- **S1**: containers and serverless, March 2022
- **S2**: notes of AWS Summit Tokyo 2018
- **S3**: ECS best practice, JAWS PANKRATION 2024
- **S4**: notes on running containers on AWS

These pages are written by ` + "`go generate ./internal/review/report`" + ` from the rules and
from the examples that prove them.
`

func index() []byte {
	var b bytes.Buffer
	list := all()
	fmt.Fprintf(&b, "# The rules of `hatoba review`\n\n%d practices. `hatoba review explain ID` shows the same on a terminal.\n", len(list))
	for _, p := range review.Pillars() {
		headed := false
		for _, r := range list {
			if r.Pillar != p {
				continue
			}
			if !headed {
				fmt.Fprintf(&b, "\n## %s · %s\n\n| Rule | Severity | Practice | 項目 | Twelve-Factor |\n|---|---|---|---|---|\n", p.Name().EN, p.Name().JA)
				headed = true
			}
			var factors []string
			for _, f := range r.Factors {
				factors = append(factors, f.Roman())
			}
			fmt.Fprintf(&b, "| [%s](%s.md) | %s | %s | %s | %s |\n", r.ID, r.ID, r.Severity, cell(r.Title.EN), cell(r.Title.JA), strings.Join(factors, ", "))
		}
	}
	b.WriteString(sources)
	return b.Bytes()
}

// prose keeps what would be markup in a rule's text as it is written.
func prose(s string) string { return strings.NewReplacer("<", "&lt;", "*", `\*`).Replace(s) }

func cell(s string) string { return strings.ReplaceAll(prose(s), "|", `\|`) }
