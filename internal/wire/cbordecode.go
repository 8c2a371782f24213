package wire

import (
	"math"
	"reflect"
	"time"
)

// decodeCBOR reads an operation's input. Members the plan does not have are
// skipped; null is the same as absent.
func decodeCBOR(p *plan, data []byte, v reflect.Value) *shapeError {
	if len(data) == 0 {
		return nil // an empty body is an empty input
	}
	d := &cborReader{data: data, budget: budgetOf(len(data))}
	if err := d.value(p, v); err != nil {
		return err
	}
	if d.pos != len(data) {
		return d.malformed("bytes after the end of the value")
	}
	return nil
}

func (d *cborReader) value(p *plan, v reflect.Value) *shapeError {
	it, err := d.head()
	if err != nil {
		return err
	}
	return d.rest(p, it, v)
}

// rest reads what follows the head of a value.
func (d *cborReader) rest(p *plan, it item, v reflect.Value) *shapeError {
	switch p.kind {
	case kindPointer:
		v.Set(reflect.New(p.elem.typ))
		return d.rest(p.elem, it, v.Elem())
	case kindStruct:
		return d.structure(p, it, v)
	case kindMap:
		return d.mapping(p, it, v)
	case kindList:
		return d.list(p, it, v)
	case kindRefused:
		return refusedShape()
	case kindTime:
		return d.time(it, v)
	}
	return d.scalar(p, it, v)
}

func (d *cborReader) structure(p *plan, it item, v reflect.Value) *shapeError {
	if it.major != cborMap {
		return wrongItem(it, p)
	}
	return d.each(it, func(int) *shapeError {
		name, err := d.key()
		if err != nil {
			return err
		}
		i, known := p.byName[name]
		if !known {
			return d.skip()
		}
		f := &p.fields[i]
		head, err := d.head()
		switch {
		case err != nil:
		case head.isNull():
			v.Field(f.index).SetZero()
		default:
			err = d.rest(f.plan, head, v.Field(f.index))
		}
		if err != nil {
			return err.inMember(f.name)
		}
		return nil
	})
}

func (d *cborReader) mapping(p *plan, it item, v reflect.Value) *shapeError {
	if it.major != cborMap {
		return wrongItem(it, p)
	}
	v.Set(reflect.MakeMap(p.typ))
	return d.each(it, func(int) *shapeError {
		name, err := d.key()
		if err != nil {
			return err
		}
		if err := d.budget.take(p.elem); err != nil {
			return err
		}
		elem := reflect.New(p.elem.typ).Elem()
		if err := d.value(p.elem, elem); err != nil {
			return err.inMember(name)
		}
		v.SetMapIndex(reflect.ValueOf(name).Convert(p.typ.Key()), elem)
		return nil
	})
}

func (d *cborReader) list(p *plan, it item, v reflect.Value) *shapeError {
	if it.major != cborList {
		return wrongItem(it, p)
	}
	v.Set(reflect.MakeSlice(p.typ, 0, 0))
	return d.each(it, func(i int) *shapeError {
		if err := d.budget.take(p.elem); err != nil {
			return err
		}
		v.Grow(1)
		v.SetLen(i + 1)
		if err := d.value(p.elem, v.Index(i)); err != nil {
			return err.inElement(i)
		}
		return nil
	})
}

// key reads the name of a map's entry.
func (d *cborReader) key() (string, *shapeError) {
	it, err := d.head()
	if err != nil {
		return "", err
	}
	if it.major != cborText {
		return "", d.malformed("a member's name is missing")
	}
	text, err := d.str(it)
	return string(text), err
}

func (d *cborReader) scalar(p *plan, it item, v reflect.Value) *shapeError {
	switch {
	case it.major == cborText && p.kind == kindString:
		text, err := d.str(it)
		v.SetString(string(text))
		return err
	case it.major == cborBytes && p.kind == kindBlob:
		raw, err := d.str(it)
		v.SetBytes(append([]byte{}, raw...))
		return err
	case it.major == cborSimple && (it.info == 20 || it.info == 21) && p.kind == kindBool:
		v.SetBool(it.info == 21)
		return nil
	}
	if p.kind != kindInt && p.kind != kindFloat {
		return wrongItem(it, p)
	}
	if f, ok := it.float(); ok {
		if p.kind == kindFloat {
			v.SetFloat(f)
			return nil
		}
		if f != math.Trunc(f) || math.Abs(f) > 1<<53 || v.OverflowInt(int64(f)) {
			return wrongItem(it, p)
		}
		v.SetInt(int64(f))
		return nil
	}
	n, ok := it.integer()
	switch {
	case !ok:
		return wrongItem(it, p)
	case p.kind == kindFloat:
		v.SetFloat(float64(n))
	case v.OverflowInt(n):
		return shapeErrorf("NUMBER_VALUE %d can not be converted to an Integer of %d bits", n, v.Type().Bits())
	default:
		v.SetInt(n)
	}
	return nil
}

// integer reads the item as an integer of 64 bits.
func (it item) integer() (int64, bool) {
	if it.n > math.MaxInt64 {
		return 0, false
	}
	switch it.major {
	case cborUint:
		return int64(it.n), true
	case cborNegative:
		return -1 - int64(it.n), true
	}
	return 0, false
}

// time reads a timestamp: tag 1 before seconds since the epoch.
func (d *cborReader) time(it item, v reflect.Value) *shapeError {
	if it.major != cborTag || it.n != 1 {
		return shapeErrorf("the value is no Timestamp")
	}
	head, err := d.head()
	if err != nil {
		return err
	}
	seconds, ok := head.float()
	if n, whole := head.integer(); whole {
		seconds, ok = float64(n), true
	}
	if !ok || math.IsNaN(seconds) || math.Abs(seconds) > maxEpoch {
		return shapeErrorf("the value is no Timestamp in epoch seconds")
	}
	v.Set(reflect.ValueOf(time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()))
	return nil
}

// itemNames are AWS's words for what a value is.
var itemNames = [...]string{
	cborUint: "NUMBER_VALUE", cborNegative: "NUMBER_VALUE", cborBytes: "BINARY_VALUE", cborText: "STRING_VALUE",
	cborList: "START_ARRAY", cborMap: "START_OBJECT", cborTag: "TAG", cborSimple: "SIMPLE_VALUE",
}

func wrongItem(it item, p *plan) *shapeError { return mismatch(itemNames[it.major], p.kind) }
