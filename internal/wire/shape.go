package wire

import (
	"encoding/base64"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Bounds on what one request may make us build. AWS's largest lists
// (PutLogEvents) hold 10,000 elements.
const (
	maxBody     = 10 << 20
	maxDepth    = 100
	maxElements = 100_000
	maxXML      = 4 << 20  // AWS's largest, 10,000 parts of an upload, have less
	maxMemory   = 64 << 20 // of the elements, as Go holds them

	// The elements of a body may take the first, and the second for each of its
	// bytes: what means something is not shorter. AWS's largest structs take 25.
	freeMemory, memoryPerByte = 1 << 20, 32
)

// budget is what is left of the bounds while a request is decoded: a short
// body can ask for many elements, and a short element can be a large struct.
type budget struct {
	elements int
	memory   uintptr
	most     uintptr // of memory
}

// budgetOf is that of a body of so many bytes.
func budgetOf(size int) budget {
	return budget{most: min(maxMemory, uintptr(freeMemory+memoryPerByte*size))}
}

// take counts one element of a list or map.
func (b *budget) take(p *plan) *shapeError {
	b.elements++
	b.memory += p.typ.Size() + 16
	if b.elements > maxElements || b.memory > b.most {
		return shapeErrorf("the body holds more list and map elements than are taken: %d, or %d bytes for each of its own", maxElements, memoryPerByte)
	}
	return nil
}

// shapeError is input that does not have the operation's shape.
type shapeError struct {
	path string // of the member, "" for the whole
	text string
}

func (e *shapeError) Error() string {
	if e.path == "" {
		return e.text
	}
	return e.text + " at " + e.path
}

func shapeErrorf(format string, args ...any) *shapeError {
	return &shapeError{text: fmt.Sprintf(format, args...)}
}

// inMember puts the name of the enclosing member before the path.
func (e *shapeError) inMember(name string) *shapeError {
	if e.path != "" && e.path[0] != '[' {
		name += "."
	}
	e.path = name + e.path
	return e
}

// inElement puts the index of the enclosing list before the path.
func (e *shapeError) inElement(i int) *shapeError {
	return e.inMember("[" + strconv.Itoa(i) + "]")
}

// kindNames are AWS's words for what a member wants.
var kindNames = [...]string{
	kindStruct: "a Structure", kindList: "a List", kindMap: "a Map", kindString: "a String",
	kindBool: "a Boolean", kindInt: "an Integer", kindFloat: "a Float", kindTime: "a Timestamp",
	kindBlob: "a Blob", kindRefused: "a value Hatoba does not support", kindStream: "the whole body",
}

// mismatch says that got, one of AWS's words such as STRING_VALUE, stands
// where a value of kind want belongs.
func mismatch(got string, want kind) *shapeError {
	return shapeErrorf("%s can not be converted to %s", got, kindNames[want])
}

func refusedShape() *shapeError {
	return shapeErrorf("Hatoba does not support this member yet: leave it out")
}

// setInt parses a number's text into v. Integral floats such as 1e3 or 256.0
// are integers, as for AWS.
func setInt(v reflect.Value, text string) *shapeError {
	n, err := strconv.ParseInt(text, 10, v.Type().Bits())
	if err != nil {
		f, ferr := strconv.ParseFloat(text, 64)
		if ferr != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 || v.OverflowInt(int64(f)) {
			return shapeErrorf("NUMBER_VALUE %.40s can not be converted to an Integer of %d bits", text, v.Type().Bits())
		}
		n = int64(f)
	}
	v.SetInt(n)
	return nil
}

// setFloat parses a number's text, or one of the three names of values that
// are no number.
func setFloat(v reflect.Value, text string) *shapeError {
	switch text {
	case "NaN", "Infinity", "-Infinity":
	default:
		if strings.Trim(text, "+-.0123456789eE") != "" {
			return mismatch("STRING_VALUE", kindFloat)
		}
	}
	f, err := strconv.ParseFloat(text, v.Type().Bits())
	if err != nil {
		return mismatch("STRING_VALUE", kindFloat)
	}
	v.SetFloat(f)
	return nil
}

// maxEpoch is the end of the year 9999.
const maxEpoch = 253402300799

// parseEpoch reads seconds since the epoch, to the millisecond.
func parseEpoch(text string) (time.Time, *shapeError) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.Abs(f) > maxEpoch {
		return time.Time{}, shapeErrorf("NUMBER_VALUE %.40s is no Timestamp in epoch seconds", text)
	}
	return time.UnixMilli(int64(math.Round(f * 1000))).UTC(), nil
}

// parseBlob reads base64.
func parseBlob(text string) ([]byte, *shapeError) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, shapeErrorf("STRING_VALUE is not base64 and can not be converted to a Blob")
	}
	return raw, nil
}
