package wire

import (
	"encoding/base64"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// appendXML appends v as the query protocol writes it inside its element:
// list elements in <member>, map entries in <entry> with <key> and <value>,
// times in ISO 8601 with milliseconds.
func appendXML(b []byte, p *plan, v reflect.Value) ([]byte, error) {
	switch p.kind {
	case kindPointer:
		return appendXML(b, p.elem, v.Elem())
	case kindStruct:
		return appendXMLMembers(b, p, v)
	case kindList:
		return appendXMLList(b, p, v)
	case kindMap:
		return appendXMLMap(b, p, v)
	case kindString:
		return appendXMLText(b, v.String()), nil
	case kindBool:
		return strconv.AppendBool(b, v.Bool()), nil
	case kindInt:
		return strconv.AppendInt(b, v.Int(), 10), nil
	case kindFloat:
		if name, ok := specialFloat(v.Float()); ok {
			return append(b, name...), nil
		}
		return strconv.AppendFloat(b, v.Float(), 'g', -1, p.typ.Bits()), nil
	case kindTime:
		return v.Interface().(time.Time).UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z"), nil
	case kindBlob:
		return base64.StdEncoding.AppendEncode(b, v.Bytes()), nil
	}
	return b, fmt.Errorf("wire: a value of type %v cannot be written", p.typ)
}

func appendXMLMembers(b []byte, p *plan, v reflect.Value) ([]byte, error) {
	for i := range p.fields {
		f := &p.fields[i]
		member := v.Field(f.index)
		if f.plan.absent(member) {
			continue
		}
		b = appendTag(b, "<", f.name)
		var err error
		if b, err = appendXML(b, f.plan, member); err != nil {
			return b, fmt.Errorf("%s: %w", f.name, err)
		}
		b = appendTag(b, "</", f.name)
	}
	return b, nil
}

func appendXMLList(b []byte, p *plan, v reflect.Value) ([]byte, error) {
	element := "member"
	if p.flat {
		element = "item"
	}
	for i := range v.Len() {
		b = appendTag(b, "<", element)
		var err error
		if b, err = appendXML(b, p.elem, v.Index(i)); err != nil {
			return b, fmt.Errorf("[%d]: %w", i, err)
		}
		b = appendTag(b, "</", element)
	}
	return b, nil
}

func appendXMLMap(b []byte, p *plan, v reflect.Value) ([]byte, error) {
	for _, key := range sortedKeys(v) {
		b = append(b, "<entry>"...)
		b = appendXMLElement(b, "key", key.String())
		b = append(b, "<value>"...)
		var err error
		if b, err = appendXML(b, p.elem, v.MapIndex(key)); err != nil {
			return b, fmt.Errorf("%s: %w", key, err)
		}
		b = append(b, "</value></entry>"...)
	}
	return b, nil
}

func appendXMLElement(b []byte, name, text string) []byte {
	b = appendTag(b, "<", name)
	b = appendXMLText(b, text)
	return appendTag(b, "</", name)
}

func appendTag(b []byte, open, name string) []byte {
	return append(append(append(b, open...), name...), '>')
}

// appendXMLText appends s escaped. What XML 1.0 cannot carry becomes U+FFFD.
func appendXMLText(b []byte, s string) []byte {
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case strings.IndexByte("&<>\"'\r\n\t", s[i]) >= 0:
			b = append(b, "&#"...)
			b = strconv.AppendInt(b, int64(r), 10)
			b = append(b, ';')
		case r < ' ' || r == 0xfffe || r == 0xffff || r == utf8.RuneError && size == 1:
			b = append(b, "\ufffd"...)
		default:
			b = append(b, s[i:i+size]...)
		}
		i += size
	}
	return b
}
