package dispatch

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store/mem"
)

// What is asked of a node goes down its session, and its answer to who waits;
// an answer that nobody waits for goes nowhere.
func TestLook(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	d := New(Config{Store: mem.New(), Log: slog.New(slog.DiscardHandler)})
	if _, err := d.Look(ctx, "this", protocol.Look{ID: "1"}); !errors.Is(err, ErrNotConnected) {
		t.Errorf("a node without a session answers: %v", err)
	}
	s, err := d.Open(ctx, state.Node{ID: "this"})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			m, err := s.Receive(ctx)
			if err != nil {
				return
			}
			for _, look := range m.Looks {
				_ = s.Looked(ctx, "another", protocol.Sight{Failure: "not yours"})
				_ = s.Looked(ctx, look.ID, protocol.Sight{Failure: "seen " + look.Kill})
				_ = s.Looked(ctx, look.ID, protocol.Sight{Failure: "twice"})
			}
		}
	}()
	seen, err := d.Look(ctx, "this", protocol.Look{ID: "2", Kill: "web"})
	if err != nil || seen.Failure != "seen web" {
		t.Errorf("%+v %v", seen, err)
	}
}
