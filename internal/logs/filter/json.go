package filter

import "strings"

// escaped begins an escaped character of JSON. A writer may escape any
// character so, and then no needle is found.
const escaped = `\u`

// json reads { conditions }.
func (p *parser) json() (expr, error) {
	p.take("{")
	e, err := p.or(p.jsonCondition)
	if err != nil {
		return expr{}, err
	}
	p.space()
	if !p.take("}") {
		return expr{}, invalid("a } is missing %s", p.near())
	}
	if p.space(); p.rest != "" {
		return expr{}, invalid("it goes on after the } %s", p.near())
	}
	match := e.match
	e.match = func(b []byte) bool { return looksLikeJSON(b) && match(b) }
	return e, nil
}

// jsonCondition reads one of: selector operator value, selector IS NULL, TRUE
// or FALSE, selector NOT EXISTS.
func (p *parser) jsonCondition() (expr, error) {
	path, err := p.selector()
	if err != nil {
		return expr{}, err
	}
	p.space()
	switch {
	case p.keyword("NOT"):
		if p.space(); !p.keyword("EXISTS") {
			return expr{}, invalid("EXISTS is missing after NOT %s", p.near())
		}
		return expr{match: func(b []byte) bool { return !walk(b, path, func(value) bool { return true }, true) }}, nil
	case p.keyword("IS"):
		return p.is(path)
	}
	c, err := p.comparison(")}&|")
	if err != nil {
		return expr{}, err
	}
	e := expr{match: func(b []byte) bool { return walk(b, path, c.holds, false) }, needles: path.needles()}
	if n := jsonNeedles(c.literal()); n != nil {
		e.needles = both(n, e.needles)
	}
	return e, nil
}

func (p *parser) is(path path) (expr, error) {
	p.space()
	for word, want := range map[string]value{
		"NULL": {kind: '0'}, "TRUE": {kind: 'b', text: []byte("true")}, "FALSE": {kind: 'b', text: []byte("false")},
	} {
		if p.keyword(word) {
			same := func(v value) bool {
				return v.kind == want.kind && (v.kind == '0' || string(v.text) == string(want.text))
			}
			return expr{match: func(b []byte) bool { return walk(b, path, same, false) }, needles: path.needles()}, nil
		}
	}
	return expr{}, invalid("NULL, TRUE or FALSE is missing after IS %s", p.near())
}

// path is a selector's steps.
type path []step

// step is a key or an index, or all of both.
type step struct {
	key   string
	index int // -1: key
	all   bool
}

// selector reads $.key, $.['any key'], $.a[0], with one wildcard.
func (p *parser) selector() (path, error) {
	p.space()
	if !p.take("$") {
		return nil, invalid("a selector beginning with $ is missing %s", p.near())
	}
	var out path
	for wild := 0; ; {
		dot := p.take(".")
		var s step
		var err error
		switch {
		case p.take("["):
			s, err = p.bracket()
		case !dot:
			if len(out) == 0 {
				return nil, invalid("the selector $ names no member")
			}
			return out, nil
		case p.take("*"):
			s = step{all: true, index: -1}
		default:
			s = step{key: p.while(func(r rune) bool { return isWord(r) || r == '-' }), index: -1}
			if s.key == "" {
				err = invalid("a name is missing in the selector %s", p.near())
			}
		}
		if err != nil {
			return nil, err
		}
		if s.all {
			if wild++; wild > 1 {
				return nil, invalid("a selector has more than one wildcard")
			}
		}
		out = append(out, s)
	}
}

// bracket reads what follows a [ in a selector.
func (p *parser) bracket() (step, error) {
	s := step{index: -1}
	switch {
	case p.take("*"):
		s.all = true
	case p.rest != "" && (p.rest[0] == '\'' || p.rest[0] == '"'):
		quote := p.rest[:1]
		key, rest, ok := strings.Cut(p.rest[1:], quote)
		if !ok || key == "" {
			return s, invalid("a quoted name is missing in the selector %s", p.near())
		}
		s.key, p.rest = key, rest
	default:
		digits := p.while(func(r rune) bool { return r >= '0' && r <= '9' })
		if digits == "" || len(digits) > 6 {
			return s, invalid("an index is missing in the selector %s", p.near())
		}
		s.index = 0
		for _, d := range digits {
			s.index = s.index*10 + int(d-'0')
		}
	}
	if !p.take("]") {
		return s, invalid("a ] is missing in the selector %s", p.near())
	}
	return s, nil
}

// needles returns what a message holds that has the selected member: the
// longest of the keys.
func (p path) needles() (needles []string) {
	for _, s := range p {
		needles = both(needles, jsonNeedles(s.key))
	}
	return needles
}

// jsonNeedles returns what a message holds that has the text in a string: its
// longest part that JSON writes as it is or with escaped.
func jsonNeedles(text string) []string {
	long := ""
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == '"' || r == '\\' || r == '/' || r < ' ' }) {
		if len(part) > len(long) {
			long = part
		}
	}
	if long == "" {
		return nil
	}
	return []string{long, escaped}
}
