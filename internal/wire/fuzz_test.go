package wire

import (
	"reflect"
	"testing"
	"time"
	"unicode/utf8"
)

// fuzzed has a member of every kind.
type fuzzed struct {
	String  *string
	Enum    fuzzedEnum
	Bool    *bool
	Int     int32
	Long    *int64
	Float   *float32
	Double  *float64
	Time    *time.Time
	Blob    []byte
	List    []string
	Structs []fuzzed
	Map     map[string]string
	Nested  *fuzzed
	Union   interface{ union() }
}

type fuzzedEnum string

func fuzzedPlan(t testing.TB, naming Naming) *plan {
	t.Helper()
	p, err := newPlanner(naming).plan(reflect.TypeFor[fuzzed]())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// FuzzJSONDecode holds that what is decoded can be encoded, and decodes to
// the same again.
func FuzzJSONDecode(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, ` { "string" : "a\u00e9\ud83d\ude00\n" , "int": -7e0, "long": 9223372036854775807 } `,
		`{"time": 1700000000.123, "blob": "AAE=", "float": "NaN", "double": 1e300}`,
		`{"list": ["a", ""], "structs": [{}, {"enum": "X"}], "map": {"k": "v"}, "nested": {"nested": {"bool": true}}}`,
		`{"unknown": [{"a": [1, -2.5E+3, true, null]}], "union": null}`, `{"union": {}}`, `{"list": [null]}`, `[`, `{"a"`, `{"string":"\ud800"}`,
	} {
		f.Add([]byte(seed))
	}
	p := fuzzedPlan(f, Naming{LowerFirst: true})
	f.Fuzz(func(t *testing.T, data []byte) {
		var first, second fuzzed
		if err := decodeJSON(p, data, reflect.ValueOf(&first).Elem()); err != nil {
			if err.text == "" || !utf8.ValidString(err.Error()) {
				t.Fatalf("error %q", err.Error())
			}
			return
		}
		again, err := appendJSON(nil, p, reflect.ValueOf(&first).Elem())
		if err != nil {
			t.Fatal(err)
		}
		if err := decodeJSON(p, again, reflect.ValueOf(&second).Elem()); err != nil {
			t.Fatalf("%s\nfrom %s: %v", again, data, err)
		}
		last, err := appendJSON(nil, p, reflect.ValueOf(&second).Elem())
		if err != nil || string(again) != string(last) {
			t.Fatalf("%s\nthen %s (%v)", again, last, err)
		}
	})
}

// FuzzQueryDecode holds that any form decodes or is refused with a reason.
func FuzzQueryDecode(f *testing.F) {
	for _, seed := range []string{
		"", "Action=A&Version=1", "String=a%20b&Enum=&Bool=true&Int=-1&Long=7&Float=1.5&Double=NaN",
		"Time=2026-11-21T00:00:00.123Z&Blob=AAE%3D", "List=", "List.member.2=b&List.member.1=a",
		"Structs.member.1.Nested.Structs.member.1.Int=1", "Map.entry.1.key=k&Map.entry.1.value=v", "Map.entry.1.key=k",
		"List.member.x=1", "String.member.1=a", "%zz", "String=%ff", "Union.X=1", "a.b.c.d=1&&=&=x",
	} {
		f.Add(seed)
	}
	p := fuzzedPlan(f, Naming{})
	f.Fuzz(func(t *testing.T, data string) {
		form, err := parseForm(data)
		if err != nil {
			return
		}
		var v fuzzed
		if err := decodeForm(p, form, reflect.ValueOf(&v).Elem()); err != nil {
			if err.text == "" || !utf8.ValidString(err.Error()) {
				t.Fatalf("error %q", err.Error())
			}
			return
		}
		b, xerr := appendXML(nil, p, reflect.ValueOf(&v).Elem())
		if xerr != nil || !utf8.Valid(b) {
			t.Fatalf("%q: %v", b, xerr)
		}
	})
}
