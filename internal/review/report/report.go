// Package report writes a review for people and for machines. It decides
// nothing: verdict, counts and answers are the report's own.
package report

//go:generate go run ./pages

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

// Options are how a report is written.
type Options struct {
	Lang    review.Lang
	Color   bool
	Width   int    // of the terminal; 0 does not wrap
	Verbose bool   // passes one by one
	Dir     string // the folder that absolute paths are made relative to, in SARIF
}

// formats are the writers by name, in the order they are listed.
var formats = []struct {
	name  string
	write func(io.Writer, *review.Report, Options) error
}{
	{"terminal", writeTerminal}, {"json", writeJSON}, {"sarif", writeSARIF},
	{"junit", writeJUnit}, {"markdown", writeMarkdown}, {"html", writeHTML},
}

// Formats lists the names that Write knows.
func Formats() (out []string) {
	for _, f := range formats {
		out = append(out, f.name)
	}
	return out
}

// Write writes the report in a format.
func Write(w io.Writer, format string, r *review.Report, opt Options) error {
	for _, f := range formats {
		if f.name == format {
			return f.write(w, r, opt)
		}
	}
	return fmt.Errorf("no format %q; there are %s", format, strings.Join(Formats(), ", "))
}

// chapter is what a pillar has.
type chapter struct {
	Pillar  review.Pillar
	Results []review.Result
}

// chapters sorts the results by pillar; within one, the worst come first and
// rules keep their order.
func chapters(results []review.Result) (out []chapter) {
	for _, p := range review.Pillars() {
		c := chapter{Pillar: p}
		for _, r := range results {
			if r.Rule.Pillar == p {
				c.Results = append(c.Results, r)
			}
		}
		slices.SortStableFunc(c.Results, func(a, b review.Result) int { return rank(a) - rank(b) })
		if len(c.Results) > 0 {
			out = append(out, c)
		}
	}
	return out
}

// rank is the order of results: failures by severity, gaps, waived, passes.
func rank(r review.Result) int {
	switch {
	case r.Waived != nil:
		return 20
	case r.Status == review.Fail:
		return int(review.High - r.Severity)
	case r.Status == review.NotExamined:
		return 10
	}
	return 30
}

// finding reports whether a result is a failure that nobody bears.
func finding(r review.Result) bool { return r.Status == review.Fail && r.Waived == nil }

// todo is what to do about an outcome. How to mend the practice is no answer to
// how to have it examined.
func todo(r review.Result, o review.Outcome) review.Text {
	if o.Todo.IsZero() && o.Status == review.Fail {
		return r.Rule.Todo
	}
	return o.Todo
}

// gap is one reason why things were not examined.
type gap struct {
	Why, How review.Text
	Rules    []string // ids, each once
}

// gaps groups what was not examined by its reason, the most frequent first.
func gaps(results []review.Result) (out []gap) {
	for _, r := range results {
		for _, o := range r.Gaps() {
			how := todo(r, o)
			i := slices.IndexFunc(out, func(g gap) bool { return g.Why == o.Observed && g.How == how })
			if i < 0 {
				i, out = len(out), append(out, gap{Why: o.Observed, How: how})
			}
			if !slices.Contains(out[i].Rules, r.Rule.ID) {
				out[i].Rules = append(out[i].Rules, r.Rule.ID)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b gap) int { return len(b.Rules) - len(a.Rules) })
	return out
}

// next is what to type next: the worst finding explained, else the gap closed
// that most rules wait for.
func next(r *review.Report) review.Text {
	var worst *review.Result
	for i := range r.Results {
		if f := &r.Results[i]; finding(*f) && f.Rule.Page() != "" && (worst == nil || f.Severity > worst.Severity) {
			worst = f
		}
	}
	if worst != nil {
		return review.Say("hatoba review explain %s", "hatoba review explain %s", worst.Rule.ID)
	}
	if g := gaps(r.Results); len(g) > 0 {
		return g[0].How
	}
	return review.Text{}
}
