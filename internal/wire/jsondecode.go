package wire

import (
	"reflect"
	"unicode/utf8"
)

// decodeJSON reads an operation's input. Members the plan does not have are
// skipped, as AWS does; null is the same as absent.
func decodeJSON(p *plan, data []byte, v reflect.Value) *shapeError {
	if !utf8.Valid(data) {
		return shapeErrorf("the body is not UTF-8")
	}
	d := &jsonReader{data: data, budget: budgetOf(len(data))}
	if d.peek() == 0 && d.pos == len(data) {
		return nil // an empty body is an empty input
	}
	if err := d.value(p, v); err != nil {
		return err
	}
	if d.peek(); d.pos != len(data) {
		return d.malformed("text after the end of the value")
	}
	return nil
}

// value reads one value into v.
func (d *jsonReader) value(p *plan, v reflect.Value) *shapeError {
	switch p.kind {
	case kindPointer:
		v.Set(reflect.New(p.elem.typ))
		return d.value(p.elem, v.Elem())
	case kindStruct:
		return d.structure(p, v)
	case kindList:
		return d.list(p, v)
	case kindMap:
		return d.mapping(p, v)
	case kindRefused:
		return refusedShape()
	}
	return d.scalar(p, v)
}

func (d *jsonReader) scalar(p *plan, v reflect.Value) *shapeError {
	c := d.peek()
	switch {
	case c == '"':
		return d.fromString(p, v)
	case c == 't' || c == 'f':
		if p.kind != kindBool {
			return d.wrong(p)
		}
		v.SetBool(c == 't')
		if c == 't' {
			return d.literal("true")
		}
		return d.literal("false")
	case c == '-' || c >= '0' && c <= '9':
		return d.fromNumber(p, v)
	}
	return d.wrong(p)
}

func (d *jsonReader) fromString(p *plan, v reflect.Value) *shapeError {
	raw, err := d.str()
	if err != nil {
		return err
	}
	switch p.kind {
	case kindString:
		v.SetString(string(raw))
		return nil
	case kindBlob:
		blob, err := parseBlob(string(raw))
		v.SetBytes(blob)
		return err
	case kindFloat:
		switch text := string(raw); text {
		case "NaN", "Infinity", "-Infinity":
			return setFloat(v, text)
		}
	}
	return mismatch("STRING_VALUE", p.kind)
}

func (d *jsonReader) fromNumber(p *plan, v reflect.Value) *shapeError {
	text, err := d.number()
	if err != nil {
		return err
	}
	switch p.kind {
	case kindInt:
		return setInt(v, string(text))
	case kindFloat:
		return setFloat(v, string(text))
	case kindTime:
		t, err := parseEpoch(string(text))
		v.Set(reflect.ValueOf(t))
		return err
	}
	return mismatch("NUMBER_VALUE", p.kind)
}

// object walks the members of an object; member reads the value of each.
func (d *jsonReader) object(p *plan, member func(key []byte) *shapeError) *shapeError {
	if d.peek() != '{' {
		return d.wrong(p)
	}
	if err := d.enter(); err != nil {
		return err
	}
	for first := true; ; first = false {
		c := d.peek()
		if c == '}' {
			d.leave()
			return nil
		}
		if !first {
			if c != ',' {
				return d.malformed("',' or '}' is missing")
			}
			d.pos++
			c = d.peek()
		}
		if c != '"' {
			return d.malformed("a member's name is missing")
		}
		key, err := d.str()
		if err != nil {
			return err
		}
		if d.peek() != ':' {
			return d.malformed("':' is missing")
		}
		d.pos++
		if err := member(key); err != nil {
			return err
		}
	}
}

func (d *jsonReader) structure(p *plan, v reflect.Value) *shapeError {
	return d.object(p, func(key []byte) *shapeError {
		i, known := p.byName[string(key)]
		if !known {
			return d.skip()
		}
		f := &p.fields[i]
		member := v.Field(f.index)
		if d.peek() == 'n' {
			member.SetZero()
			return d.literal("null")
		}
		if err := d.value(f.plan, member); err != nil {
			return err.inMember(f.name)
		}
		return nil
	})
}

func (d *jsonReader) mapping(p *plan, v reflect.Value) *shapeError {
	v.Set(reflect.MakeMap(p.typ))
	return d.object(p, func(key []byte) *shapeError {
		name := string(key)
		if err := d.budget.take(p.elem); err != nil {
			return err
		}
		elem := reflect.New(p.elem.typ).Elem()
		if d.peek() == 'n' {
			return shapeErrorf("null is not a value").inMember(name)
		}
		if err := d.value(p.elem, elem); err != nil {
			return err.inMember(name)
		}
		v.SetMapIndex(reflect.ValueOf(name).Convert(p.typ.Key()), elem)
		return nil
	})
}

func (d *jsonReader) list(p *plan, v reflect.Value) *shapeError {
	if d.peek() != '[' {
		return d.wrong(p)
	}
	if err := d.enter(); err != nil {
		return err
	}
	v.Set(reflect.MakeSlice(p.typ, 0, 0))
	for i := 0; ; i++ {
		c := d.peek()
		if c == ']' {
			d.leave()
			return nil
		}
		if i > 0 {
			if c != ',' {
				return d.malformed("',' or ']' is missing")
			}
			d.pos++
			c = d.peek()
		}
		if c == 'n' {
			return shapeErrorf("null is not a value").inElement(i)
		}
		if err := d.budget.take(p.elem); err != nil {
			return err
		}
		v.Grow(1)
		v.SetLen(i + 1)
		if err := d.value(p.elem, v.Index(i)); err != nil {
			return err.inElement(i)
		}
	}
}
