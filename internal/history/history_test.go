package history

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/logs"
	"github.com/hatoba/hatoba/internal/state"
)

func open(t *testing.T, dir string) (*Store, func()) {
	t.Helper()
	engine, err := logs.Open(t.Context(), logs.Config{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return &Store{Logs: engine, Log: slog.New(slog.DiscardHandler), Now: time.Now}, func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	}
}

func event(seq int64, at time.Time, kind, text string) state.TaskEvent {
	return state.TaskEvent{Seq: seq, At: at.UTC().Truncate(time.Millisecond), Type: kind, Text: text, Data: map[string]string{"status": text}}
}

func texts(events []state.TaskEvent) (out []string) {
	for _, e := range events {
		out = append(out, e.Text)
	}
	return out
}

func TestAHistoryIsKeptOnceAndInOrder(t *testing.T) {
	dir, at := t.TempDir(), time.Now()
	s, done := open(t, dir)
	if _, err := s.Read(t.Context(), "none"); !errors.Is(err, ErrNone) {
		t.Errorf("%v", err)
	}
	first := []state.TaskEvent{event(2, at.Add(time.Second), state.EventStarted, "b"), event(1, at, state.EventPlaced, "a")}
	for _, batch := range [][]state.TaskEvent{first, first[:1], {event(3, at.Add(2*time.Second), state.EventStatus, "STOPPED")}} {
		if err := s.Append(t.Context(), "t1", batch); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Append(t.Context(), "t2", first); err != nil {
		t.Fatal(err)
	}
	done()
	s, done = open(t, dir)
	defer done()
	want := []string{"a", "b", "STOPPED"}
	if got, err := s.Read(t.Context(), "t1"); err != nil || !slices.Equal(texts(got), want) || !got[0].At.Equal(first[1].At) {
		t.Errorf("%v %v", got, err)
	}
	if last, ok := s.Last(t.Context(), "t1"); !ok || last.Text != "STOPPED" {
		t.Errorf("%v", last)
	}
	var followed []state.TaskEvent
	if err := s.Follow(t.Context(), "t1", func(e state.TaskEvent) error { followed = append(followed, e); return nil }); err != nil || !slices.Equal(texts(followed), want) {
		t.Errorf("%v %v", followed, err)
	}
	if _, err := s.Find(t.Context(), "t"); err == nil {
		t.Error("two tasks begin so")
	}
	if id, err := s.Find(t.Context(), "t2"); err != nil || id != "t2" {
		t.Errorf("%q %v", id, err)
	}
}

func TestOldHistoriesGo(t *testing.T) {
	s, done := open(t, t.TempDir())
	defer done()
	if err := s.Append(t.Context(), "t1", []state.TaskEvent{event(1, time.Now(), state.EventPlaced, "a")}); err != nil {
		t.Fatal(err)
	}
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Find(t.Context(), "t1"); err != nil {
		t.Errorf("a young one is gone: %v", err)
	}
	s.Now = func() time.Time { return time.Now().Add(keep + time.Hour) }
	if err := s.Sweep(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Find(t.Context(), "t1"); !errors.Is(err, ErrNone) {
		t.Errorf("an old one is there: %v", err)
	}
}
