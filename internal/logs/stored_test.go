package logs

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/hatoba/hatoba/internal/state"
)

// TestStoredIsToldUnderItsOffset: what comes again is told of again, as what it
// was stored as; of what is too old nothing is told.
func TestStoredIsToldUnderItsOffset(t *testing.T) {
	var told []string
	scope := state.Scope{Account: "123456789012", Region: "us-east-1"}
	e, err := Open(t.Context(), Config{Dir: t.TempDir(), Stored: func(_ context.Context, s state.Scope, group, stream string, batch Batch) {
		for _, event := range batch.Events {
			told = append(told, fmt.Sprint(s.Account, group, stream, batch.Producer, batch.Offset, event.Message))
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
	if want := []string{
		"123456789012gsp2a", "123456789012gsp2b",
		"123456789012gsp2a", "123456789012gsp2b",
		"123456789012gsp2a", "123456789012gsp2b", "123456789012gsp3c",
	}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}
