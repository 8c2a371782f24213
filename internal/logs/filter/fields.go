package filter

import "bytes"

// fieldPattern is one field of a space-delimited pattern.
type fieldPattern struct {
	rest bool  // ... : any number of fields
	expr *expr // nil: any field
}

// fields reads [a, b = 1, ...].
func (p *parser) fields() (expr, error) {
	p.take("[")
	var list []fieldPattern
	var needles []string
	for {
		f, err := p.field()
		if err != nil {
			return expr{}, err
		}
		list = append(list, f)
		if f.expr != nil {
			needles = both(needles, f.expr.needles)
		}
		if p.space(); !p.take(",") {
			break
		}
	}
	if !p.take("]") {
		return expr{}, invalid("a ] is missing %s", p.near())
	}
	if p.space(); p.rest != "" {
		return expr{}, invalid("it goes on after the ] %s", p.near())
	}
	rests := 0
	for _, f := range list {
		if f.rest {
			rests++
		}
	}
	if rests > 1 {
		return expr{}, invalid("it has more than one ...")
	}
	return expr{match: func(b []byte) bool { return matchFields(list, rests > 0, splitFields(b)) }, needles: needles}, nil
}

// field reads a name, conditions on a name, or "...".
func (p *parser) field() (fieldPattern, error) {
	p.space()
	if p.take("...") {
		return fieldPattern{rest: true}, nil
	}
	start := p.rest
	p.name()
	if p.space(); p.rest == "" || p.rest[0] == ',' || p.rest[0] == ']' {
		return fieldPattern{}, nil
	}
	p.rest = start
	name := ""
	e, err := p.or(func() (expr, error) {
		p.space()
		n := p.name()
		if n == "" || name != "" && n != name {
			return expr{}, invalid("the conditions of a field need its name %s", p.near())
		}
		name = n
		c, err := p.comparison(",])&|")
		if err != nil {
			return expr{}, err
		}
		e := expr{match: func(b []byte) bool { return c.holds(value{kind: 'f', text: b}) }}
		if l := c.literal(); l != "" {
			e.needles = []string{l}
		}
		return e, nil
	})
	return fieldPattern{expr: &e}, err
}

func (p *parser) name() string {
	return p.while(func(r rune) bool { return isWord(r) || r == '-' || r == '.' || r == '$' || r == '@' })
}

// splitFields takes a message apart at spaces; what stands in [] or "" is one
// field, without them.
func splitFields(b []byte) (out [][]byte) {
	for {
		b = bytes.TrimLeft(b, " \t\r\n")
		if len(b) == 0 {
			return out
		}
		closing := byte(0)
		switch b[0] {
		case '[':
			closing = ']'
		case '"':
			closing = '"'
		}
		if closing != 0 {
			if end := bytes.IndexByte(b[1:], closing); end >= 0 {
				out = append(out, b[1:1+end])
				b = b[end+2:]
				continue
			}
		}
		end := bytes.IndexAny(b, " \t\r\n")
		if end < 0 {
			end = len(b)
		}
		out = append(out, b[:end])
		b = b[end:]
	}
}

// matchFields matches fields by position. Without "..." a last field without
// condition stands for all that is left.
func matchFields(list []fieldPattern, hasRest bool, fields [][]byte) bool {
	if !hasRest {
		last := list[len(list)-1]
		if len(fields) < len(list) || len(fields) > len(list) && last.expr != nil {
			return false
		}
		return matchEach(list, fields[:len(list)])
	}
	if len(fields) < len(list)-1 {
		return false
	}
	for i, f := range list {
		if f.rest {
			tail := list[i+1:]
			return matchEach(list[:i], fields[:i]) && matchEach(tail, fields[len(fields)-len(tail):])
		}
	}
	return false
}

func matchEach(list []fieldPattern, fields [][]byte) bool {
	for i, f := range list {
		if f.expr != nil && !f.expr.match(fields[i]) {
			return false
		}
	}
	return true
}
