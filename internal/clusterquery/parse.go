package clusterquery

import (
	"fmt"
	"strings"
)

// Bounds of an expression, far above any that a person writes.
const (
	maxLength = 4096
	maxDepth  = 32
)

// Parse reads an expression. The error says what is wrong with it, for a user
// to read.
func Parse(text string) (Query, error) {
	if len(text) > maxLength {
		return Query{}, fmt.Errorf("the expression has more than %d characters", maxLength)
	}
	p := &parser{rest: text}
	root, err := p.either(0)
	if err != nil {
		return Query{}, err
	}
	if p.space(); p.rest != "" {
		return Query{}, fmt.Errorf("unexpected %q", clip(p.rest))
	}
	return Query{root, text}, nil
}

// parser takes an expression apart from its beginning: or binds weakest, then
// and, then not.
type parser struct{ rest string }

func (p *parser) space() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

// sign takes one of the signs, which need nothing around them.
func (p *parser) sign(signs ...string) (string, bool) {
	p.space()
	for _, s := range signs {
		if rest, ok := strings.CutPrefix(p.rest, s); ok {
			p.rest = rest
			return s, true
		}
	}
	return "", false
}

// keyword takes a word that stands alone.
func (p *parser) keyword(words ...string) (string, bool) {
	p.space()
	end := strings.IndexFunc(p.rest, func(r rune) bool { return !inName(r) })
	if end < 0 {
		end = len(p.rest)
	}
	for _, w := range words {
		if strings.EqualFold(p.rest[:end], w) {
			p.rest = p.rest[end:]
			return w, true
		}
	}
	return "", false
}

func (p *parser) either(depth int) (node, error) {
	first, err := p.both(depth)
	if err != nil {
		return nil, err
	}
	out := or{[]node{first}}
	for {
		_, signed := p.sign("||")
		if !signed {
			if _, worded := p.keyword("or"); !worded {
				break
			}
		}
		next, err := p.both(depth)
		if err != nil {
			return nil, err
		}
		out.any = append(out.any, next)
	}
	if len(out.any) == 1 {
		return first, nil
	}
	return out, nil
}

func (p *parser) both(depth int) (node, error) {
	first, err := p.one(depth)
	if err != nil {
		return nil, err
	}
	out := and{[]node{first}}
	for {
		_, signed := p.sign("&&")
		if !signed {
			if _, worded := p.keyword("and"); !worded {
				break
			}
		}
		next, err := p.one(depth)
		if err != nil {
			return nil, err
		}
		out.all = append(out.all, next)
	}
	if len(out.all) == 1 {
		return first, nil
	}
	return out, nil
}

// one reads a comparison, or an expression in parentheses, or what is not so.
func (p *parser) one(depth int) (node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("the expression is nested more than %d deep", maxDepth)
	}
	_, negated := p.sign("!")
	if !negated {
		_, negated = p.keyword("not")
	}
	if negated {
		of, err := p.one(depth + 1)
		return not{of}, err
	}
	if _, ok := p.sign("("); ok {
		in, err := p.either(depth + 1)
		if err != nil {
			return nil, err
		}
		if _, ok := p.sign(")"); !ok {
			return nil, fmt.Errorf("a parenthesis is not closed before %q", clip(p.rest))
		}
		return in, nil
	}
	return p.comparison()
}

// inName tells whether subjects and words may have the character.
func inName(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(`_-./\:`, r)
}

func (p *parser) name() string {
	p.space()
	end := strings.IndexFunc(p.rest, func(r rune) bool { return !inName(r) })
	if end < 0 {
		end = len(p.rest)
	}
	name := p.rest[:end]
	p.rest = p.rest[end:]
	return name
}

// value reads an argument: to its closing quote, or to the next space or one
// of the characters that end it.
func (p *parser) value(ends string) (string, error) {
	p.space()
	if p.rest != "" && (p.rest[0] == '\'' || p.rest[0] == '"') {
		value, rest, ok := strings.Cut(p.rest[1:], p.rest[:1])
		if !ok {
			return "", fmt.Errorf("a quote is not closed: %q", clip(p.rest))
		}
		p.rest = rest
		return value, nil
	}
	end := strings.IndexAny(p.rest, " \t\r\n"+ends)
	if end < 0 {
		end = len(p.rest)
	}
	if end == 0 {
		return "", fmt.Errorf("an argument is missing before %q", clip(p.rest))
	}
	value := p.rest[:end]
	p.rest = p.rest[end:]
	return value, nil
}

// list reads the arguments of in.
func (p *parser) list() ([]string, error) {
	if _, ok := p.sign("["); !ok {
		return nil, fmt.Errorf("in takes a list [a, b], not %q", clip(p.rest))
	}
	var out []string
	for {
		v, err := p.value(",]()")
		if err != nil {
			return nil, err
		}
		out = append(out, v)
		switch s, _ := p.sign(",", "]"); s {
		case ",":
		case "]":
			return out, nil
		default:
			return nil, fmt.Errorf("a list is not closed before %q", clip(p.rest))
		}
	}
}

func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}
