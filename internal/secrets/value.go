package secrets

import (
	"fmt"
	"log/slog"
)

const redacted = "[redacted]"

// Value is a secret string that does not show itself: every formatting verb,
// JSON, text and slog give "[redacted]". The zero Value is the empty string.
type Value struct {
	// A pointer, because fmt calls no methods on another struct's unexported
	// field and would print the bytes there.
	hidden *string
}

// NewValue wraps a secret.
func NewValue(s string) Value { return Value{hidden: &s} }

// Reveal returns the secret itself.
func (v Value) Reveal() string {
	if v.hidden == nil {
		return ""
	}
	return *v.hidden
}

// String implements fmt.Stringer.
func (Value) String() string { return redacted }

// GoString implements fmt.GoStringer.
func (Value) GoString() string { return redacted }

// Format implements fmt.Formatter for every verb.
func (Value) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalJSON implements json.Marshaler.
func (Value) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText implements encoding.TextMarshaler.
func (Value) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements slog.LogValuer.
func (Value) LogValue() slog.Value { return slog.StringValue(redacted) }
