package wire

import (
	"fmt"
	"io"
	"reflect"
	"time"
	"unicode"
	"unicode/utf8"
)

// kind is how a Go type of the SDK travels. Every protocol walks the same
// plans and differs only in what it writes for a kind.
type kind uint8

const (
	kindPointer kind = iota // *elem, nil when absent
	kindStruct
	kindList
	kindMap // keys are strings
	kindString
	kindBool
	kindInt
	kindFloat
	kindTime
	kindBlob
	kindRefused // unions and documents: absent is fine, present is refused by name
	kindStream  // io.Reader or io.ReadCloser: the whole body of a REST message
)

// plan is a type, taken apart once when the handler is built.
type plan struct {
	kind   kind
	typ    reflect.Type
	elem   *plan          // of a pointer, list or map
	fields []field        // of a struct, in the SDK's order
	byName map[string]int // wire name to index into fields
	byForm map[string]int // name in a form to index into fields
	flat   bool           // list: numbered without "member", written in <item>
}

// field is a member of a struct.
type field struct {
	name  string // on the wire
	form  string // in a form
	key   []byte // `"name":`
	index int    // in the Go struct
	plan  *plan

	binding *binding // of a REST service; nil: in the body, as usual
}

// planner builds the plans of one service; types met twice share a plan,
// which is also what lets recursive types end.
type planner struct {
	naming   Naming
	bindings *Bindings // nil: none
	tagged   bool      // names are in tags: types that are not the SDK's
	plans    map[reflect.Type]*plan
}

func newPlanner(naming Naming) *planner {
	return &planner{naming: naming, plans: map[reflect.Type]*plan{}}
}

var (
	timeType = reflect.TypeFor[time.Time]()
	blobType = reflect.TypeFor[[]byte]()

	readerType     = reflect.TypeFor[io.Reader]()
	readCloserType = reflect.TypeFor[io.ReadCloser]()
)

// plan returns the plan of t, or an error when a type can never travel.
func (pl *planner) plan(t reflect.Type) (*plan, error) {
	if p, ok := pl.plans[t]; ok {
		return p, nil
	}
	p := &plan{typ: t}
	pl.plans[t] = p
	var err error
	switch {
	case t == timeType:
		p.kind = kindTime
	case t == blobType:
		p.kind = kindBlob
	case t == readerType || t == readCloserType:
		p.kind = kindStream
	case t.Kind() == reflect.Pointer:
		p.kind = kindPointer
		p.elem, err = pl.plan(t.Elem())
	case t.Kind() == reflect.Slice:
		p.kind, p.flat = kindList, pl.tagged
		p.elem, err = pl.plan(t.Elem())
	case t.Kind() == reflect.Map && t.Key().Kind() == reflect.String:
		p.kind = kindMap
		p.elem, err = pl.plan(t.Elem())
	case t.Kind() == reflect.Struct:
		p.kind = kindStruct
		err = pl.planFields(p)
	default:
		p.kind, err = scalarKind(t)
	}
	return p, err
}

func scalarKind(t reflect.Type) (kind, error) {
	switch t.Kind() {
	case reflect.String:
		return kindString, nil
	case reflect.Bool:
		return kindBool, nil
	case reflect.Int32, reflect.Int64:
		return kindInt, nil
	case reflect.Float32, reflect.Float64:
		return kindFloat, nil
	case reflect.Interface:
		return kindRefused, nil
	}
	return 0, fmt.Errorf("wire: type %v has no form on the wire", t)
}

// planFields takes the members of a struct; what is not a member is the
// metadata of a result, the parts of an exception that travel otherwise, and
// whatever is unexported.
func (pl *planner) planFields(p *plan) error {
	p.byName, p.byForm = make(map[string]int, p.typ.NumField()), make(map[string]int, p.typ.NumField())
	_, exception := p.typ.FieldByName("ErrorCodeOverride")
	for i := range p.typ.NumField() {
		f := p.typ.Field(i)
		if !f.IsExported() || f.Name == "ResultMetadata" ||
			exception && (f.Name == "ErrorCodeOverride" || f.Name == "Message") {
			continue
		}
		name := pl.naming.wireName(p.typ.Name(), f.Name)
		form := name
		if pl.tagged {
			name, form = taggedNames(f)
		}
		bound, err := pl.binding(p.typ.Name()+"."+f.Name, &name)
		if err != nil {
			return err
		}
		elem, err := pl.plan(f.Type)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", p.typ.Name(), f.Name, err)
		}
		if _, twice := p.byName[name]; twice && bound == nil {
			return fmt.Errorf("wire: %s has two members named %q", p.typ.Name(), name)
		}
		p.byName[name] = len(p.fields)
		p.byForm[form] = len(p.fields)
		p.fields = append(p.fields, field{name: name, form: form, key: append(appendJSONString(nil, name), ':'), index: i, plan: elem, binding: bound})
	}
	return nil
}

// taggedNames are a member's names in an answer and in a form: the `ec2` tag,
// or the field's own name, with a small and a capital letter.
func taggedNames(f reflect.StructField) (name, form string) {
	name = f.Tag.Get("ec2")
	if name == "" {
		name = f.Name
	}
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToLower(first)) + name[size:], string(unicode.ToUpper(first)) + name[size:]
}

// binding is a member's, nil when it has none; it may have a name of its own.
func (pl *planner) binding(member string, name *string) (*binding, error) {
	if pl.bindings == nil {
		return nil, nil
	}
	line, ok := pl.bindings.Members[member]
	if !ok {
		return nil, nil
	}
	b, err := parseBinding(line)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", member, err)
	}
	if b.wire != "" {
		*name = b.wire
	}
	return &b, nil
}

// wireName is the wire name of a field of an SDK type.
func (n Naming) wireName(typ, field string) string {
	if name, ok := n.Except[typ+"."+field]; ok {
		return name
	}
	if !n.LowerFirst {
		return field
	}
	first, size := utf8.DecodeRuneInString(field)
	return string(unicode.ToLower(first)) + field[size:]
}

// absent tells whether an answer leaves v out: AWS never writes null, and an
// enum without value is no value. Booleans and numbers that are not pointers
// are always written.
func (p *plan) absent(v reflect.Value) bool {
	switch p.kind {
	case kindPointer, kindList, kindMap, kindBlob, kindRefused, kindStream:
		return v.IsNil()
	case kindString:
		return v.Len() == 0
	}
	return false
}
