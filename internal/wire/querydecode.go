package wire

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// form is a query request as a tree: "A.member.1.B=x" is A → member → 1 → B.
type form struct {
	value string
	set   bool // has a value of its own
	kids  map[string]*form
}

// put adds a parameter; nodes counts those of the whole tree.
func (f *form) put(name, value string, nodes *int) *shapeError {
	if !utf8.ValidString(name) || !utf8.ValidString(value) {
		return shapeErrorf("a parameter is not UTF-8")
	}
	for depth := 0; ; depth++ {
		if depth > maxDepth {
			return shapeErrorf("a parameter is nested deeper than %d levels", maxDepth)
		}
		first, rest, more := strings.Cut(name, ".")
		kid := f.kids[first]
		if kid == nil {
			if *nodes++; *nodes > 2*maxElements {
				return shapeErrorf("the parameters' names have more than %d parts", 2*maxElements)
			}
			kid = &form{}
			if f.kids == nil {
				f.kids = map[string]*form{}
			}
			f.kids[first] = kid
		}
		f, name = kid, rest
		if !more {
			f.value, f.set = value, true
			return nil
		}
	}
}

// text is the value of a top-level parameter.
func (f *form) text(name string) string {
	if kid := f.kids[name]; kid != nil {
		return kid.value
	}
	return ""
}

// decodeForm reads an operation's input out of a form. Parameters the plan
// does not have are ignored, as AWS does.
func decodeForm(p *plan, f *form, v reflect.Value) *shapeError {
	switch p.kind {
	case kindPointer:
		v.Set(reflect.New(p.elem.typ))
		return decodeForm(p.elem, f, v.Elem())
	case kindStruct:
		return decodeFormStruct(p, f, v)
	case kindList:
		return decodeFormList(p, f, v)
	case kindMap:
		return decodeFormMap(p, f, v)
	case kindRefused:
		return refusedShape()
	}
	if f.kids != nil {
		return shapeErrorf("Start of structure or map found where not expected (%s belongs here)", kindNames[p.kind])
	}
	return decodeText(p, f.value, v)
}

func decodeFormStruct(p *plan, f *form, v reflect.Value) *shapeError {
	for i := range p.fields {
		member := &p.fields[i]
		kid := f.kids[member.form]
		if kid == nil {
			continue
		}
		if err := decodeForm(member.plan, kid, v.Field(member.index)); err != nil {
			return err.inMember(member.form)
		}
	}
	return nil
}

// decodeFormList takes the elements in the order of their numbers. A list
// without elements is sent as an empty value.
func decodeFormList(p *plan, f *form, v reflect.Value) *shapeError {
	if f.value != "" {
		return mismatch("STRING_VALUE", kindList)
	}
	if !p.flat {
		f = f.kids["member"]
	}
	elements, err := numbered(f)
	if err != nil {
		return err
	}
	if uintptr(len(elements))*p.elem.typ.Size() > maxMemory {
		return shapeErrorf("the list has more elements than are taken")
	}
	v.Set(reflect.MakeSlice(p.typ, len(elements), len(elements)))
	for i, e := range elements {
		if err := decodeForm(p.elem, e, v.Index(i)); err != nil {
			return err.inElement(i)
		}
	}
	return nil
}

func decodeFormMap(p *plan, f *form, v reflect.Value) *shapeError {
	if f.value != "" {
		return mismatch("STRING_VALUE", kindMap)
	}
	entries, err := numbered(f.kids["entry"])
	if err != nil {
		return err
	}
	v.Set(reflect.MakeMap(p.typ))
	for i, e := range entries {
		key, value := cmp.Or(e.kids["key"], e.kids["Name"]), cmp.Or(e.kids["value"], e.kids["Value"]) // SNS has both
		if key == nil || value == nil {
			return shapeErrorf("an entry needs key and value").inElement(i)
		}
		elem := reflect.New(p.elem.typ).Elem()
		if err := decodeForm(p.elem, value, elem); err != nil {
			return err.inMember(key.value)
		}
		v.SetMapIndex(reflect.ValueOf(key.value).Convert(p.typ.Key()), elem)
	}
	return nil
}

// numbered returns the children 1, 2, … in order; holes close.
func numbered(f *form) ([]*form, *shapeError) {
	if f == nil {
		return nil, nil
	}
	type element struct {
		n    int
		form *form
	}
	elements := make([]element, 0, len(f.kids))
	for name, kid := range f.kids {
		n, err := strconv.Atoi(name)
		if err != nil || n < 1 {
			return nil, shapeErrorf("%.40q is not the number of an element", name)
		}
		elements = append(elements, element{n, kid})
	}
	slices.SortFunc(elements, func(a, b element) int { return cmp.Compare(a.n, b.n) })
	forms := make([]*form, len(elements))
	for i, e := range elements {
		forms[i] = e.form
	}
	return forms, nil
}

// decodeText reads a scalar as the query protocol writes it.
func decodeText(p *plan, text string, v reflect.Value) *shapeError {
	switch p.kind {
	case kindString:
		v.SetString(text)
	case kindBool:
		switch text {
		case "true", "false":
			v.SetBool(text == "true")
		default:
			return mismatch("STRING_VALUE", kindBool)
		}
	case kindInt:
		if strings.Trim(text, "+-.0123456789eE") != "" || text == "" {
			return mismatch("STRING_VALUE", kindInt)
		}
		return setInt(v, text)
	case kindFloat:
		return setFloat(v, text)
	case kindTime:
		t, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return mismatch("STRING_VALUE", kindTime)
		}
		v.Set(reflect.ValueOf(t.UTC()))
	case kindBlob:
		blob, err := parseBlob(text)
		v.SetBytes(blob)
		return err
	}
	return nil
}
