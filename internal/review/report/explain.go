package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/hatoba/hatoba/internal/review"
)

// Example is one side of a rule's golden pair.
type Example struct {
	Files []txtar.File // names without the case's folder
	Says  string       // what the review says of it
}

// Pair is the first bad and the first good case of an archive; of a rule
// without examples (archive nil) both are empty.
func Pair(archive *txtar.Archive) (bad, good Example) {
	if archive == nil {
		return bad, good
	}
	return first(archive, "bad"), first(archive, "good")
}

func first(archive *txtar.Archive, kind string) (out Example) {
	taken := ""
	for _, f := range archive.Files {
		folder, name, _ := strings.Cut(f.Name, "/")
		if of, _, _ := strings.Cut(folder, "-"); of != kind || taken != "" && folder != taken {
			continue
		}
		taken = folder
		if name == "want" {
			out.Says = string(f.Data)
		} else {
			out.Files = append(out.Files, txtar.File{Name: name, Data: f.Data})
		}
	}
	return out
}

// Needs lists the parts that the halves of a rule look at, each once.
func Needs(r *review.Rule) (out []review.Part) {
	seen := map[review.Part]bool{}
	for _, c := range r.Checks {
		for _, p := range c.Needs {
			seen[p] = true
		}
	}
	for _, p := range review.Parts() {
		if seen[p] {
			out = append(out, p)
		}
	}
	return out
}

var explained = map[string]review.Text{
	"pillar":   {EN: "pillar", JA: "柱"},
	"factors":  {EN: "twelve-factor", JA: "Twelve-Factor"},
	"severity": {EN: "severity", JA: "重大度"},
	"needs":    {EN: "looks at", JA: "検査の対象"},
	"sources":  {EN: "sources", JA: "出典"},
	"page":     {EN: "page", JA: "ページ"},
	"bad":      {EN: "Bad", JA: "悪い例"},
	"good":     {EN: "Good", JA: "良い例"},
	"says":     {EN: "the review says", JA: "レビューの結果"},
	"human":    {EN: "people's answers", JA: "人の回答"},
}

// Explain writes a rule up for a terminal: why, what to do, both examples.
func Explain(w io.Writer, r *review.Rule, examples *txtar.Archive, opt Options) error {
	t := &terminal{Options: opt}
	in := func(key string) string { return explained[key].In(opt.Lang) }
	t.para(t.paint(bold, printable(r.ID))+"  ", "  ", r.Title.In(opt.Lang))
	t.WriteByte('\n')
	needs := strings.Trim(fmt.Sprint(Needs(r)), "[]")
	if needs == "" {
		needs = in("human")
	}
	var named []string
	for _, f := range r.Factors {
		named = append(named, f.Roman()+" "+f.Name().In(opt.Lang))
	}
	for _, row := range [][2]string{
		{in("severity"), word(r.Severity.String(), opt.Lang)}, {in("pillar"), r.Pillar.Name().In(opt.Lang)},
		{in("factors"), strings.Join(named, ", ")}, {in("needs"), needs}, {in("sources"), strings.Join(r.Sources, ", ")}, {in("page"), r.Page()},
	} {
		if row[1] != "" {
			t.para("  "+t.paint(dim, pad(row[0], 14))+" ", strings.Repeat(" ", 17), row[1])
		}
	}
	for _, row := range []struct {
		head string
		text review.Text
	}{{word("why", opt.Lang), r.Why}, {word("todo", opt.Lang), r.Todo}} {
		if !row.text.IsZero() {
			t.head(row.head)
			t.para("  ", "  ", row.text.In(opt.Lang))
		}
	}
	bad, good := Pair(examples)
	t.example(in("bad"), in("says"), red, bad)
	t.example(in("good"), in("says"), green, good)
	_, err := w.Write(t.Bytes())
	return err
}

func (t *terminal) example(head, says, colour string, e Example) {
	if len(e.Files) == 0 {
		return
	}
	t.head(head)
	for _, f := range e.Files {
		fmt.Fprintf(t, "  %s\n", t.paint(dim, "── "+printable(f.Name)))
		for line := range bytes.Lines(f.Data) {
			fmt.Fprintf(t, "  %s\n", strings.TrimRight(string(line), "\r\n"))
		}
	}
	fmt.Fprintf(t, "  %s\n", t.paint(dim, "── "+says))
	for line := range strings.Lines(e.Says) {
		t.para("  "+t.paint(colour, "▸")+" ", "    ", strings.TrimRight(line, "\n"))
	}
}

// List writes a table of rules.
func List(w io.Writer, rules []*review.Rule, opt Options) error {
	rows := [][]string{}
	for _, r := range rules {
		rows = append(rows, []string{r.ID, word(r.Severity.String(), opt.Lang), string(r.Pillar), factors(r), r.Title.In(opt.Lang)})
	}
	width := make([]int, 5)
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], columns(cell))
		}
	}
	var b bytes.Buffer
	for _, row := range rows {
		for i, cell := range row {
			if i == len(row)-1 {
				b.WriteString(printable(cell))
			} else {
				b.WriteString(pad(printable(cell), width[i]+2))
			}
		}
		b.WriteByte('\n')
	}
	_, err := w.Write(b.Bytes())
	return err
}
