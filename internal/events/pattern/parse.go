package pattern

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// most is how many combinations the $or of a pattern may come to.
const most = 1000

// parser reads a pattern token by token, because an error tells its place.
type parser struct {
	text string
	d    *json.Decoder
	at   int64 // where the newest token begins
}

func parse(text string) (node, error) {
	p := &parser{text: text, d: json.NewDecoder(strings.NewReader(text))}
	p.d.UseNumber()
	t, err := p.next()
	if err != nil {
		return node{}, err
	}
	if t != json.Delim('{') {
		return node{}, p.fail(t, "Filter is not an object")
	}
	top, n, err := p.object(1)
	if err != nil {
		return node{}, err
	}
	if n > most {
		return node{}, &Error{fmt.Sprintf("Rule is too complex: its $or come to %d combinations, at most %d are taken", n, most)}
	}
	if _, err := p.d.Token(); !errors.Is(err, io.EOF) {
		return node{}, p.fail(nil, "Unexpected text after the pattern")
	}
	return top, nil
}

func (p *parser) next() (json.Token, error) {
	before := p.d.InputOffset()
	t, err := p.d.Token()
	if err != nil {
		return nil, p.fail(nil, "Invalid JSON")
	}
	rest := p.text[before:]
	p.at = before + int64(len(rest)-len(strings.TrimLeft(rest, " \t\r\n,:")))
	return t, nil
}

// fail is an error at the newest token. Like AWS's reader it has read no more
// than the quotation mark of a string.
func (p *parser) fail(t json.Token, format string, args ...any) error {
	at := p.d.InputOffset()
	if _, ok := t.(string); ok {
		at = p.at + 1
	}
	before := p.text[:min(at, int64(len(p.text)))]
	line := strings.Count(before, "\n") + 1
	column := len(before) - strings.LastIndex(before, "\n")
	return &Error{fmt.Sprintf(format, args...) + fmt.Sprintf("\n at [Source: (String)\"%s\"; line: %d, column: %d]", p.text, line, column)}
}

// deepest is how far patterns nest.
const deepest = 100

// object reads the rest of an object, and counts what its $or come to.
func (p *parser) object(depth int) (node, int, error) {
	out, n := node{leaves: map[string][]matcher{}, nested: map[string]node{}}, 1
	if depth > deepest {
		return out, n, p.fail(nil, "The pattern nests too deep")
	}
	empty := true
	for {
		t, err := p.next()
		if err != nil {
			return out, n, err
		}
		if t == json.Delim('}') {
			if empty {
				return out, n, p.fail(t, "Empty objects are not allowed")
			}
			return out, n, nil
		}
		empty = false
		times, err := p.member(&out, t.(string), depth)
		if err != nil {
			return out, n, err
		}
		n = min(n*times, most+1)
	}
}

// member reads a field's value. The last of two fields of one name counts.
func (p *parser) member(out *node, field string, depth int) (int, error) {
	t, err := p.next()
	if err != nil {
		return 0, err
	}
	switch t {
	case json.Delim('{'):
		below, n, err := p.object(depth + 1)
		delete(out.leaves, field)
		out.nested[field] = below
		return n, err
	case json.Delim('['):
		if field == "$or" {
			alternatives, n, err := p.alternatives(depth)
			out.either = append(out.either, alternatives)
			return n, err
		}
		matchers, err := p.list()
		delete(out.nested, field)
		out.leaves[field] = matchers
		return 1, err
	}
	return 0, p.fail(t, "\"%s\" must be an object or an array", field)
}

// alternatives reads the rest of the list of an $or.
func (p *parser) alternatives(depth int) (out []node, n int, err error) {
	for {
		t, err := p.next()
		switch {
		case err != nil:
			return nil, 0, err
		case t == json.Delim(']') && len(out) < 2:
			return nil, 0, p.fail(t, "$or must be an array of at least two objects")
		case t == json.Delim(']'):
			return out, n, nil
		case t != json.Delim('{'):
			return nil, 0, p.fail(t, "$or must be an array of at least two objects")
		}
		a, times, err := p.object(depth + 1)
		if err != nil {
			return nil, 0, err
		}
		out, n = append(out, a), min(n+times, most+1)
	}
}

// list reads the rest of a list of matchers.
func (p *parser) list() (out []matcher, err error) {
	for {
		t, err := p.next()
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case json.Delim:
			switch {
			case t == ']' && len(out) == 0:
				return nil, p.fail(t, "Empty arrays are not allowed")
			case t == ']':
				return out, nil
			case t == '[':
				return nil, p.fail(t, "Match value must be String, number, true, false, or null")
			}
			m, err := p.expression()
			if err != nil {
				return nil, err
			}
			out = append(out, m)
		case string:
			out = append(out, text(t))
		case json.Number:
			out = append(out, number(t))
		default:
			out = append(out, literal{t})
		}
	}
}
