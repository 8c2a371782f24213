package spool

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// collect reads a spool to its end and joins its lines.
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
		want := text
		if want != "" && !strings.HasSuffix(want, "\n") {
			want += "\n" // a last line without end is a line
		}
		if got := collect(rt, r); got != want {
			rt.Fatalf("got %d bytes, want %d", len(got), len(want))
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
	if kept == 0 || kept > 100 || kept*999+Dropped(dir) != 999_000 {
		t.Errorf("kept %d lines, dropped %d bytes", kept, Dropped(dir))
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
	if err := <-done; err != nil || n != 10_000 || Dropped(dir) != 0 {
		t.Errorf("%v: %d lines, %d dropped", err, n, Dropped(dir))
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
