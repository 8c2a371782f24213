package secrets

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestValueNeverShowsItself(t *testing.T) {
	const secret = "hunter2-correct-horse"
	v := NewValue(secret)
	type holder struct {
		Open Value
		shut Value
	}
	h := holder{v, v}
	var shown bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%c", "%U"} {
		for _, x := range []any{v, &v, h, &h, []Value{v}, map[string]Value{"k": v}} {
			fmt.Fprintf(&shown, verb+"\n", x)
		}
	}
	fmt.Fprintln(&shown, v, fmt.Errorf("no: %w", fmt.Errorf("%v", v)))
	for _, x := range []any{v, h, map[string]any{"a": v}} {
		raw, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		shown.Write(raw)
	}
	slog.New(slog.NewJSONHandler(&shown, nil)).Info("m", "v", v, "h", h)
	slog.New(slog.NewTextHandler(&shown, nil)).Info("m", "v", v, "h", h)
	for _, form := range []string{secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret)} {
		if strings.Contains(shown.String(), form) {
			t.Fatalf("a value shows itself as %s", form)
		}
	}
	if v.Reveal() != secret || (Value{}).Reveal() != "" {
		t.Fatal("Reveal does not give the secret")
	}
}
