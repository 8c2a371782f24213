// Package questionnaire asks people what no machine can check. Answers have an
// owner and a date, and count for half a year: an answer is an observation, and
// observations grow old.
package questionnaire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/doc"
)

// Name is the file's name; it is looked for beside the task definition.
const Name = "hatoba-questionnaire.json"

// Fresh is how long an answer counts.
const Fresh = 180 * 24 * time.Hour

// Answer is what someone said.
type Answer struct {
	ID, Answer, Note, Owner string
	Date                    time.Time
	Place                   review.Place
}

// Answers are those of a file, by question. An empty answer is none.
type Answers struct {
	File string
	By   map[string]Answer
}

// Parse reads the file. Every mistake is told, with line and column.
func Parse(file string, text []byte) (*Answers, error) {
	root, err := doc.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	known := map[string]bool{}
	for _, q := range questions() {
		known[q.rule.ID] = true
	}
	s := &doc.Strict{File: file}
	out := &Answers{File: file, By: map[string]Answer{}}
	s.Object(root, map[string]doc.Field{
		"answers": {Required: true, Read: func(n *doc.Node) {
			s.List(n, func(n *doc.Node) {
				a := one(s, n)
				_, twice := out.By[a.ID]
				switch {
				case twice:
					s.Fail(n, "%s is answered twice", a.ID)
				case a.ID != "" && !known[a.ID]:
					s.Fail(n, "there is no question %s", a.ID)
				}
				out.By[a.ID] = a
			})
		}},
	})
	return out, s.Err()
}

func one(s *doc.Strict, n *doc.Node) (a Answer) {
	line, col := n.Pos()
	a.Place = review.Place{File: s.File, Line: line, Col: col}
	var date string
	s.Object(n, map[string]doc.Field{
		"id":       s.Into(&a.ID, true),
		"question": {Read: func(*doc.Node) {}}, // the template's, for the reader
		"answer":   {Required: true, Read: func(n *doc.Node) { a.Answer = blank(s, n) }},
		"note":     {Read: func(n *doc.Node) { a.Note = blank(s, n) }},
		"owner":    {Read: func(n *doc.Node) { a.Owner = blank(s, n) }},
		"date":     {Read: func(n *doc.Node) { date = blank(s, n) }},
	})
	if n.Kind != doc.Object || a.Answer == "" {
		return a
	}
	var err error
	if a.Date, err = time.Parse(time.DateOnly, date); err != nil {
		s.Fail(n, "an answer has a date: \"2026-11-21\"")
	}
	if a.Owner == "" {
		s.Fail(n, "an answer has an owner")
	}
	switch a.Answer {
	case "yes", "no":
	case "n/a":
		if a.Note == "" {
			s.Fail(n, "n/a has a note that says why")
		}
	default:
		s.Fail(n.Get("answer"), `an answer is "yes", "no" or "n/a"`)
	}
	return a
}

// blank reads a string that may be empty, as the template's are.
func blank(s *doc.Strict, n *doc.Node) string {
	if n.Kind != doc.String {
		s.Fail(n, "a string is asked for")
	}
	return strings.TrimSpace(n.Text)
}

// Rules are the questions as rules: they are listed, explained, waived and
// counted as all others. Without a file nothing is answered.
func Rules(answers *Answers) []*review.Rule {
	var out []*review.Rule
	for _, q := range questions() {
		r := q.rule
		r.Checks = []review.Check{{Run: func(s *review.Subject) []review.Outcome {
			if answers == nil {
				return []review.Outcome{unanswered(review.Place{})}
			}
			a, ok := answers.By[r.ID]
			if !ok {
				return []review.Outcome{unanswered(review.Place{File: answers.File})}
			}
			return []review.Outcome{judge(a, s.Now)}
		}}}
		out = append(out, &r)
	}
	return out
}

// unanswered says the same of every question, so that reports can tell it once.
func unanswered(at review.Place) review.Outcome {
	return review.Unexamined(at, review.Say("hatoba review questionnaire > "+Name, "hatoba review questionnaire > "+Name),
		"nobody has answered this question", "この質問にはまだ回答がない")
}

func judge(a Answer, now time.Time) review.Outcome {
	day, note := a.Date.Format(time.DateOnly), ""
	if a.Note != "" {
		note = ": " + a.Note
	}
	switch {
	case a.Answer == "":
		return unanswered(a.Place)
	case a.Date.After(now.Add(24 * time.Hour)): // it may be tomorrow already, elsewhere
		return review.Unexamined(a.Place, review.Say("correct the date", "日付を直してください"),
			"the answer is dated %s, which is yet to come", "回答の日付 %s は未来", day)
	case !now.Before(a.Date.Add(Fresh + 24*time.Hour)): // the last day counts whole
		return review.Unexamined(a.Place, review.Say("ask again, and write the new date", "改めて確認し、新しい日付を書いてください"),
			"stale: %s of %s is older than 180 days (%s)", "古い回答: %[2]s の %[1]s は 180 日より前(%[3]s)", a.Answer, day, a.Owner)
	case a.Answer == "no":
		return review.Failed(a.Place, "%s answered no on %s%s", "%s が %s に no と回答%s", a.Owner, day, note)
	case a.Answer == "n/a":
		return review.Passed(a.Place, "%s: does not apply (%s)%s", "%s: 該当しない(%s)%s", a.Owner, day, note)
	}
	return review.Passed(a.Place, "%s answered yes on %s%s", "%s が %s に yes と回答%s", a.Owner, day, note)
}

// Template writes a file to fill in.
func Template(w io.Writer, lang review.Lang) error {
	type entry struct {
		ID       string `json:"id"`
		Question string `json:"question"`
		Answer   string `json:"answer"`
		Note     string `json:"note"`
		Owner    string `json:"owner"`
		Date     string `json:"date"`
	}
	var file struct {
		Answers []entry `json:"answers"`
	}
	for _, q := range questions() {
		file.Answers = append(file.Answers, entry{ID: q.rule.ID, Question: q.ask.In(lang)})
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(file); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}
