package wire

import (
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// cborReader is the lexer under decodeCBOR: RFC 8949 as far as Smithy's RPC v2
// protocol uses it, with bounds on depth and on the number of elements.
type cborReader struct {
	data   []byte
	pos    int
	depth  int
	budget budget
}

// The major types of CBOR.
const (
	cborUint = iota
	cborNegative
	cborBytes
	cborText
	cborList
	cborMap
	cborTag
	cborSimple
)

// cborBreak ends what was begun without a length.
const cborBreak = 0xff

// item is the head of a data item. n is its argument: the number itself, a
// length, a tag or the bits of a float.
type item struct {
	major      byte
	info       byte
	n          uint64
	indefinite bool
}

func (d *cborReader) malformed(why string) *shapeError {
	return shapeErrorf("malformed CBOR, byte %d: %s", d.pos, why)
}

// atBreak tells whether a break is next, and steps over it.
func (d *cborReader) atBreak() bool {
	if d.pos < len(d.data) && d.data[d.pos] == cborBreak {
		d.pos++
		return true
	}
	return false
}

// head reads the head of the next item.
func (d *cborReader) head() (item, *shapeError) {
	if d.pos >= len(d.data) {
		return item{}, d.malformed("a value is missing")
	}
	first := d.data[d.pos]
	d.pos++
	it := item{major: first >> 5, info: first & 31}
	size := 0
	switch {
	case it.info < 24:
		it.n = uint64(it.info)
		return it, nil
	case it.info < 28:
		size = 1 << (it.info - 24)
	case it.info == 31 && it.major >= cborBytes && it.major <= cborMap:
		it.indefinite = true
		return it, nil
	default:
		return item{}, d.malformed("not the head of a value")
	}
	if len(d.data)-d.pos < size {
		return item{}, d.malformed("the body ends in the middle of a value")
	}
	var wide [8]byte
	copy(wide[8-size:], d.data[d.pos:])
	it.n = binary.BigEndian.Uint64(wide[:])
	d.pos += size
	return it, nil
}

// str reads the rest of a byte or text string.
func (d *cborReader) str(it item) ([]byte, *shapeError) {
	if !it.indefinite {
		if it.n > uint64(len(d.data)-d.pos) {
			return nil, d.malformed("a string is longer than the body")
		}
		out := d.data[d.pos : d.pos+int(it.n)]
		d.pos += int(it.n)
		if it.major == cborText && !utf8.Valid(out) {
			return nil, d.malformed("a text is not UTF-8")
		}
		return out, nil
	}
	out := []byte{}
	for !d.atBreak() {
		part, err := d.head()
		if err != nil {
			return nil, err
		}
		if part.major != it.major || part.indefinite {
			return nil, d.malformed("not a part of a string")
		}
		text, err := d.str(part)
		if err != nil {
			return nil, err
		}
		out = append(out, text...)
	}
	return out, nil
}

// each walks the elements of a list, or the entries of a map.
func (d *cborReader) each(it item, element func(i int) *shapeError) *shapeError {
	if d.depth++; d.depth > maxDepth {
		return shapeErrorf("the body is nested deeper than %d levels", maxDepth)
	}
	for i := 0; it.indefinite || uint64(i) < it.n; i++ {
		if it.indefinite && d.atBreak() {
			break
		}
		if err := element(i); err != nil {
			return err
		}
	}
	d.depth--
	return nil
}

// skip steps over a value nobody asked for.
func (d *cborReader) skip() *shapeError {
	it, err := d.head()
	if err != nil {
		return err
	}
	return d.skipRest(it)
}

func (d *cborReader) skipRest(it item) *shapeError {
	switch it.major {
	case cborBytes, cborText:
		_, err := d.str(it)
		return err
	case cborList:
		return d.each(it, func(int) *shapeError { return d.skip() })
	case cborMap:
		return d.each(it, func(int) *shapeError {
			if err := d.skip(); err != nil {
				return err
			}
			return d.skip()
		})
	case cborTag:
		return d.each(item{n: 1}, func(int) *shapeError { return d.skip() })
	}
	return nil
}

// isNull tells whether an item is null or undefined.
func (it item) isNull() bool {
	return it.major == cborSimple && (it.info == 22 || it.info == 23)
}

// float reads the item as a float, of any of the three widths.
func (it item) float() (float64, bool) {
	if it.major != cborSimple {
		return 0, false
	}
	switch it.info {
	case 25:
		return halfFloat(uint16(it.n)), true
	case 26:
		return float64(math.Float32frombits(uint32(it.n))), true
	case 27:
		return math.Float64frombits(it.n), true
	}
	return 0, false
}

// halfFloat widens a 16-bit float.
func halfFloat(bits uint16) float64 {
	sign, exponent, fraction := 1.0, int(bits>>10&31), float64(bits&1023)
	if bits>>15 == 1 {
		sign = -1
	}
	switch exponent {
	case 0:
		return sign * math.Ldexp(fraction, -24)
	case 31:
		if fraction != 0 {
			return math.NaN()
		}
		return math.Inf(int(sign))
	}
	return sign * math.Ldexp(fraction+1024, exponent-25)
}
