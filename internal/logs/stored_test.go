package logs

import (
	"context"
	"slices"
	"testing"

	"github.com/hatoba/hatoba/internal/state"
)

// TestStoredIsToldOnce: of a batch that comes again, of what is too old and of
// what was sent before, nothing is told.
func TestStoredIsToldOnce(t *testing.T) {
	var told []string
	scope := state.Scope{Account: "123456789012", Region: "us-east-1"}
	e, err := Open(t.Context(), Config{Dir: t.TempDir(), Stored: func(_ context.Context, s state.Scope, group string, events []InputEvent) {
		for _, event := range events {
			told = append(told, s.Account+" "+group+" "+event.Message)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if err := e.OpenStream(t.Context(), scope, "g", "s", true); err != nil {
		t.Fatal(err)
	}
	now := e.now()
	put := func(offset int64, events ...InputEvent) {
		if _, err := e.Append(t.Context(), scope, "g", "s", Batch{Producer: "p", Offset: offset, Events: events}); err != nil {
			t.Fatal(err)
		}
	}
	first := []InputEvent{{Time: now, Message: "a", Offset: 1}, {Time: now, Message: "b", Offset: 2}}
	put(2, first...)
	put(2, first...)
	put(3, append(first, InputEvent{Time: now, Message: "c", Offset: 3})...)
	put(4, InputEvent{Time: 0, Message: "old", Offset: 4})
	if want := []string{"123456789012 g a", "123456789012 g b", "123456789012 g c"}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}
