package doc

import (
	"encoding/json"
	"errors"
	"testing"
)

const sample = `{
  "family": "web",
  "containerDefinitions": [
    { "name": "あ", "image": "app:1" }
  ]
}`

func TestFind(t *testing.T) {
	root, err := Parse([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		path      []any
		line, col int
		text      string
	}{
		{[]any{"family"}, 2, 3, "web"},
		{[]any{"containerDefinitions", 0, "image"}, 4, 20, "app:1"},
		{[]any{"ContainerDefinitions", 0, "Name"}, 4, 7, "あ"}, // case as AWS's clients forgive it
		{[]any{"containerDefinitions", 0, "user"}, 4, 5, ""},  // not there: where it should stand
		{[]any{"containerDefinitions", 7, "user"}, 3, 3, ""},
		{[]any{"nobody"}, 1, 1, ""},
	} {
		n := root.Find(tc.path...)
		if line, col := n.Pos(); line != tc.line || col != tc.col || n.Text != tc.text {
			t.Errorf("%v: %d:%d %q", tc.path, line, col, n.Text)
		}
	}
	if root.Get("nobody") != nil || root.Get("family").Get("x") != nil {
		t.Error("what is not there is nil")
	}
}

func TestErrorsSayWhere(t *testing.T) {
	for text, want := range map[string][2]int{
		"{\n  \"a\": tru\n}": {2, 11},
		"{\"a\": 1} x":       {1, 10},
		"[1,":                {1, 4},
		"":                   {1, 1},
	} {
		_, err := Parse([]byte(text))
		var at *Error
		if !errors.As(err, &at) || at.Line != want[0] {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Whatever encoding/json accepts, Parse accepts, and the other way round, but
// for nesting without end.
func FuzzParse(f *testing.F) {
	for _, s := range []string{sample, `[]`, `{"a":{"b":[1,2,{"c":null}]}}`, `"\ud800"`, "\ufeff{}", `{"a":1,"a":2}`, `1e400`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		root, err := Parse(text)
		if err != nil {
			return
		}
		root.Find("a", 0, "b").Pos()
		if body := trimBOM(text); !json.Valid(body) {
			t.Errorf("accepted %q", body)
		}
	})
}

func trimBOM(b []byte) []byte {
	if len(b) >= 3 && b[0] == 0xef && b[1] == 0xbb && b[2] == 0xbf {
		return b[3:]
	}
	return b
}
