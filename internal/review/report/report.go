// Package report writes a review for people and for machines. It decides
// nothing: verdict, counts and answers are the report's own.
package report

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

// todo is what to do about an outcome.
func todo(r review.Result, o review.Outcome) review.Text {
	if o.Todo.IsZero() {
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
		if f := &r.Results[i]; finding(*f) && !f.Rule.User && (worst == nil || f.Severity > worst.Severity) {
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

// said are the words of the reports, apart from the rules' own.
var said = map[string]review.Text{
	"ready":        {EN: "READY", JA: "サービスイン可"},
	"not-ready":    {EN: "NOT READY", JA: "サービスイン不可"},
	"unknown":      {EN: "UNKNOWN: not everything was examined", JA: "判定できません: 未検査の項目があります"},
	"findings":     {EN: "findings", JA: "指摘"},
	"finding":      {EN: "finding", JA: "指摘"},
	"unexamined":   {EN: "not examined", JA: "未検査"},
	"passed":       {EN: "passed", JA: "合格"},
	"waived":       {EN: "waived", JA: "免除"},
	"pass":         {EN: "pass", JA: "合格"},
	"fail":         {EN: "fail", JA: "不合格"},
	"high":         {EN: "high", JA: "高"},
	"medium":       {EN: "medium", JA: "中"},
	"low":          {EN: "low", JA: "低"},
	"info":         {EN: "info", JA: "情報"},
	"notgiven":     {EN: "not given", JA: "指定なし"},
	"unread":       {EN: "not read", JA: "読めません"},
	"next":         {EN: "Next", JA: "次のコマンド"},
	"todo":         {EN: "What to do", JA: "対応"},
	"why":          {EN: "Why", JA: "理由"},
	"inputs":       {EN: "What was looked at", JA: "検査の対象"},
	"below":        {EN: "does not count: below %s", JA: "判定に数えません(「%s」未満)"},
	"waiveduntil":  {EN: "waived until %s by %s: %s", JA: "%s まで免除(%s): %s"},
	"rules":        {EN: "rules", JA: "ルール"},
	"more":         {EN: "and %d more", JA: "ほか %d 件"},
	"not-examined": {EN: "not examined", JA: "未検査"},
	"gaps":         {EN: "Not examined", JA: "未検査"},
	"scope":        {EN: "The review was limited to", JA: "検査の範囲"},
}

// word is one of them.
func word(key string, lang review.Lang, args ...any) string {
	text := said[key].In(lang)
	if len(args) > 0 {
		return fmt.Sprintf(text, args...)
	}
	return text
}

// counts is the count in words: 2 findings, 3 not examined, …
func counts(n review.Count, lang review.Lang) string {
	found := "findings"
	if n.Fail == 1 {
		found = "finding"
	}
	out := []string{}
	for _, c := range []struct {
		n    int
		what string
	}{{n.Fail, found}, {n.NotExamined, "unexamined"}, {n.Waived, "waived"}, {n.Pass, "passed"}} {
		if lang == review.Japanese {
			out = append(out, fmt.Sprintf("%s %d 件", word(c.what, lang), c.n))
		} else {
			out = append(out, fmt.Sprintf("%d %s", c.n, word(c.what, lang)))
		}
	}
	if lang == review.Japanese {
		return strings.Join(out, "、")
	}
	return strings.Join(out, ", ")
}

// waivedUntil says who bears a finding, why and how long.
func waivedUntil(w *review.Waiver, lang review.Lang) string {
	return word("waiveduntil", lang, lastDay(w), w.Owner, w.Reason)
}

// lastDay is the last day on which a waiver bears its finding.
func lastDay(w *review.Waiver) string { return w.Expires.AddDate(0, 0, -1).Format("2006-01-02") }

// factors writes a rule's factors as 12factor.net numbers them.
func factors(r *review.Rule) string {
	var out []string
	for _, f := range r.Factors {
		out = append(out, f.Roman())
	}
	return strings.Join(out, ", ")
}
