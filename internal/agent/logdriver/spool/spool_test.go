package spool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// collect reads a spool to its end and puts the bytes together again.
func collect(t interface{ Fatal(...any) }, r *Reader) string {
	var out bytes.Buffer
	for {
		f, _, err := r.Next(context.Background())
		if err == io.EOF {
			return out.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		out.Write(f.Data)
		if !f.Partial {
			out.WriteByte('\n')
		}
	}
}

func fill(t interface{ Fatal(...any) }, dir string, options Options, text string) {
	w, err := Create(dir, options)
	if err != nil {
		t.Fatal(err)
	}
	w.Add()
	if err := w.Copy(Stdout, strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
}

func openReader(t interface{ Fatal(...any) }, dir string) *Reader {
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestExactBytes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp("", "spool")
		if err != nil {
			rt.Fatal(err)
		}
		defer os.RemoveAll(dir)
		lines := rapid.SliceOfN(rapid.OneOf(
			rapid.StringMatching(`[^\n]{0,40}`),
			rapid.Custom(func(t *rapid.T) string {
				return strings.Repeat("x", rapid.IntRange(MaxPiece-2, 3*MaxPiece).Draw(t, "n"))
			}),
		), 0, 30).Draw(rt, "lines")
		text := strings.Join(lines, "\n")
		fill(rt, dir, Options{}, text)
		r := openReader(rt, dir)
		defer r.Close()
		if got := collect(rt, r); got != text {
			rt.Fatalf("got %d bytes, want %d", len(got), len(text))
		}
	})
}

