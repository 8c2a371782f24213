package logdriver

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/agent/logdriver/spool"
	"github.com/hatoba/hatoba/internal/protocol"
)

// store keeps events as the log store does: repeats are dropped, event by
// event.
type store struct {
	mu     sync.Mutex
	last   int64
	events []string
	hold   chan struct{} // nil, or closed when it may take more
	after  func()
}

func (s *store) ship(ctx context.Context, b protocol.LogBatch) error {
	if s.hold != nil {
		select {
		case <-s.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.Producer == "" || b.Offset > s.last {
		for _, e := range b.Events {
			if e.Offset == 0 || e.Offset > s.last {
				s.events = append(s.events, e.Message)
			}
		}
	}
	if b.Producer != "" {
		s.last = max(s.last, b.Offset)
	}
	if s.after != nil {
		s.after()
	}
	return ctx.Err()
}

// want is what a text must become, told without the pump's means: the lines of
// an event together.
func want(text string, pattern *regexp.Regexp) (out []string) {
	for line := range strings.Lines(text) {
		if pattern == nil {
			if line = strings.TrimSuffix(line, "\n"); line != "" {
				out = append(out, line)
			}
			continue
		}
		if len(out) == 0 || pattern.MatchString(strings.TrimSuffix(line, "\n")) || len(out[len(out)-1])+len(line) > maxEvent {
			out = append(out, "")
		}
		out[len(out)-1] += line
	}
	return out
}

// chunks hands a text out in pieces of given sizes.
type chunks struct {
	text  string
	sizes func() int
}

func (c *chunks) Read(b []byte) (int, error) {
	if c.text == "" {
		return 0, io.EOF
	}
	n := copy(b, c.text[:min(len(c.text), max(1, c.sizes()))])
	c.text = c.text[n:]
	return n, nil
}

// However the writes are cut, and however often the pump is killed, at whatever
// moment, the events are the same: none is missing and none comes twice.
func TestEventsDoNotDependOnChunks(t *testing.T) {
	begins := regexp.MustCompile(`^[A-Z]`)
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.OneOf(
			rapid.SampledFrom([]string{"", "INFO begins", "  at somewhere", "é ünï 世界", "no\x00text \xff\xfe", strings.Repeat("y", 16<<10), strings.Repeat("Z", 40<<10)}),
			rapid.StringMatching(`[ A-Za-z]{0,20}`),
		)
		text := strings.Join(rapid.SliceOfN(line, 1, 30).Draw(t, "lines"), "\n")
		if rapid.Bool().Draw(t, "ends") {
			text += "\n"
		}
		var pattern *regexp.Regexp
		if rapid.Bool().Draw(t, "pattern") {
			pattern = begins
		}
		checkChunks(t, text, pattern, rapid.Uint64().Draw(t, "seed"))
	})
}

func checkChunks(t *rapid.T, text string, pattern *regexp.Regexp, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 2))
	dir, err := os.MkdirTemp("", "pump") // rapid's T has no TempDir
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	w, err := spool.Create(dir, spool.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.Add()
	if err := w.Copy(spool.Stdout, &chunks{text, func() int { return 1 + random.IntN(20_000) }}); err != nil {
		t.Fatal(err)
	}
	s := &store{}
	for range 50 {
		ctx, kill := context.WithCancel(context.Background())
		if left := random.IntN(4); left < 3 {
			s.after = func() {
				if left--; left < 0 {
					kill()
				}
			}
		}
		err := pumpOnce(ctx, dir, pattern, s)
		kill()
		if err == nil {
			break
		}
	}
	if got := want(text, pattern); !slices.Equal(s.events, got) {
		t.Fatalf("%.300q, want %.300q", s.events, got)
	}
}

func pumpOnce(ctx context.Context, dir string, pattern *regexp.Regexp, s *store) error {
	reader, err := spool.Open(dir)
	if err != nil {
		return err
	}
	defer reader.Close()
	p := &Pump{Dir: dir, Producer: "p", Pattern: pattern, Ship: s.ship, Log: slog.New(slog.DiscardHandler)}
	return p.Run(ctx, reader)
}

