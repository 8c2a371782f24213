package wire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"
)

// node is an element of an XML document.
type node struct {
	name  string // local
	attrs []xml.Attr
	text  string // whole once the element has ended
	raw   []byte
	kids  []*node
}

// parseXML reads a document into a tree, in bounds. Entities other than XML's
// own are refused, and names count without their prefixes.
func parseXML(data []byte) (*node, *shapeError) {
	if len(data) > maxXML {
		return nil, shapeErrorf("the document is larger than %d bytes", maxXML)
	}
	if !utf8.Valid(data) {
		return nil, shapeErrorf("the body is not UTF-8")
	}
	d := xml.NewDecoder(bytes.NewReader(data))
	root := &node{}
	open, nodes := []*node{root}, 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, shapeErrorf("malformed XML, byte %d", d.InputOffset())
		}
		top := open[len(open)-1]
		switch t := token.(type) {
		case xml.StartElement:
			if nodes += 1 + len(t.Attr); nodes > 2*maxElements {
				return nil, shapeErrorf("the body has more than %d elements", 2*maxElements)
			}
			if len(open) > maxDepth {
				return nil, shapeErrorf("the body is nested deeper than %d levels", maxDepth)
			}
			n := &node{name: t.Name.Local, attrs: t.Attr}
			top.kids = append(top.kids, n)
			open = append(open, n)
		case xml.EndElement:
			top.text, top.raw = string(top.raw), nil
			open = open[:len(open)-1]
		case xml.CharData:
			if top != root {
				top.raw = append(top.raw, t...)
			}
		case xml.Directive:
			return nil, shapeErrorf("a document type is not taken")
		}
	}
	if len(root.kids) != 1 {
		return nil, shapeErrorf("malformed XML: there must be one root element")
	}
	return root.kids[0], nil
}

// decodeXML reads an element into v. b tells how the member is spelled, nil:
// as usual. Elements the plan does not have are refused.
func decodeXML(p *plan, b *binding, n *node, v reflect.Value, left *budget) *shapeError {
	switch p.kind {
	case kindPointer:
		v.Set(reflect.New(p.elem.typ))
		return decodeXML(p.elem, b, n, v.Elem(), left)
	case kindStruct:
		return decodeXMLStruct(p, n, v, left)
	case kindList:
		return decodeXMLList(p, b.itemName(), n, v, left)
	case kindMap:
		return decodeXMLMap(p, b, n, v, left)
	case kindRefused, kindStream:
		return refusedShape()
	case kindTime:
		t, err := parseTime(strings.TrimSpace(n.text), b.orNone())
		v.Set(reflect.ValueOf(t))
		return err
	case kindString:
		if len(n.kids) == 0 {
			return setText(v, n.text)
		}
	case kindBlob:
		n = &node{text: strings.Join(strings.Fields(n.text), "")}
	}
	if len(n.kids) > 0 {
		return shapeErrorf("Start of structure or map found where not expected (%s belongs here)", kindNames[p.kind])
	}
	text := n.text
	if p.kind != kindBlob {
		text = strings.TrimSpace(text)
	}
	return decodeText(p, text, v)
}

func decodeXMLStruct(p *plan, n *node, v reflect.Value, left *budget) *shapeError {
	seen := make([]bool, len(p.fields))
	for _, kid := range n.kids {
		i, known := p.byName[kid.name]
		if !known || p.fields[i].attribute() {
			return shapeErrorf("unknown element %.100q in %q", kid.name, n.name)
		}
		f := &p.fields[i]
		if seen[i] && !f.flat() {
			return shapeErrorf("element %q twice in %q", kid.name, n.name)
		}
		seen[i] = true
		if err := decodeXMLMember(f, kid, v.Field(f.index), left); err != nil {
			return err.inMember(f.name)
		}
	}
	for i := range p.fields {
		f := &p.fields[i]
		if !f.attribute() {
			continue
		}
		for _, attr := range n.attrs {
			if attr.Name.Local == f.name[strings.LastIndexByte(f.name, ':')+1:] {
				if err := decodeXML(f.plan, f.binding, &node{text: attr.Value}, v.Field(f.index), left); err != nil {
					return err.inMember(f.name)
				}
			}
		}
	}
	return nil
}

// flat tells whether a member's elements stand in its struct's without one of
// the member's own around them.
func (f *field) flat() bool {
	return f.binding != nil && f.binding.flat && (f.plan.kind == kindList || f.plan.kind == kindMap)
}

func (f *field) attribute() bool { return f.binding != nil && f.binding.attribute }

func decodeXMLMember(f *field, n *node, v reflect.Value, left *budget) *shapeError {
	switch {
	case f.flat() && f.plan.kind == kindList:
		return decodeXMLItem(f.plan, n, v, left)
	case f.flat():
		return decodeXMLEntry(f.plan, f.binding, n, v, left)
	}
	return decodeXML(f.plan, f.binding, n, v, left)
}

func decodeXMLList(p *plan, item string, n *node, v reflect.Value, left *budget) *shapeError {
	v.Set(reflect.MakeSlice(p.typ, 0, 0))
	for _, kid := range n.kids {
		if kid.name != item {
			return shapeErrorf("unknown element %.100q in %q", kid.name, n.name)
		}
		if err := decodeXMLItem(p, kid, v, left); err != nil {
			return err
		}
	}
	return nil
}

func decodeXMLItem(p *plan, n *node, v reflect.Value, left *budget) *shapeError {
	if err := left.take(p.elem); err != nil {
		return err
	}
	i := v.Len()
	v.Grow(1)
	v.SetLen(i + 1)
	if err := decodeXML(p.elem, nil, n, v.Index(i), left); err != nil {
		return err.inElement(i)
	}
	return nil
}

