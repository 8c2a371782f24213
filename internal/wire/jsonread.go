package wire

import (
	"unicode/utf16"
	"unicode/utf8"
)

// jsonReader is the lexer under decodeJSON: strict RFC 8259 over a body that
// is known to be UTF-8, with bounds on depth and on the number of elements.
type jsonReader struct {
	data    []byte
	pos     int
	depth   int
	budget  budget
	scratch []byte // of the last string that had escapes
}

// peek skips white space and returns the next byte, 0 at the end.
func (d *jsonReader) peek() byte {
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; c {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return c
		}
	}
	return 0
}

func (d *jsonReader) malformed(why string) *shapeError {
	return shapeErrorf("malformed JSON, byte %d: %s", d.pos, why)
}

// wrong explains the value at hand, which is none p takes.
func (d *jsonReader) wrong(p *plan) *shapeError {
	switch c := d.peek(); {
	case c == '{':
		return shapeErrorf("Start of structure or map found where not expected (%s belongs here)", kindNames[p.kind])
	case c == '[':
		return shapeErrorf("Start of list found where not expected (%s belongs here)", kindNames[p.kind])
	case c == '"':
		return mismatch("STRING_VALUE", p.kind)
	case c == 't':
		return mismatch("TRUE_VALUE", p.kind)
	case c == 'f':
		return mismatch("FALSE_VALUE", p.kind)
	case c == '-' || c >= '0' && c <= '9':
		return mismatch("NUMBER_VALUE", p.kind)
	case c == 'n':
		return mismatch("NULL_VALUE", p.kind)
	}
	return d.malformed("a value is missing")
}

// enter steps into an object or list.
func (d *jsonReader) enter() *shapeError {
	d.pos++
	if d.depth++; d.depth > maxDepth {
		return shapeErrorf("the body is nested deeper than %d levels", maxDepth)
	}
	return nil
}

func (d *jsonReader) leave() {
	d.pos++
	d.depth--
}

func (d *jsonReader) literal(word string) *shapeError {
	if len(d.data)-d.pos < len(word) || string(d.data[d.pos:d.pos+len(word)]) != word {
		return d.malformed("unknown word")
	}
	d.pos += len(word)
	return nil
}

// number reads a number's text.
func (d *jsonReader) number() ([]byte, *shapeError) {
	start := d.pos
	if d.data[d.pos] == '-' {
		d.pos++
	}
	whole := d.digits()
	if whole == 0 || whole > 1 && d.data[d.pos-whole] == '0' {
		return nil, d.malformed("not a number")
	}
	if d.next('.') && d.digits() == 0 {
		return nil, d.malformed("not a number")
	}
	if d.next('e') || d.next('E') {
		if !d.next('+') {
			d.next('-')
		}
		if d.digits() == 0 {
			return nil, d.malformed("not a number")
		}
	}
	return d.data[start:d.pos], nil
}

func (d *jsonReader) digits() int {
	start := d.pos
	for d.pos < len(d.data) && d.data[d.pos] >= '0' && d.data[d.pos] <= '9' {
		d.pos++
	}
	return d.pos - start
}

func (d *jsonReader) next(c byte) bool {
	if d.pos < len(d.data) && d.data[d.pos] == c {
		d.pos++
		return true
	}
	return false
}

// str reads a string; the result is valid until the next one.
func (d *jsonReader) str() ([]byte, *shapeError) {
	d.pos++
	start := d.pos
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; {
		case c == '"':
			d.pos++
			return d.data[start : d.pos-1], nil
		case c == '\\':
			return d.escaped(start)
		case c < ' ':
			return nil, d.malformed("a control character inside a string")
		default:
			d.pos++
		}
	}
	return nil, d.malformed("a string does not end")
}

// escaped reads on at the first escape of a string that began at start.
func (d *jsonReader) escaped(start int) ([]byte, *shapeError) {
	out := append(d.scratch[:0], d.data[start:d.pos]...)
	for d.pos < len(d.data) {
		c := d.data[d.pos]
		switch {
		case c == '"':
			d.pos++
			d.scratch = out
			return out, nil
		case c < ' ':
			return nil, d.malformed("a control character inside a string")
		case c != '\\':
			out = append(out, c)
			d.pos++
		default:
			r, err := d.escape()
			if err != nil {
				return nil, err
			}
			out = utf8.AppendRune(out, r)
		}
	}
	return nil, d.malformed("a string does not end")
}

// escape reads one escape sequence, or two that are a surrogate pair.
func (d *jsonReader) escape() (rune, *shapeError) {
	if d.pos+1 >= len(d.data) {
		return 0, d.malformed("a string does not end")
	}
	c := d.data[d.pos+1]
	d.pos += 2
	switch c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		r, ok := d.hex4()
		if ok && utf16.IsSurrogate(r) {
			ok = d.next('\\') && d.next('u')
			var low rune
			if ok {
				low, ok = d.hex4()
			}
			r = utf16.DecodeRune(r, low)
			ok = ok && r != utf8.RuneError
		}
		if ok {
			return r, nil
		}
	}
	return 0, d.malformed("not an escape sequence")
}

func (d *jsonReader) hex4() (rune, bool) {
	if d.pos+4 > len(d.data) {
		return 0, false
	}
	var r rune
	for _, c := range d.data[d.pos : d.pos+4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	d.pos += 4
	return r, true
}

// skip reads over a value nobody asked for.
func (d *jsonReader) skip() *shapeError {
	switch c := d.peek(); {
	case c == '{':
		return d.object(nil, func([]byte) *shapeError { return d.skip() })
	case c == '[':
		return d.skipList()
	case c == '"':
		_, err := d.str()
		return err
	case c == 't':
		return d.literal("true")
	case c == 'f':
		return d.literal("false")
	case c == 'n':
		return d.literal("null")
	case c == '-' || c >= '0' && c <= '9':
		_, err := d.number()
		return err
	}
	return d.malformed("a value is missing")
}

func (d *jsonReader) skipList() *shapeError {
	if err := d.enter(); err != nil {
		return err
	}
	for first := true; ; first = false {
		c := d.peek()
		if c == ']' {
			d.leave()
			return nil
		}
		if !first {
			if c != ',' {
				return d.malformed("',' or ']' is missing")
			}
			d.pos++
		}
		if err := d.skip(); err != nil {
			return err
		}
	}
}