// An event whose next line does not come goes after five seconds. Who is killed
// after it was stored, and reads again when more has come, makes no other event
// of it.
func TestAnEventThatNothingFollows(t *testing.T) {
	dir := t.TempDir()
	w, err := spool.Create(dir, spool.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.Add()
	w.Add()
	write := func(text string) {
		if err := w.Copy(spool.Stdout, strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
		w.Add()
	}
	pattern := regexp.MustCompile("^E")
	s := &store{}
	write("E one\n more\n")
	ctx, kill := context.WithCancel(t.Context())
	s.after = kill // stored, and not acknowledged
	began := time.Now()
	if err := pumpOnce(ctx, dir, pattern, s); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if took := time.Since(began); took < gatherFor-time.Second {
		t.Errorf("it went after %v", took)
	}
	write(" late\n")
	write("E two\n")
	s.after = nil
	reader, err := spool.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	reader.Finish()
	p := &Pump{Dir: dir, Producer: "p", Pattern: pattern, Ship: s.ship, Log: slog.New(slog.DiscardHandler)}
	if err := p.Run(t.Context(), reader); err != nil {
		t.Fatal(err)
	}
	if want := []string{"E one\n more\n", " late\n", "E two\n"}; !slices.Equal(s.events, want) {
		t.Errorf("%q, want %q", s.events, want)
	}
}

// Lines that follow one another slowly and never match do not wait for ever.
func TestGatheringEndsByTime(t *testing.T) {
	a := &assembler{pattern: regexp.MustCompile("^E"), cuts: map[int64]bool{}}
	at, now := spool.Position{Segment: 1}, time.Unix(0, 0)
	var got []string
	for _, text := range []string{"E", " 1", " 2", " 3", " 4"} {
		at.Offset += 30
		for _, e := range a.add(spool.Frame{Time: now, Stream: spool.Stdout, Data: []byte(text)}, at) {
			got = append(got, e.Message)
		}
		now = now.Add(2 * time.Second)
	}
	for _, e := range a.finish(at) {
		got = append(got, e.Message)
	}
	if want := []string{"E\n 1\n 2\n", " 3\n 4\n"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// An event counts as CloudWatch Logs counts it: what is no text counts thrice.
func TestEffectiveSize(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		pieces []int
	}{
		"letters":  {strings.Repeat("x", maxEvent+1), []int{maxEvent, 1}},
		"no text":  {strings.Repeat("\xff", maxEvent/3+1), []int{maxEvent / 3, 1}},
		"not cut":  {strings.Repeat("é", maxEvent/2+1), []int{maxEvent, 2}},
		"just one": {strings.Repeat("x", maxEvent), []int{maxEvent}},
	} {
		a := &assembler{}
		var sizes []int
		at := spool.Position{Segment: 1}
		for text := c.text; text != ""; {
			n := min(len(text), spool.MaxPiece)
			at.Offset += int64(n)
			for _, e := range a.add(spool.Frame{Stream: spool.Stdout, Data: []byte(text[:n]), Partial: n < len(text)}, at) {
				sizes = append(sizes, len(e.Message))
			}
			text = text[n:]
		}
		if !slices.Equal(sizes, c.pieces) {
			t.Errorf("%s: %v, want %v", name, sizes, c.pieces)
		}
	}
}

// A container in mode blocking that writes faster than the store takes is
// stalled, and loses nothing.
func TestBlockingStallsAndLosesNothing(t *testing.T) {
	dir := t.TempDir()
	w, err := spool.Create(dir, spool.Options{MaxBytes: 256 << 10})
	if err != nil {
		t.Fatal(err)
	}
	w.Add()
	out, in := io.Pipe()
	copied := make(chan error, 1)
	go func() { copied <- w.Copy(spool.Stdout, out) }()
	s := &store{hold: make(chan struct{})}
	pumped := make(chan error, 1)
	go func() { pumped <- pumpOnce(t.Context(), dir, nil, s) }()
	line := strings.Repeat("x", 999) + "\n"
	const lines = 5000
	wrote := make(chan int, lines)
	go func() {
		for i := range lines {
			_, _ = io.WriteString(in, line)
			wrote <- i
		}
		in.Close()
	}()
	n := 0
	for stalled := false; !stalled; {
		select {
		case <-wrote:
			n++
		case <-time.After(500 * time.Millisecond):
			stalled = true
		}
	}
	if n == 0 || n > 1000 {
		t.Errorf("it was stalled after %d lines of %d", n, lines)
	}
	close(s.hold)
	if err := errors.Join(<-copied, <-pumped); err != nil {
		t.Fatal(err)
	}
	if len(s.events) != lines || spool.Dropped(dir) != (spool.Drops{}) {
		t.Errorf("%d lines of %d, dropped %+v", len(s.events), lines, spool.Dropped(dir))
	}
}

// In mode non-blocking what has no room is dropped, counted, and told.
func TestNonBlockingTellsWhatItDrops(t *testing.T) {
	dir := t.TempDir()
	w, err := spool.Create(dir, spool.Options{MaxBytes: 64 << 10, NonBlocking: true})
	if err != nil {
		t.Fatal(err)
	}
	w.Add()
	const lines = 1000
	if err := w.Copy(spool.Stdout, strings.NewReader(strings.Repeat(strings.Repeat("x", 999)+"\n", lines))); err != nil {
		t.Fatal(err)
	}
	s := &store{}
	var told spool.Drops
	reader, err := spool.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	p := &Pump{Dir: dir, Producer: "p", Ship: s.ship, Dropped: func(d spool.Drops) { told = d }, Log: slog.New(slog.DiscardHandler)}
	if err := p.Run(t.Context(), reader); err != nil {
		t.Fatal(err)
	}
	kept := int64(len(s.events) - 1)
	if kept < 10 || told.Lines != lines-kept || told.Bytes != told.Lines*999 || !strings.HasPrefix(s.events[kept], "[hatoba] ") {
		t.Errorf("kept %d, told %+v: %.100q", kept, told, s.events[len(s.events)-1])
	}
	if spool.Told(dir) != spool.Dropped(dir) {
		t.Error("it would be told again")
	}
}

func FuzzAssembler(f *testing.F) {
	f.Add([]byte("INFO\n x\n\xff\n"), uint8(3), true)
	f.Fuzz(func(t *testing.T, data []byte, size uint8, multiline bool) {
		a := &assembler{cuts: map[int64]bool{}}
		if multiline {
			a.pattern = regexp.MustCompile("^[A-Z]")
		}
		at, total, last := spool.Position{Segment: 1}, 0, int64(0)
		take := func(events []protocol.LogEvent) {
			for _, e := range events {
				total += len(strings.ReplaceAll(e.Message, "\n", ""))
				if e.Message == "" || e.Offset < last || effective(e.Message) > maxEvent+1 {
					t.Errorf("%d bytes at %d after %d", len(e.Message), e.Offset, last)
				}
				last = e.Offset
			}
		}
		for i, part := range strings.SplitAfter(string(data), "\n") {
			for len(part) > 0 {
				n := min(len(part), int(size)+1)
				piece := part[:n]
				part = part[n:]
				at.Offset += int64(n)
				take(a.add(spool.Frame{
					Stream: spool.Stream(1 + i%2), Data: []byte(strings.TrimSuffix(piece, "\n")), Partial: !strings.HasSuffix(piece, "\n"),
				}, at))
				if a.done().After(at) {
					t.Error("done behind what was read")
				}
			}
		}
		take(a.finish(at))
		if want := len(strings.ReplaceAll(string(data), "\n", "")); total != want {
			t.Errorf("%d bytes came out of %d", total, want)
		}
	})
}