func decodeXMLMap(p *plan, b *binding, n *node, v reflect.Value, left *budget) *shapeError {
	v.Set(reflect.MakeMap(p.typ))
	for _, kid := range n.kids {
		if kid.name != "entry" {
			return shapeErrorf("unknown element %.100q in %q", kid.name, n.name)
		}
		if err := decodeXMLEntry(p, b, kid, v, left); err != nil {
			return err
		}
	}
	return nil
}

func decodeXMLEntry(p *plan, b *binding, n *node, v reflect.Value, left *budget) *shapeError {
	if err := left.take(p.elem); err != nil {
		return err
	}
	if v.IsNil() {
		v.Set(reflect.MakeMap(p.typ))
	}
	key, value := b.entryNames()
	names, values := n.all(key), n.all(value)
	if len(names) != 1 || len(values) != 1 || len(n.kids) != 2 {
		return shapeErrorf("an entry needs one %s and one %s", key, value).inElement(v.Len())
	}
	elem := reflect.New(p.elem.typ).Elem()
	if err := decodeXML(p.elem, nil, values[0], elem, left); err != nil {
		return err.inMember(names[0].text)
	}
	v.SetMapIndex(reflect.ValueOf(names[0].text).Convert(p.typ.Key()), elem)
	return nil
}

// all are the children of a name.
func (n *node) all(name string) (out []*node) {
	for _, kid := range n.kids {
		if kid.name == name {
			out = append(out, kid)
		}
	}
	return out
}

func (b *binding) orNone() *binding {
	if b == nil {
		return &binding{}
	}
	return b
}

func (b *binding) itemName() string {
	if b == nil || b.item == "" {
		return "member"
	}
	return b.item
}

func (b *binding) entryNames() (key, value string) {
	key, value = "key", "value"
	if b != nil && b.key != "" {
		key = b.key
	}
	if b != nil && b.value != "" {
		value = b.value
	}
	return key, value
}

// appendRestXMLContent appends what is inside an element whose start tag is
// still open: attributes, its end, and the content.
func appendRestXMLContent(b []byte, p *plan, v reflect.Value) ([]byte, error) {
	if p.kind == kindStruct {
		for i := range p.fields {
			f := &p.fields[i]
			if !f.attribute() || f.plan.absent(v.Field(f.index)) {
				continue
			}
			text, err := boundText(f.plan, f.binding, v.Field(f.index))
			if err != nil {
				return b, err
			}
			if prefix, _, ok := strings.Cut(f.name, ":"); ok {
				b = append(b, ` xmlns:`+prefix+`="http://www.w3.org/2001/XMLSchema-instance"`...)
			}
			b = append(b, ' ')
			b = append(b, f.name...)
			b = append(b, `="`...)
			b = append(appendXMLText(b, text), '"')
		}
	}
	return appendRestXML(append(b, '>'), p, nil, v)
}

// appendRestXML appends a value as restXml writes it inside its element.
func appendRestXML(b []byte, p *plan, bind *binding, v reflect.Value) ([]byte, error) {
	switch p.kind {
	case kindPointer:
		return appendRestXML(b, p.elem, bind, v.Elem())
	case kindStruct:
		return appendRestXMLMembers(b, p, v)
	case kindList:
		return appendRestXMLList(b, p, bind.itemName(), v)
	case kindMap:
		return appendRestXMLMap(b, p, bind, "entry", v)
	case kindTime:
		return appendXMLText(b, timeText(v.Interface().(time.Time), bind.orNone())), nil
	}
	return appendXML(b, p, v)
}

func appendRestXMLMembers(b []byte, p *plan, v reflect.Value) ([]byte, error) {
	for i := range p.fields {
		f := &p.fields[i]
		member := v.Field(f.index)
		if f.plan.absent(member) || f.attribute() {
			continue
		}
		var err error
		switch {
		case f.flat() && f.plan.kind == kindList:
			b, err = appendRestXMLList(b, f.plan, f.name, member)
		case f.flat():
			b, err = appendRestXMLMap(b, f.plan, f.binding, f.name, member)
		default:
			b, err = appendRestXMLElement(b, f.name, f.plan, f.binding, member)
		}
		if err != nil {
			return b, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return b, nil
}

func appendRestXMLElement(b []byte, name string, p *plan, bind *binding, v reflect.Value) ([]byte, error) {
	for p.kind == kindPointer {
		p, v = p.elem, v.Elem()
	}
	b = append(append(b, '<'), name...)
	var err error
	if p.kind == kindStruct {
		b, err = appendRestXMLContent(b, p, v)
	} else {
		b, err = appendRestXML(append(b, '>'), p, bind, v)
	}
	return appendTag(b, "</", name), err
}

func appendRestXMLList(b []byte, p *plan, item string, v reflect.Value) ([]byte, error) {
	for i := range v.Len() {
		var err error
		if b, err = appendRestXMLElement(b, item, p.elem, nil, v.Index(i)); err != nil {
			return b, fmt.Errorf("[%d]: %w", i, err)
		}
	}
	return b, nil
}

func appendRestXMLMap(b []byte, p *plan, bind *binding, entry string, v reflect.Value) ([]byte, error) {
	key, value := bind.entryNames()
	for _, k := range sortedKeys(v) {
		b = appendTag(b, "<", entry)
		b = appendXMLElement(b, key, k.String())
		var err error
		if b, err = appendRestXMLElement(b, value, p.elem, nil, v.MapIndex(k)); err != nil {
			return b, fmt.Errorf("%s: %w", k, err)
		}
		b = appendTag(b, "</", entry)
	}
	return b, nil
}
