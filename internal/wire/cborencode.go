package wire

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"time"
)

// appendCBOR appends v as Smithy's RPC v2 protocol writes it: times as tagged
// epoch seconds, absent members left out, structures and maps without a length
// before them.
func appendCBOR(b []byte, p *plan, v reflect.Value) ([]byte, error) {
	switch p.kind {
	case kindPointer:
		return appendCBOR(b, p.elem, v.Elem())
	case kindStruct:
		b = append(b, cborMap<<5|31)
		b, err := appendCBORMembers(b, p, v)
		return append(b, cborBreak), err
	case kindList:
		b = appendCBORHead(b, cborList, uint64(v.Len()))
		for i := range v.Len() {
			var err error
			if b, err = appendCBOR(b, p.elem, v.Index(i)); err != nil {
				return b, fmt.Errorf("[%d]: %w", i, err)
			}
		}
		return b, nil
	case kindMap:
		b = appendCBORHead(b, cborMap, uint64(v.Len()))
		for _, key := range sortedKeys(v) {
			b = appendCBORText(b, key.String())
			var err error
			if b, err = appendCBOR(b, p.elem, v.MapIndex(key)); err != nil {
				return b, fmt.Errorf("%s: %w", key, err)
			}
		}
		return b, nil
	case kindString:
		return appendCBORText(b, v.String()), nil
	case kindBool:
		if v.Bool() {
			return append(b, cborSimple<<5|21), nil
		}
		return append(b, cborSimple<<5|20), nil
	case kindInt:
		if n := v.Int(); n < 0 {
			return appendCBORHead(b, cborNegative, uint64(-1-n)), nil
		}
		return appendCBORHead(b, cborUint, uint64(v.Int())), nil
	case kindFloat:
		return appendCBORFloat(b, v.Float()), nil
	case kindTime:
		b = append(b, cborTag<<5|1)
		return appendCBORFloat(b, float64(v.Interface().(time.Time).UnixMilli())/1000), nil
	case kindBlob:
		return append(appendCBORHead(b, cborBytes, uint64(v.Len())), v.Bytes()...), nil
	}
	return b, fmt.Errorf("wire: a value of type %v cannot be written", p.typ)
}

// appendCBORMembers appends the members without the map around them.
func appendCBORMembers(b []byte, p *plan, v reflect.Value) ([]byte, error) {
	for i := range p.fields {
		f := &p.fields[i]
		member := v.Field(f.index)
		if f.plan.absent(member) {
			continue
		}
		b = appendCBORText(b, f.name)
		var err error
		if b, err = appendCBOR(b, f.plan, member); err != nil {
			return b, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return b, nil
}

func appendCBORText(b []byte, s string) []byte {
	return append(appendCBORHead(b, cborText, uint64(len(s))), s...)
}

func appendCBORFloat(b []byte, f float64) []byte {
	return binary.BigEndian.AppendUint64(append(b, cborSimple<<5|27), math.Float64bits(f))
}

func appendCBORHead(b []byte, major byte, n uint64) []byte {
	major <<= 5
	switch {
	case n < 24:
		return append(b, major|byte(n))
	case n <= math.MaxUint8:
		return append(b, major|24, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, major|25), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(b, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, major|27), n)
}
