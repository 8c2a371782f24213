package logdriver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/hatoba/hatoba/internal/agent/logdriver/spool"
	"github.com/hatoba/hatoba/internal/protocol"
)

// keeper stores what is shipped, and drops repeats as the log store does.
type keeper struct {
	last  int64
	lines []string
	after func() // a batch was stored
}

func (k *keeper) ship(ctx context.Context, b protocol.LogBatch) error {
	for _, e := range b.Events {
		if e.Offset > k.last {
			k.lines = append(k.lines, e.Message)
		}
	}
	k.last = max(k.last, b.Offset)
	k.after()
	return ctx.Err()
}

// Found by the soak (seed 4): killed after a batch was stored and before it was
// acknowledged, the pump reads the same lines again with more behind them. The
// batch is another one, its first lines are repeats all the same.
func TestNothingIsStoredTwiceAfterAKill(t *testing.T) {
	long := strings.Repeat("x", maxEvent+100)
	for name, texts := range map[string][]string{
		"whole lines":           {"one\ntwo\n", "three\nfour\n"},
		"a line in two pieces":  {"one\ntw", "o\nthree\n"},
		"a line without an end": {"one\n", "two"},
		"longer than an event":  {"one\n" + long, long + "\ntwo\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var want []string
			for line := range strings.Lines(strings.Join(texts, "")) {
				line = strings.TrimSuffix(line, "\n")
				for len(line) > maxEvent {
					want, line = append(want, line[:maxEvent]), line[maxEvent:]
				}
				want = append(want, line)
			}
			dir := t.TempDir()
			w, err := spool.Create(dir, spool.Options{})
			if err != nil {
				t.Fatal(err)
			}
			w.Add()
			w.Add() // keeps the spool open
			if err := w.Copy(spool.Stdout, strings.NewReader(texts[0])); err != nil {
				t.Fatal(err)
			}
			k := &keeper{}
			pump := func(ctx context.Context) {
				reader, err := spool.Open(dir)
				if err != nil {
					t.Fatal(err)
				}
				defer reader.Close()
				p := &Pump{Dir: dir, Producer: "p", Ship: k.ship, Log: slog.New(slog.DiscardHandler)}
				if err := p.Run(ctx, reader); err != nil && !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
			}
			ctx, kill := context.WithCancel(t.Context())
			k.after = kill
			pump(ctx)
			if err := w.Copy(spool.Stdout, strings.NewReader(texts[1])); err != nil {
				t.Fatal(err)
			}
			k.after = func() {}
			pump(t.Context())
			if !slices.Equal(k.lines, want) {
				t.Errorf("%d lines, not %d: %s", len(k.lines), len(want), fmt.Sprintf("%.200q", k.lines))
			}
		})
	}
}
