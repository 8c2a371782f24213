package wire

import (
	"context"
	"net/http"
	"net/url"
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

// FuzzEC2Decode holds that names nobody knows and wrong values are told.
func FuzzEC2Decode(f *testing.F) {
	for _, seed := range []string{
		"", "Action=A&Version=1", "String=a%20b&Bool=true&Int=-1&Double=NaN", "List=", "List.2=b&List.1=a", "Structs.1.Nested.Structs.1.Int=1",
		"List.x=1", "String.1=a", "Structs.1.Unknown.1=x", "Unknown=", "Nested.Nested.Unknown=false",
	} {
		f.Add(seed)
	}
	pl := newPlanner(Naming{})
	pl.tagged = true
	p, err := pl.plan(reflect.TypeFor[fuzzed]())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data string) {
		form, err := parseForm(data)
		if err != nil {
			return
		}
		var v fuzzed
		if p.unknown(form) != "" {
			return
		}
		if err := decodeForm(p, form, reflect.ValueOf(&v).Elem()); err != nil && (err.text == "" || !utf8.ValidString(err.Error())) {
			t.Fatalf("error %q", err.Error())
		}
	})
}

// FuzzCBORDecode holds that what is decoded can be encoded, and decodes to the
// same again.
func FuzzCBORDecode(f *testing.F) {
	for _, seed := range []string{
		"", "\xa0", "\xbf\xff", "\xbf\x66String\x61a\x63Int\x01\xff", "\xa1\x64Time\xc1\x1a\x65\x00\x00\x00",
		"\xa1\x64List\x9f\x61a\x7f\x61b\x61c\xff\xff", "\xa1\x63Map\xa1\x61k\x61v", "\xa1\x66Nested\xa1\x64Bool\xf5",
		"\xa1\x66Double\xf9\x3c\x00", "\xa1\x65Float\xfa\x7f\xc0\x00\x00", "\xa1\x64Blob\x42\x00\x01", "\xa1\x65Union\xf6",
		"\xa1\x61x\xd8\x20\x9b\xff\xff\xff\xff\xff\xff\xff\xff", "\xa1\x64List\x9b\x7f\xff\xff\xff\xff\xff\xff\xff", "\x5f", "\xa1\x66String\x61\xff",
	} {
		f.Add([]byte(seed))
	}
	p := fuzzedPlan(f, Naming{})
	f.Fuzz(func(t *testing.T, data []byte) {
		var first, second fuzzed
		if err := decodeCBOR(p, data, reflect.ValueOf(&first).Elem()); err != nil {
			if err.text == "" {
				t.Fatal("an error without a reason")
			}
			return
		}
		again, err := appendCBOR(nil, p, reflect.ValueOf(&first).Elem())
		if err != nil {
			t.Fatal(err)
		}
		if err := decodeCBOR(p, again, reflect.ValueOf(&second).Elem()); err != nil {
			t.Fatalf("%x\nfrom %x: %v", again, data, err)
		}
		last, err := appendCBOR(nil, p, reflect.ValueOf(&second).Elem())
		if err != nil || string(again) != string(last) {
			t.Fatalf("%x\nthen %x (%v)", again, last, err)
		}
	})
}

// FuzzXMLDecode holds that any document decodes or is refused with a reason,
// and that what is written of it is read again.
func FuzzXMLDecode(f *testing.F) {
	for _, seed := range []string{
		"<a/>", `<?xml version="1.0"?><R xmlns="urn:x"><String>a &amp; b</String><Int> 7 </Int><Bool>true</Bool></R>`,
		"<R><List><member>a</member><member/></List><Map><entry><key>k</key><value>v</value></entry></Map></R>",
		"<R><Nested><Time>2026-11-21T00:00:00.123Z</Time><Blob>AAE=</Blob></Nested><Structs><member><Double>NaN</Double></member></Structs></R>",
		`<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>`, "<a><b></a></b>", "<a", "<R><Union/></R>", "<R><Map><entry/></Map></R>", "<a/><b/>", "\xff",
	} {
		f.Add([]byte(seed))
	}
	p := fuzzedPlan(f, Naming{})
	f.Fuzz(func(t *testing.T, data []byte) {
		root, err := parseXML(data)
		if err != nil {
			return
		}
		var first, second fuzzed
		if err := decodeXML(p, nil, root, reflect.ValueOf(&first).Elem(), &budget{most: maxMemory}); err != nil {
			if err.text == "" || !utf8.ValidString(err.Error()) {
				t.Fatalf("error %q", err.Error())
			}
			return
		}
		again, xerr := appendRestXMLContent([]byte("<R"), p, reflect.ValueOf(&first).Elem())
		if xerr != nil {
			t.Fatal(xerr)
		}
		root, err = parseXML(append(again, "</R>"...))
		if err != nil {
			t.Fatalf("%s\nfrom %s: %v", again, data, err)
		}
		if err := decodeXML(p, nil, root, reflect.ValueOf(&second).Elem(), &budget{most: maxMemory}); err != nil {
			t.Fatalf("%s\nfrom %s: %v", again, data, err)
		}
	})
}

// FuzzRestBound holds that paths, parameters and headers decode or are refused
// with a reason.
func FuzzRestBound(f *testing.F) {
	f.Add("/a/x/rest/of/it", "q=1&q=2&t=2026-11-21T00:00:00Z&other=z", `a, "b,\"c", d`, "Sat, 21 Nov 2026 00:00:00 GMT, Sat, 21 Nov 2026 00:00:00 GMT")
	f.Add("/a/%2F/%zz", "q", ",", "")
	table := &Bindings{
		Operations: map[string]string{"Do": "GET /a/{L}/{G+}?lit"},
		Members: map[string]string{
			"boundInput.L": "label L", "boundInput.G": "label G", "boundInput.Q": "query q", "boundInput.T": "query t", "boundInput.Rest": "queries",
			"boundInput.H": "header H", "boundInput.D": "header D", "boundInput.M": "headers x-m-", "boundInput.N": "query n", "boundInput.B": "header B",
		},
	}
	svc, err := newService(Service{Name: "bound", Protocol: RestJSON, Bindings: table, Operations: []Operation{
		Op("Do", func(context.Context, Caller, *boundInput) (*struct{}, error) { return nil, nil }),
	}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path, query, list, date string) {
		values, err := url.ParseQuery(query + "&lit")
		if err != nil {
			return
		}
		r := &http.Request{Header: http.Header{"H": {list}, "D": {date}, "X-M-A": {list}, "B": {list}}}
		route, labels := svc.routes.find("GET", path, values, r.Header)
		if route == nil {
			return
		}
		var in boundInput
		if err := decodeBound(route, &request{http: r, labels: labels, query: values}, reflect.ValueOf(&in).Elem()); err != nil && err.text == "" {
			t.Fatal("an error without a reason")
		}
	})
}

// boundInput has a member of every place.
type boundInput struct {
	L, G *string
	Q    []string
	T    *time.Time
	N    *int32
	Rest map[string][]string
	H    []string
	D    []time.Time
	B    []byte
	M    map[string]string
}
