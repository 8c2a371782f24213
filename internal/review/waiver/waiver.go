// Package waiver reads hatoba-review.json, the user's say in a review, and
// applies its waivers. A waiver carries a reason, an owner and a day on which it
// ends: nothing is waived for ever, and nothing is skipped without a word.
package waiver

import (
	"fmt"
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/doc"
	"github.com/hatoba/hatoba/internal/review/userrule"
)

// Name is the file's name; it is looked for beside the task definition.
const Name = "hatoba-review.json"

// File is what the file says.
type File struct {
	Waivers       []review.Waiver
	Severity      map[string]review.Severity // by rule
	Rules         []userrule.Definition
	Questionnaire string // a file, relative to this one
	Drill         review.DrillSettings

	file     string
	severity []named
}

type named struct {
	rule string
	node *doc.Node
}

// Parse reads the file. Every mistake is told, with line and column.
func Parse(file string, text []byte) (*File, error) {
	root, err := doc.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	s := &doc.Strict{File: file}
	f := &File{Severity: map[string]review.Severity{}, file: file}
	s.Object(root, map[string]doc.Field{
		"$schema":  {Read: func(*doc.Node) {}},
		"waivers":  {Read: func(n *doc.Node) { s.List(n, func(n *doc.Node) { f.Waivers = append(f.Waivers, one(s, n)) }) }},
		"severity": {Read: func(n *doc.Node) { f.readSeverity(s, n) }},
		"skip": {Read: func(n *doc.Node) {
			s.Fail(n, "rules are not skipped in silence: write a waiver, with reason, owner and expires")
		}},
		"rules":         {Read: func(n *doc.Node) { f.Rules = userrule.Read(s, n) }},
		"questionnaire": s.Into(&f.Questionnaire, false),
		"drill":         {Read: func(n *doc.Node) { f.Drill = drill(s, n) }},
	})
	if err := s.Err(); err != nil {
		return nil, err
	}
	return f, nil
}

func one(s *doc.Strict, n *doc.Node) review.Waiver {
	line, col := n.Pos()
	w := review.Waiver{Place: review.Place{File: s.File, Line: line, Col: col}}
	s.Object(n, map[string]doc.Field{
		"rule":   s.Into(&w.Rule, true),
		"scope":  s.Into(&w.Scope, false),
		"reason": s.Into(&w.Reason, true),
		"owner":  s.Into(&w.Owner, true),
		"expires": {Required: true, Read: func(n *doc.Node) {
			day, err := time.Parse(time.DateOnly, n.Text)
			if err != nil {
				s.Fail(n, "expires is a day: \"2027-01-31\"")
				return
			}
			w.Expires = day.AddDate(0, 0, 1)
		}},
	})
	return w
}

func (f *File) readSeverity(s *doc.Strict, n *doc.Node) {
	if n.Kind != doc.Object {
		s.Fail(n, "an object is asked for: {\"IMG-08\": \"info\"}")
		return
	}
	for _, m := range n.Members {
		severity, ok := review.ParseSeverity(m.Value.Text)
		if !ok || m.Value.Kind != doc.String {
			s.Fail(m.Value, "a severity is info, low, medium or high")
		}
		if _, twice := f.Severity[m.Name]; twice {
			s.Fail(m.Value, "%s stands here twice", m.Name)
		}
		f.Severity[m.Name] = severity
		f.severity = append(f.severity, named{m.Name, m.Value})
	}
}

// Check refuses what speaks of rules that do not exist; known are all rules of
// the review but the file's own. A misspelt id would else wait for ever.
func (f *File) Check(known func(id string) bool) error {
	s := &doc.Strict{File: f.file}
	own := map[string]bool{ExpiredID: true, IdleID: true}
	for _, r := range f.Rules {
		if known(r.Rule.ID) {
			s.FailAt(r.Place.Line, r.Place.Col, "%s is a rule of Hatoba: name yours otherwise", r.Rule.ID)
		}
		own[r.Rule.ID] = true
	}
	for _, w := range f.Waivers {
		if !known(w.Rule) && !own[w.Rule] {
			s.FailAt(w.Place.Line, w.Place.Col, "there is no rule %s: see hatoba review list", w.Rule)
		}
	}
	for _, n := range f.severity {
		if !known(n.rule) && !own[n.rule] {
			s.Fail(n.node, "there is no rule %s: see hatoba review list", n.rule)
		}
	}
	return s.Err()
}

// LastDay is the last day on which a waiver bears its finding.
func LastDay(w review.Waiver) string {
	return w.Expires.AddDate(0, 0, -1).Format(time.DateOnly)
}

// covers reports whether a waiver speaks of a failure. A scope is found as a
// whole word: app does not cover app-worker, taskdef.json:9 not taskdef.json:95.
func covers(w review.Waiver, o review.Outcome) bool {
	if w.Scope == "" {
		return true
	}
	for _, text := range []string{o.Place.String(), o.Observed.EN, o.Observed.JA} {
		if word(text, w.Scope) {
			return true
		}
	}
	return false
}

func word(text, scope string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], scope)
		if i < 0 {
			return false
		}
		begin, end := from+i, from+i+len(scope)
		longer := begin > 0 && joins(text[begin-1]) && joins(scope[0]) ||
			end < len(text) && joins(text[end]) && joins(scope[len(scope)-1])
		if !longer {
			return true
		}
		from = begin + 1
	}
}

// joins reports whether a byte makes a name longer.
func joins(c byte) bool {
	return c == '-' || c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
