package pattern

import (
	"encoding/json"
	"math/big"
	"net/netip"
	"strconv"
	"strings"
)

// expression reads the rest of an object that says how to match.
func (p *parser) expression() (matcher, error) {
	t, err := p.next()
	if err != nil {
		return nil, err
	}
	name, ok := t.(string)
	if !ok {
		return nil, p.fail(t, "Match expression name not found")
	}
	if t, err = p.next(); err != nil {
		return nil, err
	}
	m, err := p.operand(name, t)
	if err != nil {
		return nil, err
	}
	return m, p.closed()
}

// closed reads the end of an expression, which has one key.
func (p *parser) closed() error {
	t, err := p.next()
	if err == nil && t != json.Delim('}') {
		err = p.fail(t, "Only one key allowed in match expression")
	}
	return err
}

func (p *parser) operand(name string, t json.Token) (matcher, error) {
	switch name {
	case "anything-but":
		return p.anythingBut(t)
	case "numeric":
		return p.numeric(t)
	case "exists":
		is, ok := t.(bool)
		if !ok {
			return nil, p.fail(t, "exists match pattern must be either true or false.")
		}
		return exists(is), nil
	case "prefix", "suffix":
		if t == json.Delim('{') {
			return p.foldedAffix(name)
		}
	case "cidr", "wildcard", "equals-ignore-case":
	default:
		return nil, p.fail(t, "Unrecognized match type %s", name)
	}
	s, ok := t.(string)
	if !ok {
		if name == "cidr" {
			return nil, p.fail(t, "prefix match pattern must be a string")
		}
		return nil, p.fail(t, "%s match pattern must be a string", name)
	}
	return p.word(name, s)
}

// word is a matcher that a string makes.
func (p *parser) word(name, s string) (matcher, error) {
	switch name {
	case "prefix", "suffix":
		return affix{affix: s, end: name == "suffix"}, nil
	case "equals-ignore-case":
		return fold(s), nil
	case "cidr":
		return p.cidr(s)
	}
	return p.wildcard(s)
}

// foldedAffix reads the rest of {"prefix": {"equals-ignore-case": "x"}}.
func (p *parser) foldedAffix(name string) (matcher, error) {
	t, err := p.next()
	if err != nil {
		return nil, err
	}
	if t != "equals-ignore-case" {
		return nil, p.fail(t, "Unsupported %s pattern: %v", name, t)
	}
	if t, err = p.next(); err != nil {
		return nil, err
	}
	s, ok := t.(string)
	if !ok {
		return nil, p.fail(t, "equals-ignore-case match pattern must be a string")
	}
	return affix{affix: s, end: name == "suffix", fold: true}, p.closed()
}

func (p *parser) cidr(s string) (matcher, error) {
	address, mask, ok := strings.Cut(s, "/")
	if !ok || strings.Contains(mask, "/") {
		return nil, p.fail(s, "Malformed CIDR, one '/' required")
	}
	addr, err := netip.ParseAddr(address)
	if err != nil || addr.Zone() != "" {
		return nil, p.fail(s, "Nonstandard IP address: %s", address)
	}
	bits, err := strconv.Atoi(mask)
	if err != nil {
		return nil, p.fail(s, "Malformed CIDR, mask bits must be an integer")
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return nil, p.fail(s, "Malformed CIDR, mask bits must not be negative or exceed %d", addr.BitLen())
	}
	return cidr(prefix), nil
}

// wildcard reads asterisks, and what a backslash takes their meaning from.
func (p *parser) wildcard(s string) (matcher, error) {
	var out wildcard
	var piece strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			if i++; i == len(s) || s[i] != '*' && s[i] != '\\' {
				return nil, p.fail(s, "Invalid escape character at pos %d", i-1)
			}
			piece.WriteByte(s[i])
		case s[i] != '*':
			piece.WriteByte(s[i])
		case i > 0 && s[i-1] == '*' && len(out) > 0 && piece.Len() == 0:
			return nil, p.fail(s, "Consecutive wildcard characters at pos %d", i-1)
		default:
			out = append(out, piece.String())
			piece.Reset()
		}
	}
	return append(out, piece.String()), nil
}

