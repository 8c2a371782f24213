package wire

import (
	"encoding/base64"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// appendJSON appends v as awsJson writes it: times as epoch seconds with
// milliseconds, blobs in base64, absent members left out.
func appendJSON(b []byte, p *plan, v reflect.Value) ([]byte, error) {
	switch p.kind {
	case kindPointer:
		return appendJSON(b, p.elem, v.Elem())
	case kindStruct:
		return appendJSONStruct(b, p, v)
	case kindList:
		return appendJSONList(b, p, v)
	case kindMap:
		return appendJSONMap(b, p, v)
	case kindString:
		return appendJSONString(b, v.String()), nil
	case kindBool:
		return strconv.AppendBool(b, v.Bool()), nil
	case kindInt:
		return strconv.AppendInt(b, v.Int(), 10), nil
	case kindFloat:
		return appendJSONFloat(b, v.Float(), p.typ.Bits()), nil
	case kindTime:
		return appendEpoch(b, v.Addr().Interface().(*time.Time)), nil
	case kindBlob:
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, v.Bytes())
		return append(b, '"'), nil
	}
	return b, fmt.Errorf("wire: a value of type %v cannot be written", p.typ)
}

func appendJSONStruct(b []byte, p *plan, v reflect.Value) ([]byte, error) {
	b = append(b, '{')
	b, err := appendJSONMembers(b, p, v)
	return append(b, '}'), err
}

// appendJSONMembers appends the members without the braces.
func appendJSONMembers(b []byte, p *plan, v reflect.Value) ([]byte, error) {
	first := true
	for i := range p.fields {
		f := &p.fields[i]
		member := v.Field(f.index)
		if f.plan.absent(member) {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, f.key...)
		var err error
		if b, err = appendJSON(b, f.plan, member); err != nil {
			return b, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return b, nil
}

func appendJSONList(b []byte, p *plan, v reflect.Value) ([]byte, error) {
	b = append(b, '[')
	for i := range v.Len() {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendJSON(b, p.elem, v.Index(i)); err != nil {
			return b, fmt.Errorf("[%d]: %w", i, err)
		}
	}
	return append(b, ']'), nil
}

func appendJSONMap(b []byte, p *plan, v reflect.Value) ([]byte, error) {
	b = append(b, '{')
	elem := reflect.New(p.elem.typ).Elem() // addressable, for times
	for i, key := range sortedKeys(v) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendJSONString(b, key.String()), ':')
		elem.Set(v.MapIndex(key))
		var err error
		if b, err = appendJSON(b, p.elem, elem); err != nil {
			return b, fmt.Errorf("%s: %w", key, err)
		}
	}
	return append(b, '}'), nil
}

// sortedKeys keeps answers equal for equal values.
func sortedKeys(m reflect.Value) []reflect.Value {
	keys := m.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int {
		switch a, b := a.String(), b.String(); {
		case a < b:
			return -1
		case a > b:
			return 1
		}
		return 0
	})
	return keys
}

const hexDigits = "0123456789abcdef"

// appendJSONString appends s quoted. Bytes that are not UTF-8 become U+FFFD.
func appendJSONString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, s[start:i]...), "\ufffd"...)
				start = i + 1
			}
			i += size
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		start = i
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

func appendJSONFloat(b []byte, f float64, bits int) []byte {
	if name, ok := specialFloat(f); ok {
		return appendJSONString(b, name)
	}
	return strconv.AppendFloat(b, f, 'g', -1, bits)
}

// specialFloat names the values that JSON and XML numbers cannot carry.
func specialFloat(f float64) (string, bool) {
	switch {
	case math.IsNaN(f):
		return "NaN", true
	case math.IsInf(f, 1):
		return "Infinity", true
	case math.IsInf(f, -1):
		return "-Infinity", true
	}
	return "", false
}

// appendEpoch appends t as seconds since the epoch with its milliseconds.
func appendEpoch(b []byte, t *time.Time) []byte {
	milli := t.UnixMilli()
	if milli < 0 {
		b = append(b, '-')
		milli = -milli
	}
	b = strconv.AppendInt(b, milli/1000, 10)
	if rest := milli % 1000; rest != 0 {
		b = append(b, '.', byte('0'+rest/100), byte('0'+rest/10%10), byte('0'+rest%10))
	}
	return b
}
