package filter

import (
	"math"
	"strconv"
	"strings"
)

// value is what a condition looks at.
type value struct {
	kind byte // of JSON: 's'tring, 'n'umber, 'b'oolean, '0' for null; 'f' is a field of a text
	text []byte
}

// comparison is an operator with its right side, one of glob, regex, number.
type comparison struct {
	op      string
	glob    *glob
	quoted  bool
	regex   func(b []byte) bool
	numeric bool
	number  float64
}

var operators = [...]string{"!=", ">=", "<=", "=", ">", "<"} // longer ones first

// comparison reads an operator and its right side. stop holds the characters
// that end a bare word.
func (p *parser) comparison(stop string) (*comparison, error) {
	p.space()
	c := &comparison{}
	for _, op := range operators {
		if p.take(op) {
			c.op = op
			break
		}
	}
	if c.op == "" {
		return nil, invalid("an operator is missing %s", p.near())
	}
	p.space()
	switch {
	case p.rest != "" && p.rest[0] == '"':
		text, err := p.quoted()
		if err != nil {
			return nil, err
		}
		c.glob, c.quoted = newGlob(text), true
	case p.rest != "" && p.rest[0] == '%':
		var err error
		if c.regex, err = p.regex(); err != nil {
			return nil, err
		}
	default:
		word := p.while(func(r rune) bool { return !strings.ContainsRune(stop+" \t\r\n", r) })
		if word == "" {
			return nil, invalid("a value is missing %s", p.near())
		}
		if c.number, c.numeric = parseNumber(word); !c.numeric {
			c.glob = newGlob(word)
		}
	}
	if c.op != "=" && c.op != "!=" && !c.numeric {
		return nil, invalid("the operator %s takes a number", c.op)
	}
	return c, nil
}

// parseNumber reads an integer, a decimal or scientific notation.
func parseNumber(s string) (float64, bool) {
	if strings.Trim(s, "+-.0123456789eE") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && !math.IsInf(f, 0)
}

// holds tells whether v stands in the comparison. A value of another kind
// than the right side is unequal to it.
func (c *comparison) holds(v value) bool {
	if c.numeric {
		return c.holdsNumber(v)
	}
	equal := false
	switch {
	case c.regex != nil:
		equal = v.kind != 'b' && v.kind != '0' && c.regex(v.text)
	case v.kind == 's' || v.kind == 'f' || v.kind == 'n' && !c.quoted:
		equal = c.glob.match(v.text)
	}
	return equal == (c.op == "=")
}

func (c *comparison) holdsNumber(v value) bool {
	f, ok := 0.0, false
	if v.kind == 'n' || v.kind == 'f' {
		f, ok = parseNumber(string(v.text))
	}
	switch c.op {
	case "=":
		return ok && f == c.number
	case "!=":
		return !ok || f != c.number
	case ">":
		return ok && f > c.number
	case "<":
		return ok && f < c.number
	case ">=":
		return ok && f >= c.number
	}
	return ok && f <= c.number
}

// literal is the longest string that a matching value holds, "" when there is
// none.
func (c *comparison) literal() string {
	if c.op != "=" || c.glob == nil {
		return ""
	}
	long := ""
	for _, part := range c.glob.parts {
		if len(part) > len(long) {
			long = part
		}
	}
	return long
}

// glob is a string in which * stands for any number of characters.
type glob struct {
	parts []string // between the stars
}

// newGlob reads a glob; a backslash takes the next character as it is.
func newGlob(s string) *glob {
	g := &glob{}
	var part strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '*' || s[i+1] == '\\'):
			i++
			part.WriteByte(s[i])
		case s[i] == '*':
			g.parts = append(g.parts, part.String())
			part.Reset()
		default:
			part.WriteByte(s[i])
		}
	}
	g.parts = append(g.parts, part.String())
	return g
}

func (g *glob) match(b []byte) bool {
	s := string(b)
	last := len(g.parts) - 1
	if last == 0 {
		return s == g.parts[0]
	}
	s, ok := strings.CutPrefix(s, g.parts[0])
	if !ok {
		return false
	}
	for _, part := range g.parts[1:last] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return strings.HasSuffix(s, g.parts[last])
}
