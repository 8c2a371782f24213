package logs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/state"
)

var scope = state.Scope{Account: "123456789012", Region: "eu-west-1"}

// clock is a settable clock.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// start opens an engine that is closed at the end of the test.
func start(t testing.TB, cfg Config) *Engine {
	t.Helper()
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	if cfg.Now == nil {
		cfg.Now = (&clock{noon}).now
	}
	cfg.Log = slog.New(slog.DiscardHandler)
	e, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func open(t testing.TB, e *Engine, group string, streams ...string) {
	t.Helper()
	for _, s := range streams {
		if err := e.OpenStream(t.Context(), scope, group, s, true); err != nil {
			t.Fatal(err)
		}
	}
}

func write(t testing.TB, e *Engine, group, stream string, events ...InputEvent) {
	t.Helper()
	if r, err := e.Append(t.Context(), scope, group, stream, Batch{Events: events}); err != nil || r != (Rejected{}) {
		t.Fatalf("append: %+v, %v", r, err)
	}
}

// at makes an event some milliseconds after noon.
func at(ms int64, message string) InputEvent {
	return InputEvent{Time: noon.UnixMilli() + ms, Message: message}
}

func read(t testing.TB, e *Engine, r ReadRequest) Page {
	t.Helper()
	page, err := e.Read(t.Context(), scope, r)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func messages(events []Event) string {
	out := ""
	for _, e := range events {
		out += e.Message + " "
	}
	return out
}

func TestReadGivesEventsInOrderOfTime(t *testing.T) {
	e := start(t, Config{})
	open(t, e, "g", "s", "other")
	write(t, e, "g", "s", at(5, "b"), at(1, "a"))
	write(t, e, "g", "other", at(2, "x"))
	write(t, e, "g", "s", at(3, "c"), at(5, "d"))
	for _, when := range []string{"in memory", "in a segment"} {
		got := messages(read(t, e, ReadRequest{Group: "g", Stream: "s"}).Events)
		if got != "a c b d " {
			t.Errorf("%s: got %q", when, got)
		}
		if err := e.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestErrorsNameWhatIsMissing(t *testing.T) {
	e := start(t, Config{})
	ctx := t.Context()
	if err := e.OpenStream(ctx, scope, "g", "s", false); !errors.Is(err, ErrNoGroup) {
		t.Errorf("open without group: %v", err)
	}
	open(t, e, "g", "s")
	open(t, e, "g", "s") // again
	if _, err := e.Append(ctx, scope, "g", "no", Batch{Events: []InputEvent{at(0, "x")}}); !errors.Is(err, ErrNoStream) {
		t.Errorf("append: %v", err)
	}
	if _, err := e.Read(ctx, scope, ReadRequest{Group: "no", Stream: "s"}); !errors.Is(err, ErrNoGroup) {
		t.Errorf("read: %v", err)
	}
	if err := e.CreateGroup(ctx, scope, Group{Name: "g"}); !errors.Is(err, ErrExists) {
		t.Errorf("create group: %v", err)
	}
	if err := e.CreateStream(ctx, scope, "g", "s"); !errors.Is(err, ErrExists) {
		t.Errorf("create stream: %v", err)
	}
	if err := e.DeleteStream(ctx, scope, "g", "no"); !errors.Is(err, ErrNoStream) {
		t.Errorf("delete stream: %v", err)
	}
	if _, err := e.GetGroup(ctx, state.Scope{Account: scope.Account, Region: "us-east-1"}, "g"); !errors.Is(err, ErrNoGroup) {
		t.Errorf("other region: %v", err)
	}
}

func TestPagesMeetInTheMiddle(t *testing.T) {
	e := start(t, Config{})
	open(t, e, "g", "s")
	want := ""
	for i := range 25 {
		write(t, e, "g", "s", at(int64(i/3), fmt.Sprint(i)))
		want += fmt.Sprint(i) + " "
	}
	r := ReadRequest{Group: "g", Stream: "s", Limit: 10}
	got := ""
	for {
		page := read(t, e, r)
		if len(page.Events) == 0 {
			if page.Next != *r.From {
				t.Errorf("at the end the position moves: %v to %v", *r.From, page.Next)
			}
			break
		}
		got += messages(page.Events)
		r.From = &page.Next
	}
	if got != want {
		t.Errorf("forward: %q", got)
	}
	write(t, e, "g", "s", at(9, "late"))
	if got := messages(read(t, e, r).Events); got != "late " {
		t.Errorf("the end's position gives %q", got)
	}
	back := ReadRequest{Group: "g", Stream: "s", Limit: 10, Backward: true}
	got = ""
	for range 4 {
		page := read(t, e, back)
		got = messages(page.Events) + got
		back.From = &page.Before
	}
	if got != want+"late " {
		t.Errorf("backward: %q", got)
	}
}

func TestRepeatsAreDropped(t *testing.T) {
	dir := t.TempDir()
	e := start(t, Config{Dir: dir})
	open(t, e, "g", "s")
	ship := func(e *Engine, offset int64, m string) {
		t.Helper()
		if _, err := e.Append(t.Context(), scope, "g", "s", Batch{Events: []InputEvent{at(offset, m)}, Producer: "p", Offset: offset}); err != nil {
			t.Fatal(err)
		}
	}
	ship(e, 10, "a")
	ship(e, 10, "again")
	ship(e, 20, "b")
	ship(e, 15, "old")
	check := func(e *Engine) {
		t.Helper()
		if got := messages(read(t, e, ReadRequest{Group: "g", Stream: "s"}).Events); got != "a b " {
			t.Errorf("got %q", got)
		}
	}
	check(e)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = start(t, Config{Dir: dir})
	ship(e, 20, "after restart")
	check(e)
}

// A batch that is sent again with more behind it repeats in part.
func TestPartialRepeatsAreDropped(t *testing.T) {
	e := start(t, Config{Dir: t.TempDir()})
	open(t, e, "g", "s")
	var events []InputEvent
	for _, until := range []int64{2, 3, 3, 5} {
		events = events[:0]
		for n := int64(1); n <= until; n++ {
			event := at(n, fmt.Sprint(n))
			event.Offset = n * 10
			events = append(events, event)
		}
		batch := Batch{Events: events, Producer: "p", Offset: until*10 + 4} // what follows an event counts
		if _, err := e.Append(t.Context(), scope, "g", "s", batch); err != nil {
			t.Fatal(err)
		}
	}
	if got := messages(read(t, e, ReadRequest{Group: "g", Stream: "s"}).Events); got != "1 2 3 4 5 " {
		t.Errorf("got %q", got)
	}
}

func TestRejectedEventsAreTold(t *testing.T) {
	e := start(t, Config{})
	open(t, e, "g", "s")
	if err := e.UpdateGroup(t.Context(), scope, "g", func(g *Group) error { g.RetentionDays = 3; return nil }); err != nil {
		t.Fatal(err)
	}
	r, err := e.Append(t.Context(), scope, "g", "s", Batch{Events: []InputEvent{
		at(-20*day, "ancient"), at(-4*day, "expired"), at(0, "fine"), at(maxFuture+1, "new"), at(maxFuture+2, "newer"),
	}})
	if err != nil || r.Expired == nil || *r.Expired != 2 || r.TooOld != nil || r.TooNew == nil || *r.TooNew != 3 {
		t.Errorf("got %+v, %v", r, err)
	}
	if got := messages(read(t, e, ReadRequest{Group: "g", Stream: "s"}).Events); got != "fine " {
		t.Errorf("stored %q", got)
	}
}

func TestTailGivesEachEventOnce(t *testing.T) {
	e := start(t, Config{})
	open(t, e, "g", "s")
	write(t, e, "g", "s", at(1, "1"), at(2, "2"))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got := make(chan string)
	done := make(chan error, 1)
	go func() {
		done <- e.Tail(ctx, scope, TailRequest{Group: "g"}, func(events []Event) error {
			for _, ev := range events {
				select {
				case got <- ev.Message:
				case <-ctx.Done():
				}
			}
			return nil
		})
	}()
	expect := func(want string) {
		t.Helper()
		if m := <-got; m != want {
			t.Fatalf("got %q, want %q", m, want)
		}
	}
	expect("1")
	write(t, e, "g", "s", at(1, "early"))
	expect("2")
	expect("early")
	if err := e.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	open(t, e, "g", "later")
	write(t, e, "g", "later", at(3, "3"))
	expect("3")
	if err := e.DeleteGroup(ctx, scope, "g"); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, ErrNoGroup) {
		t.Errorf("ended with %v", err)
	}
}
