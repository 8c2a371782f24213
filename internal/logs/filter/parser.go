package filter

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// parser reads a pattern from left to right.
type parser struct {
	rest    string
	regexes int
	depth   int
}

// Bounds on a pattern; the first is AWS's.
const (
	maxRegexes = 2
	maxDepth   = 100
)

func (p *parser) space() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

// take eats s when the rest begins with it.
func (p *parser) take(s string) bool {
	rest, ok := strings.CutPrefix(p.rest, s)
	if ok {
		p.rest = rest
	}
	return ok
}

// keyword eats a word that is followed by something else than a word.
func (p *parser) keyword(word string) bool {
	rest, ok := strings.CutPrefix(p.rest, word)
	if r, _ := utf8.DecodeRuneInString(rest); ok && !isWord(r) {
		p.rest = rest
		return true
	}
	return false
}

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// while eats the longest run of runes that ok accepts.
func (p *parser) while(ok func(rune) bool) string {
	n := strings.IndexFunc(p.rest, func(r rune) bool { return !ok(r) })
	if n < 0 {
		n = len(p.rest)
	}
	s := p.rest[:n]
	p.rest = p.rest[n:]
	return s
}

// near shows where reading stopped.
func (p *parser) near() string {
	if p.rest == "" {
		return "at the end"
	}
	return "at '" + firstRunes(p.rest, 20) + "'"
}

func firstRunes(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}

// or reads conditions joined by || and, binding closer, &&.
func (p *parser) or(condition func() (expr, error)) (expr, error) {
	left, err := p.and(condition)
	for err == nil {
		p.space()
		if !p.take("||") {
			break
		}
		var right expr
		if right, err = p.and(condition); err != nil {
			break
		}
		l, r := left.match, right.match
		left = expr{func(b []byte) bool { return l(b) || r(b) }, either(left.needles, right.needles)}
	}
	return left, err
}

func (p *parser) and(condition func() (expr, error)) (expr, error) {
	left, err := p.primary(condition)
	for err == nil {
		p.space()
		if !p.take("&&") {
			break
		}
		var right expr
		if right, err = p.primary(condition); err != nil {
			break
		}
		l, r := left.match, right.match
		left = expr{func(b []byte) bool { return l(b) && r(b) }, both(left.needles, right.needles)}
	}
	return left, err
}

func (p *parser) primary(condition func() (expr, error)) (expr, error) {
	p.space()
	if !p.take("(") {
		return condition()
	}
	if p.depth++; p.depth > maxDepth {
		return expr{}, invalid("more than %d parentheses are open", maxDepth)
	}
	e, err := p.or(condition)
	if err != nil {
		return expr{}, err
	}
	p.depth--
	p.space()
	if !p.take(")") {
		return expr{}, invalid("a ) is missing %s", p.near())
	}
	return e, nil
}

// quoted reads a string in double quotes. The result keeps a backslash before
// a * that is meant as such.
func (p *parser) quoted() (string, error) {
	p.take(`"`)
	var out strings.Builder
	for i := 0; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == '"':
			p.rest = p.rest[i+1:]
			return out.String(), nil
		case c == '\\' && i+1 < len(p.rest):
			i++
			if p.rest[i] != '"' { // of \" only the quote is meant
				out.WriteByte('\\')
			}
			out.WriteByte(p.rest[i])
		default:
			out.WriteByte(c)
		}
	}
	return "", invalid("a closing quote is missing")
}
