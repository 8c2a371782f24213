package filter

import (
	"bytes"
	"strings"
)

// term is one word of an unstructured pattern.
type term struct {
	mode    byte // '+' must be there, '?' one of these must, '-' must not
	match   func(b []byte) bool
	literal string // "" for a regular expression
}

// terms reads an unstructured pattern: a message holds every plain term and
// none with a minus; terms with a question mark are alternatives, and ignored
// beside others.
func (p *parser) terms() (expr, error) {
	byMode := map[byte][]term{}
	for p.space(); p.rest != ""; p.space() {
		t, err := p.term()
		if err != nil {
			return expr{}, err
		}
		byMode[t.mode] = append(byMode[t.mode], t)
	}
	all, none, any := byMode['+'], byMode['-'], byMode['?']
	if len(all)+len(none) == 0 {
		return anyOf(any), nil
	}
	return expr{
		match: func(b []byte) bool {
			for _, t := range all {
				if !t.match(b) {
					return false
				}
			}
			for _, t := range none {
				if t.match(b) {
					return false
				}
			}
			return true
		},
		needles: longest(all),
	}, nil
}

func anyOf(terms []term) expr {
	e := expr{match: func(b []byte) bool {
		for _, t := range terms {
			if t.match(b) {
				return true
			}
		}
		return false
	}}
	if len(terms) <= maxNeedles {
		for _, t := range terms {
			if t.literal == "" {
				e.needles = nil
				break
			}
			e.needles = append(e.needles, t.literal)
		}
	}
	return e
}

func longest(terms []term) (needles []string) {
	for _, t := range terms {
		if t.literal != "" {
			needles = both(needles, []string{t.literal})
		}
	}
	return needles
}

func (p *parser) term() (term, error) {
	t := term{mode: '+'}
	if p.take("?") {
		t.mode = '?'
	} else if p.take("-") {
		t.mode = '-'
	}
	switch {
	case p.rest == "":
		return t, invalid("a term is missing at the end")
	case p.rest[0] == '%':
		re, err := p.regex()
		t.match = re
		return t, err
	case p.rest[0] == '"':
		phrase, err := p.quoted()
		if err != nil {
			return t, err
		}
		t.literal = strings.NewReplacer(`\\`, `\`, `\*`, `*`).Replace(phrase)
	default:
		word := p.while(func(r rune) bool { return r != ' ' && r != '\t' && r != '\n' && r != '\r' })
		if i := strings.IndexFunc(word, func(r rune) bool { return !isWord(r) }); i >= 0 {
			return t, &SyntaxError{"Invalid character(s) in term '" + firstRunes(word[i:], 1) + "'"}
		}
		t.literal = word
	}
	needle := []byte(t.literal)
	t.match = func(b []byte) bool { return bytes.Contains(b, needle) }
	return t, nil
}