func TestReaderFollowsTheWriter(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.Add()
	pr, pw := io.Pipe()
	go w.Copy(Stderr, pr)
	r := openReader(t, dir)
	defer r.Close()
	for _, line := range []string{"one", "two", "three"} {
		if _, err := io.WriteString(pw, line+"\n"); err != nil {
			t.Fatal(err)
		}
		f, _, err := r.Next(t.Context())
		if err != nil || string(f.Data) != line || f.Stream != Stderr {
			t.Fatalf("%q %v %v", f.Data, f.Stream, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, _, err := r.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("nothing written: %v", err)
	}
	pw.Close()
	if _, _, err := r.Next(t.Context()); err != io.EOF {
		t.Errorf("after the end: %v", err)
	}
}

func TestAcknowledgedIsNotReadAgain(t *testing.T) {
	dir := t.TempDir()
	text := strings.Repeat(strings.Repeat("y", 1000)+"\n", 5000) // several segments
	fill(t, dir, Options{}, text)
	r := openReader(t, dir)
	var at Position
	for range 3000 {
		var err error
		if _, at, err = r.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Ack(at); err != nil {
		t.Fatal(err)
	}
	r.Close()
	if have, _ := segments(dir); have[0] != at.Segment {
		t.Errorf("segments %v are left, read up to %v", have, at)
	}
	r = openReader(t, dir)
	defer r.Close()
	if got := strings.Count(collect(t, r), "\n"); got != 2000 {
		t.Errorf("%d lines after 3000 of 5000", got)
	}
}

func TestNonBlockingDropsAndCounts(t *testing.T) {
	dir := t.TempDir()
	line := strings.Repeat("z", 999) + "\n"
	fill(t, dir, Options{MaxBytes: 100_000, NonBlocking: true}, strings.Repeat(line, 1000))
	r := openReader(t, dir)
	defer r.Close()
	kept := int64(strings.Count(collect(t, r), "\n"))
	if kept == 0 || kept > 100 || kept*999+Dropped(dir).Bytes != 999_000 {
		t.Errorf("kept %d lines, dropped %d bytes", kept, Dropped(dir).Bytes)
	}
}

func TestBlockingWaitsForTheReader(t *testing.T) {
	dir := t.TempDir()
	line := strings.Repeat("z", 999) + "\n"
	w, err := Create(dir, Options{MaxBytes: 3 * segmentBytes})
	if err != nil {
		t.Fatal(err)
	}
	w.Add()
	done := make(chan error, 1)
	go func() { done <- w.Copy(Stdout, strings.NewReader(strings.Repeat(line, 10_000))) }()
	r := openReader(t, dir)
	defer r.Close()
	n := 0
	for {
		_, at, err := r.Next(t.Context())
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if n++; n%500 == 0 {
			if err := r.Ack(at); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := <-done; err != nil || n != 10_000 || Dropped(dir).Bytes != 0 {
		t.Errorf("%v: %d lines, %d dropped", err, n, Dropped(dir).Bytes)
	}
}

func TestTornFrameAfterACrash(t *testing.T) {
	dir := t.TempDir()
	whole := appendFrame(nil, Frame{Time: time.Now(), Stream: Stdout, Data: []byte("whole")}, false)
	torn := appendFrame(nil, Frame{Time: time.Now(), Stream: Stdout, Data: []byte("torn")}, false)
	if err := os.WriteFile(segmentPath(dir, 1), append(whole, torn[:len(torn)-2]...), 0o600); err != nil {
		t.Fatal(err)
	}
	fill(t, dir, Options{}, "next\n")
	r := openReader(t, dir)
	defer r.Close()
	if got := collect(t, r); got != "whole\nnext\n" {
		t.Errorf("%q", got)
	}
}

func TestFinishEndsASpoolWithoutEnd(t *testing.T) {
	dir := t.TempDir()
	whole := appendFrame(nil, Frame{Time: time.Now(), Stream: Stdout, Data: []byte("last words")}, false)
	if err := os.WriteFile(segmentPath(dir, 1), whole, 0o600); err != nil {
		t.Fatal(err)
	}
	r := openReader(t, dir)
	defer r.Close()
	go r.Finish()
	if got := collect(t, r); got != "last words\n" {
		t.Errorf("%q", got)
	}
}

// A spool smaller than a segment gives room back, too.
func TestSmallSpool(t *testing.T) {
	for _, size := range []int64{1, 100_000} {
		dir := t.TempDir()
		text := strings.Repeat(strings.Repeat("s", 99)+"\n", 3000)
		w, err := Create(dir, Options{MaxBytes: size})
		if err != nil {
			t.Fatal(err)
		}
		w.Add()
		go w.Copy(Stdout, strings.NewReader(text))
		r := openReader(t, dir)
		defer r.Close()
		n := 0
		for {
			f, at, err := r.Next(t.Context())
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			n += len(f.Data) + 1
			if err := r.Ack(at); err != nil {
				t.Fatal(err)
			}
		}
		if n != len(text) || Dropped(dir).Bytes != 0 {
			t.Errorf("bound %d: %d of %d bytes, %d dropped", size, n, len(text), Dropped(dir).Bytes)
		}
	}
}

func TestNonBlockingTakesAgainAfterTheReader(t *testing.T) {
	dir := t.TempDir()
	line := strings.Repeat("z", 99) + "\n"
	w, err := Create(dir, Options{MaxBytes: 10_000, NonBlocking: true})
	if err != nil {
		t.Fatal(err)
	}
	w.Add()
	pr, pw := io.Pipe()
	copied := make(chan error, 1)
	go func() { copied <- w.Copy(Stdout, pr) }()
	r := openReader(t, dir)
	defer r.Close()
	write := func(s string) {
		t.Helper()
		if _, err := io.WriteString(pw, s); err != nil {
			t.Fatal(err)
		}
	}
	write(strings.Repeat(line, 1000))
	for range 50 {
		if _, _, err := r.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Ack(r.at); err != nil {
		t.Fatal(err)
	}
	write("after\n")
	pw.Close()
	if err := <-copied; err != nil {
		t.Fatal(err)
	}
	if Dropped(r.dir) == (Drops{}) {
		t.Error("nothing was dropped")
	}
	if got := collect(t, r); !strings.HasSuffix(got, "\nafter\n") {
		t.Errorf("%q", got)
	}
}

// The process has ended: what is left in its pipes need not wait for a reader.
func TestLift(t *testing.T) {
	dir := t.TempDir()
	text := strings.Repeat("0123456789\n", 10_000)
	w, err := Create(dir, Options{MaxBytes: 1000})
	if err != nil {
		t.Fatal(err)
	}
	w.Add()
	copied := make(chan error, 1)
	go func() { copied <- w.Copy(Stdout, strings.NewReader(text)) }()
	w.Lift()
	if err := <-copied; err != nil {
		t.Fatal(err)
	}
	r := openReader(t, dir)
	defer r.Close()
	if got := collect(t, r); got != text {
		t.Errorf("%d of %d bytes", len(got), len(text))
	}
}

func TestSecondWriterGoesOnAfterTheEndOfTheFirst(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, Options{}, "first\n")
	fill(t, dir, Options{}, "second\n")
	r := openReader(t, dir)
	defer r.Close()
	if got := collect(t, r); got != "first\nsecond\n" {
		t.Errorf("%q", got)
	}
	if _, _, err := r.Next(t.Context()); err != io.EOF {
		t.Errorf("asked again: %v", err)
	}
}

func TestTheEndIsRemembered(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, Options{}, "all\n")
	r := openReader(t, dir)
	collect(t, r)
	if err := r.Ack(r.at); err != nil {
		t.Fatal(err)
	}
	r.Close()
	r = openReader(t, dir)
	if _, _, err := r.Next(t.Context()); err != io.EOF {
		t.Errorf("%v", err)
	}
	r.Close()
	fill(t, dir, Options{}, "more\n")
	r = openReader(t, dir)
	defer r.Close()
	if got := collect(t, r); got != "more\n" {
		t.Errorf("%q", got)
	}
}

func TestTornAck(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, Options{}, "line\n")
	if err := os.WriteFile(ackPath(dir), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := openReader(t, dir)
	defer r.Close()
	if got := collect(t, r); got != "line\n" {
		t.Errorf("%q", got)
	}
}

// A reader that dies at any instant, and the next one, see every byte once
// between them, but for what was not acknowledged.
func TestReadersComeAndGo(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp("", "spool")
		if err != nil {
			rt.Fatal(err)
		}
		defer os.RemoveAll(dir)
		var want bytes.Buffer
		for i := range rapid.IntRange(0, 400).Draw(rt, "lines") {
			fmt.Fprintf(&want, "%d %s\n", i, strings.Repeat("r", i%200))
		}
		w, err := Create(dir, Options{MaxBytes: int64(rapid.IntRange(1, 20_000).Draw(rt, "bound"))})
		if err != nil {
			rt.Fatal(err)
		}
		w.Add()
		go w.Copy(Stdout, bytes.NewReader(want.Bytes()))
		var sure, unsure []byte
		r := openReader(rt, dir)
		defer func() { r.Close() }()
		for {
			f, at, err := r.Next(context.Background())
			if err == io.EOF {
				break
			}
			if err != nil {
				rt.Fatal(err)
			}
			unsure = append(append(unsure, f.Data...), '\n')
			switch rapid.IntRange(0, 9).Draw(rt, "step") {
			case 0:
				r.Close()
				r, unsure = openReader(rt, dir), nil
			case 1, 2, 3:
				if err := r.Ack(at); err != nil {
					rt.Fatal(err)
				}
				sure, unsure = append(sure, unsure...), nil
			default:
				if r.Ready() {
					continue
				}
				if err := r.Ack(at); err != nil { // or a full spool waits for ever
					rt.Fatal(err)
				}
				sure, unsure = append(sure, unsure...), nil
			}
		}
		if got := append(sure, unsure...); !bytes.Equal(got, want.Bytes()) {
			rt.Fatalf("%d of %d bytes", len(got), want.Len())
		}
	})
}

func TestStreamsKeepTheirOrder(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := openReader(t, dir)
	defer r.Close()
	var pipes [2]*io.PipeWriter
	for i := range pipes {
		w.Add()
		pr, pw := io.Pipe()
		pipes[i] = pw
		go w.Copy(Stream(i+1), pr)
	}
	for i := range 100 {
		stream := Stream(i%2 + 1)
		if _, err := fmt.Fprintln(pipes[i%2], i); err != nil {
			t.Fatal(err)
		}
		f, _, err := r.Next(t.Context())
		if err != nil || string(f.Data) != fmt.Sprint(i) || f.Stream != stream {
			t.Fatalf("%d: %q on %d: %v", i, f.Data, f.Stream, err)
		}
	}
	pipes[0].Close()
	if _, err := io.WriteString(pipes[1], "last words"); err != nil {
		t.Fatal(err)
	}
	pipes[1].Close()
	if f, _, err := r.Next(t.Context()); err != nil || string(f.Data) != "last words" || !f.Partial {
		t.Errorf("%q %v %v", f.Data, f.Partial, err)
	}
	if _, _, err := r.Next(t.Context()); err != io.EOF {
		t.Errorf("%v", err)
	}
}

func TestDivide(t *testing.T) {
	var b []byte
	var ends []int
	for _, s := range []string{"one", "twenty", ""} {
		b = appendFrame(b, Frame{Time: time.Unix(1, 0), Stream: Stdout, Data: []byte(s)}, false)
		ends = append(ends, len(b))
	}
	for _, c := range []struct{ n, kept, lost int }{{0, 0, 9}, {ends[0] - 1, 0, 9}, {ends[0], ends[0], 6}, {ends[1] + 3, ends[1], 0}, {len(b), len(b), 0}} {
		if kept, lost, _ := divide(b, c.n); kept != c.kept || lost != c.lost {
			t.Errorf("divide at %d: %d kept, %d lost", c.n, kept, lost)
		}
	}
}

func BenchmarkCopy(b *testing.B) {
	line := strings.Repeat("l", 100) + "\n"
	dir := b.TempDir()
	w, err := Create(dir, Options{MaxBytes: 1 << 40})
	if err != nil {
		b.Fatal(err)
	}
	w.Add()
	b.SetBytes(int64(len(line)))
	if err := w.Copy(Stdout, strings.NewReader(strings.Repeat(line, b.N))); err != nil {
		b.Fatal(err)
	}
}

func FuzzDecodeFrame(f *testing.F) {
	f.Add(appendFrame(nil, Frame{Time: time.Unix(1, 0), Stream: Stdout, Data: []byte("hello")}, false))
	f.Add([]byte{0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, _, size, err := decodeFrame(b)
		if err == nil && (size > len(b) || len(frame.Data) > MaxPiece) {
			t.Errorf("size %d of %d", size, len(b))
		}
	})
}
