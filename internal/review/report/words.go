package report

import (
	"fmt"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

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
