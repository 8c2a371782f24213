package wire

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func decodeFuzzed(t *testing.T, text string) (fuzzed, string) {
	t.Helper()
	var v fuzzed
	if err := decodeJSON(fuzzedPlan(t, Naming{LowerFirst: true}), []byte(text), reflect.ValueOf(&v).Elem()); err != nil {
		return v, err.Error()
	}
	return v, ""
}

func TestDecodeJSONNumbers(t *testing.T) {
	for text, want := range map[string]int32{
		"0": 0, "-0": 0, "256": 256, "256.0": 256, "2.56e2": 256, "-2147483648": -2147483648,
	} {
		if v, err := decodeFuzzed(t, `{"int":`+text+`}`); err != "" || v.Int != want {
			t.Errorf("%s: got %d, %s", text, v.Int, err)
		}
	}
	for _, text := range []string{"2147483648", "1.5", "1e99", "01", "+1", ".5", "1.", "1e", "-", `"256"`, "true", "[1]", "NaN"} {
		if _, err := decodeFuzzed(t, `{"int":`+text+`}`); err == "" {
			t.Errorf("%s is no int32", text)
		}
	}
}

func TestDecodeJSONTimes(t *testing.T) {
	for text, want := range map[string]time.Time{
		"0":              time.UnixMilli(0),
		"1795248000":     time.UnixMilli(1795248000000),
		"1795248000.123": time.UnixMilli(1795248000123),
		"1.7e9":          time.UnixMilli(1700000000000),
		"-0.001":         time.UnixMilli(-1),
	} {
		if v, err := decodeFuzzed(t, `{"time":`+text+`}`); err != "" || !v.Time.Equal(want) {
			t.Errorf("%s: got %v, %s", text, v.Time, err)
		}
	}
	for _, text := range []string{"1e300", `"2026-11-21T00:00:00Z"`, "true"} {
		if _, err := decodeFuzzed(t, `{"time":`+text+`}`); err == "" {
			t.Errorf("%s is no time", text)
		}
	}
}

func TestDecodeJSONTellsWhere(t *testing.T) {
	for text, want := range map[string]string{
		`{"structs":[{},{"nested":{"map":{"k":7}}}]}`: "NUMBER_VALUE can not be converted to a String at structs[1].nested.map.k",
		`{"blob":"?"}`:                     "STRING_VALUE is not base64 and can not be converted to a Blob at blob",
		`{"bool":"true"}`:                  "STRING_VALUE can not be converted to a Boolean at bool",
		`{"list":"a"}`:                     "STRING_VALUE can not be converted to a List at list",
		`{"nested":[]}`:                    "Start of list found where not expected (a Structure belongs here) at nested",
		`{"nested":{"union":{"a":"b"}}}`:   "Hatoba does not support this member yet: leave it out at nested.union",
		`[]`:                               "Start of list found where not expected (a Structure belongs here)",
		`null`:                             "NULL_VALUE can not be converted to a Structure",
		`{} {}`:                            "malformed JSON, byte 3: text after the end of the value",
		`{"string":"\ud800x"}`:             "malformed JSON, byte 17: not an escape sequence at string",
		"{\"string\":\"a\nb\"}":            "malformed JSON, byte 12: a control character inside a string at string",
		`{"string":"a`:                     "malformed JSON, byte 12: a string does not end at string",
		`{"map":{"k":null}}`:               "null is not a value at map.k",
		strings.Repeat(`{"nested":`, 101):  "the body is nested deeper than 100 levels",
		`{"x":` + strings.Repeat("[", 101): "the body is nested deeper than 100 levels",
	} {
		if _, err := decodeFuzzed(t, text); err != want && !strings.HasPrefix(err, want+" at nested.nested") {
			t.Errorf("%.60s: got %q, want %q", text, err, want)
		}
	}
}

func TestDecodeJSONTheLastOfTwoWins(t *testing.T) {
	v, err := decodeFuzzed(t, `{"list":["a","b"],"nested":{"int":1},"list":["c"],"nested":{}}`)
	if err != "" || len(v.List) != 1 || v.List[0] != "c" || v.Nested.Int != 0 {
		t.Errorf("got %v, %+v, %s", v.List, v.Nested, err)
	}
}
