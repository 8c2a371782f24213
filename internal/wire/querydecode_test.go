package wire

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func decodeQuery(t *testing.T, text string) (fuzzed, string) {
	t.Helper()
	var v fuzzed
	form, err := parseForm(text)
	if err != nil {
		return v, err.Error()
	}
	if err := decodeForm(fuzzedPlan(t, Naming{}), form, reflect.ValueOf(&v).Elem()); err != nil {
		return v, err.Error()
	}
	return v, ""
}

func TestDecodeQuery(t *testing.T) {
	yes, at := true, time.UnixMilli(1795248000123).UTC()
	for text, want := range map[string]fuzzed{
		"Unknown=1&Int=-7&Bool=true": {Int: -7, Bool: &yes},
		"List=":                      {List: []string{}},
		"List.member.10=c&List.member.2=b&List.member.1=a%20%C3%A9":  {List: []string{"a é", "b", "c"}},
		"Structs.member.1.Nested.Int=1&Structs.member.2.Int=2":       {Structs: []fuzzed{{Nested: &fuzzed{Int: 1}}, {Int: 2}}},
		"Map.entry.1.key=k&Map.entry.1.value=v":                      {Map: map[string]string{"k": "v"}},
		"Time=2026-11-21T08%3A00%3A00.123Z&Blob=AAE%3D&Enum=X+Y%2BZ": {Time: &at, Blob: []byte{0, 1}, Enum: "X Y+Z"},
	} {
		got, err := decodeQuery(t, text)
		if diff := cmp.Diff(want, got); diff != "" || err != "" {
			t.Errorf("%s: %s\n%s", text, err, diff)
		}
	}
}

func TestDecodeQueryTellsWhere(t *testing.T) {
	for text, want := range map[string]string{
		"Structs.member.2.Int=x&Structs.member.1.Int=1": "STRING_VALUE can not be converted to an Integer at Structs[1].Int",
		"Int=": "STRING_VALUE can not be converted to an Integer at Int",
		"Map.entry.1.key=k&Map.entry.1.value=v&Map.entry.2.value=": "an entry needs key and value at Map[1]",
		"Bool=yes":         "STRING_VALUE can not be converted to a Boolean at Bool",
		"Time=yesterday":   "STRING_VALUE can not be converted to a Timestamp at Time",
		"List=a":           "STRING_VALUE can not be converted to a List at List",
		"List.member.0=a":  `"0" is not the number of an element at List`,
		"String.member.1=": "Start of structure or map found where not expected (a String belongs here) at String",
		"String=%ff":       "a parameter is not UTF-8",
		"Union.A=1":        "Hatoba does not support this member yet: leave it out at Union",
	} {
		if _, err := decodeQuery(t, text); err != want {
			t.Errorf("%s: got %q, want %q", text, err, want)
		}
	}
}
