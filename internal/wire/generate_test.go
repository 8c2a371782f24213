package wire_test

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/wire"
)

// generator draws random values of SDK types.
type generator struct {
	t       *rapid.T
	sparse  bool           // members may be absent
	plain   bool           // only characters that XML 1.0 can carry
	stack   []reflect.Type // structs being drawn, so that recursive ones end
	refused func(typ, member string)

	bindings *wire.Bindings // of a REST service
	place    string         // of the member being drawn, as its binding says
}

// placed is what a place can carry: a header no spaces at its ends and no
// other letters than ASCII's, a list of parameters no order, because the
// SDK's signer sorts them.
var placed = map[string][]string{
	"header":  {"x", "a b", "a,b", `say "hi"`, "a=b;c", "1"},
	"headers": {"x", "a-b", "c", "d1"},
	"label":   {"x", "a b", "日本語", "a&b=c;d+e%20", "?", "#", "a:b"},
	"greedy":  {"x", "a/b//c", "/x", "x/", "//", "../../etc/passwd", "a b/日本語", "a&b=c;d+e%20/?#"},
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
	if texts := placed[g.place]; texts != nil {
		return rapid.SampledFrom(texts).Draw(g.t, "text")
	}
	if rapid.IntRange(0, 3).Draw(g.t, "nasty") == 0 || g.plain {
		return rapid.SampledFrom(nasty).Draw(g.t, "text")
	}
	return rapid.StringN(1, 6, -1).Draw(g.t, "text")
}

func (g *generator) value(typ reflect.Type, depth int) reflect.Value {
	v := reflect.New(typ).Elem()
	switch typ {
	case timeType:
		milli := rapid.Int64Range(-1e10, 4e12).Draw(g.t, "time")
		if g.place != "" {
			milli -= milli % 1000
		}
		v.Set(reflect.ValueOf(time.UnixMilli(milli).UTC()))
		return v
	case blobType:
		v.SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(g.t, "blob"))
		return v
	}
	if typ.Name() == "ChecksumAlgorithm" {
		v.SetString("CRC32") // the SDK computes it
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
		n := g.length(depth)
		if g.plain { // a form cannot say that a map is there and empty
			n = max(n, 1)
		}
		for range n {
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
	if depth > 3 || g.place == "query" {
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
		outer := g.place
		if g.bindings != nil {
			line := g.bindings.Members[typ.Name()+"."+f.Name]
			g.place, _, _ = strings.Cut(line, " ")
			if strings.Contains(g.place, "=") || g.place == "flat" || g.place == "attribute" || g.place == "payload" {
				g.place = ""
			}
			if strings.HasSuffix(line, "label Key") {
				g.place = "greedy" // of S3's objects
			}
			if strings.Contains(line, "time=http") {
				g.place = "date" // of whole seconds
			}
		}
		v.Field(i).Set(g.value(f.Type, depth))
		g.place = outer
	}
}

// core is what a type is made of.
func core(typ reflect.Type) reflect.Type {
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map {
		typ = typ.Elem()
	}
	return typ
}
