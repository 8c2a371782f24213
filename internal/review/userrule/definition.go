package userrule

import (
	"regexp"
	"slices"
	"strconv"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/doc"
)

// Definition is a rule as the user wrote it:
//
//	{"id": "ACME-1", "title": "…", "severity": "medium", "pillar": "SEC",
//	 "needs": ["taskdef"], "expression": "…", "message": "…"}
//
// Texts are a string, or {"en": "…", "ja": "…"}. why, todo and factors may be
// given, too.
type Definition struct {
	Rule       review.Rule // without its check
	Needs      []review.Part
	Expression string
	Message    review.Text
	Place      review.Place // of the rule
	At         review.Place // of its expression
}

var idForm = regexp.MustCompile(`^[A-Z][A-Z0-9]*-[0-9]+$`)

// Read reads the list of rules; mistakes go to s.
func Read(s *doc.Strict, n *doc.Node) (out []Definition) {
	seen := map[string]bool{}
	s.List(n, func(n *doc.Node) {
		d := read(s, n)
		if seen[d.Rule.ID] {
			s.Fail(n, "there is a rule %s already", d.Rule.ID)
		}
		seen[d.Rule.ID] = true
		out = append(out, d)
	})
	return out
}

func read(s *doc.Strict, n *doc.Node) Definition {
	d := Definition{Place: at(s, n)}
	r := &d.Rule
	r.User = true
	s.Object(n, map[string]doc.Field{
		"id": {Required: true, Read: func(n *doc.Node) {
			if r.ID = s.String(n); !idForm.MatchString(r.ID) {
				s.Fail(n, "an id is letters, a dash and a number: ACME-1")
			}
		}},
		"severity": {Required: true, Read: func(n *doc.Node) {
			var ok bool
			if r.Severity, ok = review.ParseSeverity(n.Text); !ok || n.Kind != doc.String {
				s.Fail(n, "a severity is info, low, medium or high")
			}
		}},
		"pillar": {Required: true, Read: func(n *doc.Node) {
			if r.Pillar = review.Pillar(n.Text); !slices.Contains(review.Pillars(), r.Pillar) || n.Kind != doc.String {
				s.Fail(n, "a pillar is one of %v", review.Pillars())
			}
		}},
		"factors": {Read: func(n *doc.Node) { r.Factors = factors(s, n) }},
		"title":   text(s, &r.Title, true),
		"why":     text(s, &r.Why, false),
		"todo":    text(s, &r.Todo, false),
		"message": text(s, &d.Message, true),
		"needs":   {Required: true, Read: func(n *doc.Node) { d.Needs = needs(s, n) }},
		"expression": {Required: true, Read: func(n *doc.Node) {
			d.Expression, d.At = s.String(n), at(s, n)
		}},
	})
	return d
}

func at(s *doc.Strict, n *doc.Node) review.Place {
	line, col := n.Pos()
	return review.Place{File: s.File, Line: line, Col: col}
}

// text reads one string for both languages, or one for each.
func text(s *doc.Strict, into *review.Text, required bool) doc.Field {
	return doc.Field{Required: required, Read: func(n *doc.Node) {
		if n.Kind != doc.Object {
			said := s.String(n)
			*into = review.Text{EN: said, JA: said}
			return
		}
		s.Object(n, map[string]doc.Field{"en": s.Into(&into.EN, true), "ja": s.Into(&into.JA, true)})
	}}
}

func factors(s *doc.Strict, n *doc.Node) (out []review.Factor) {
	s.List(n, func(n *doc.Node) {
		f, err := strconv.Atoi(n.Text)
		if err != nil || n.Kind != doc.Number || f < 1 || f > 12 {
			s.Fail(n, "a factor is a number from 1 to 12")
			return
		}
		out = append(out, review.Factor(f))
	})
	return out
}

func needs(s *doc.Strict, n *doc.Node) (out []review.Part) {
	s.List(n, func(n *doc.Node) {
		p := review.Part(s.String(n))
		if !slices.Contains(review.Parts(), p) {
			s.Fail(n, "a part is one of %v", review.Parts())
			return
		}
		out = append(out, p)
	})
	if n.Kind == doc.Array && len(n.Items) == 0 {
		s.Fail(n, "a rule needs something to look at: one of %v", review.Parts())
	}
	return out
}