// anythingBut reads a value, a list of them, or an object of one operator with
// either.
func (p *parser) anythingBut(t json.Token) (matcher, error) {
	if t != json.Delim('{') {
		return p.excluded(t, nil)
	}
	t, err := p.next()
	if err != nil {
		return nil, err
	}
	name, _ := t.(string)
	switch name {
	case "prefix", "suffix", "equals-ignore-case", "wildcard":
	default:
		return nil, p.fail(t, "Unsupported anything-but pattern: %v", t)
	}
	if t, err = p.next(); err != nil {
		return nil, err
	}
	m, err := p.excluded(t, func(t json.Token) (matcher, error) {
		if t == json.Delim('{') && (name == "prefix" || name == "suffix") {
			return p.foldedAffix(name)
		}
		s, ok := t.(string)
		switch {
		case !ok:
			return nil, p.fail(t, "%s match pattern must be a string", name)
		case s == "" && name != "equals-ignore-case":
			return nil, p.fail(t, "Null/Empty %s match pattern is not allowed", name)
		}
		return p.word(name, s)
	})
	if err != nil {
		return nil, err
	}
	return m, p.closed()
}

// excluded reads what a value must not be: one, or a list. read reads each; nil
// is strings, or numbers.
func (p *parser) excluded(t json.Token, read func(json.Token) (matcher, error)) (out unlike, err error) {
	numbers, words := false, false
	if read == nil {
		read = func(t json.Token) (matcher, error) {
			switch t := t.(type) {
			case string:
				words = true
				return text(t), nil
			case json.Number:
				numbers = true
				n, ok := rational(t)
				if !ok {
					return nil, p.fail(t, "Value of anything-but is no number that can be compared")
				}
				return equal{n}, nil
			}
			return nil, p.fail(t, "Inside anything but list, start|null|boolean is not supported.")
		}
	}
	if t != json.Delim('[') {
		m, err := read(t)
		return unlike{m}, err
	}
	for {
		if t, err = p.next(); err != nil {
			return nil, err
		}
		switch {
		case t == json.Delim(']') && len(out) == 0:
			return nil, p.fail(t, "Empty arrays are not allowed")
		case t == json.Delim(']') && numbers && words:
			return nil, p.fail(t, "Inside anything but list, either all values are number or string, mixed type is not supported")
		case t == json.Delim(']'):
			return out, nil
		}
		m, err := read(t)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
}

// numeric reads ["=", 5], [">", 0] or [">", 0, "<=", 5].
func (p *parser) numeric(t json.Token) (matcher, error) {
	if t != json.Delim('[') {
		return nil, p.fail(t, "Value of numeric must be an array.")
	}
	var out within
	var is *big.Rat
	terms := 0
	for {
		t, err := p.next()
		if err != nil {
			return nil, err
		}
		if t == json.Delim(']') {
			return p.numbered(terms, is, out)
		}
		operator, ok := t.(string)
		if !ok {
			return nil, p.fail(t, "Invalid member in numeric match: %v", t)
		}
		if t, err = p.next(); err != nil {
			return nil, err
		}
		n, ok := rational(t)
		if !ok {
			return nil, p.fail(t, "Value of %s must be numeric", map[bool]string{true: "equals", false: operator}[operator == "="])
		}
		if terms++; terms > 1 && (is != nil || operator == "=") || terms > 2 {
			return nil, p.fail(t, "Too many terms in numeric range expression")
		}
		switch {
		case operator == "=":
			is = n
		case (operator == ">" || operator == ">=") && out.low == nil:
			out.low, out.lowToo = n, operator == ">="
		case (operator == "<" || operator == "<=") && out.high == nil:
			out.high, out.highToo = n, operator == "<="
		default:
			return nil, p.fail(t, "Bad numeric range operator: %s", operator)
		}
	}
}

func (p *parser) numbered(terms int, is *big.Rat, out within) (matcher, error) {
	switch {
	case terms == 0:
		return nil, p.fail(nil, "Invalid member in numeric match: ]")
	case is != nil:
		return equal{is}, nil
	case out.low != nil && out.high != nil && out.low.Cmp(out.high) >= 0:
		return nil, p.fail(nil, "Bottom must be less than top")
	}
	return out, nil
}
