package wire_test

import (
	"math"
	"reflect"
	"slices"
	"time"

	"pgregory.net/rapid"
)

// generator draws random values of SDK types.
type generator struct {
	t       *rapid.T
	sparse  bool           // members may be absent
	plain   bool           // only characters that XML 1.0 can carry
	stack   []reflect.Type // structs being drawn, so that recursive ones end
	refused func(typ, member string)
}

var (
	timeType = reflect.TypeFor[time.Time]()
	blobType = reflect.TypeFor[[]byte]()
)

// nasty are strings that codecs get wrong.
var nasty = []string{
	"x", " ", "a b", `"`, `\`, "</member>", "a&b=c;d+e%20", "\n\r\t", "日本語", "😀", "null", "\u2028", "a.member.1",
}

func (g *generator) text() string {
	if rapid.IntRange(0, 3).Draw(g.t, "nasty") == 0 || g.plain {
		return rapid.SampledFrom(nasty).Draw(g.t, "text")
	}
	return rapid.StringN(1, 6, -1).Draw(g.t, "text")
}

func (g *generator) value(typ reflect.Type, depth int) reflect.Value {
	v := reflect.New(typ).Elem()
	switch typ {
	case timeType:
		v.Set(reflect.ValueOf(time.UnixMilli(rapid.Int64Range(-1e10, 4e12).Draw(g.t, "time")).UTC()))
		return v
	case blobType:
		v.SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(g.t, "blob"))
		return v
	}
	switch typ.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(typ.Elem()))
		v.Elem().Set(g.value(typ.Elem(), depth))
	case reflect.Struct:
		g.members(v, depth)
	case reflect.Slice:
		n := g.length(depth)
		v.Set(reflect.MakeSlice(typ, n, n))
		for i := range n {
			v.Index(i).Set(g.value(typ.Elem(), depth+1))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(typ))
		for range g.length(depth) {
			v.SetMapIndex(reflect.ValueOf(g.text()).Convert(typ.Key()), g.value(typ.Elem(), depth+1))
		}
	case reflect.String:
		v.SetString(g.text())
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(g.t, "bool"))
	case reflect.Int32:
		v.SetInt(int64(rapid.Int32().Draw(g.t, "int")))
	case reflect.Int64:
		v.SetInt(rapid.Int64().Draw(g.t, "long"))
	case reflect.Float32:
		v.SetFloat(float64(rapid.Float32().Draw(g.t, "float")))
	case reflect.Float64:
		v.SetFloat(rapid.SampledFrom([]float64{0, 1.5, -1e-9, 1e300, math.Pi, math.Inf(1), math.Inf(-1)}).Draw(g.t, "double"))
	default:
		panic("no generator for " + typ.String())
	}
	return v
}

func (g *generator) length(depth int) int {
	if depth > 3 {
		return 1
	}
	return rapid.IntRange(0, 2).Draw(g.t, "length")
}

func (g *generator) members(v reflect.Value, depth int) {
	typ := v.Type()
	g.stack = append(g.stack, typ)
	defer func() { g.stack = g.stack[:len(g.stack)-1] }()
	for i := range typ.NumField() {
		f := typ.Field(i)
		switch {
		case !f.IsExported() || f.Name == "ResultMetadata" || f.Name == "ErrorCodeOverride":
			continue
		case core(f.Type).Kind() == reflect.Interface:
			g.refused(core(f.Type).String(), typ.Name()+"."+f.Name)
			continue
		case slices.Contains(g.stack, core(f.Type)):
			continue
		case g.sparse && rapid.Bool().Draw(g.t, "absent"):
			continue
		}
		v.Field(i).Set(g.value(f.Type, depth))
	}
}

// core is what a type is made of.
func core(typ reflect.Type) reflect.Type {
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map {
		typ = typ.Elem()
	}
	return typ
}
