package runtimetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/agent/runtime/runtimetest/probe/behaviour"
)

// text is output that may be looked at while it grows.
type text struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (t *text) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.Write(b)
}

func (t *text) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.String()
}

func (r *run) until(what string, holds func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatalf("it does not come true that %s", what)
		}
	}
}

// ends waits for a command.
func (r *run) ends(p runtime.Process) (code int32, err error) {
	r.t.Helper()
	done := make(chan struct{})
	go func() { code, err = p.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(patience):
		r.t.Fatal("the command does not end")
	}
	return code, err
}

func attachPipes(t *testing.T, r *run) {
	spec := r.spec("attach", "sleep")
	r.start(spec)
	for name, c := range map[string]struct {
		cmd      runtime.Attach
		code     int32
		out, err string
	}{
		"input":     {runtime.Attach{Args: []string{"/probe", "cat"}, Stdin: strings.NewReader("some\x00input\n")}, 0, "some\x00input\n", ""},
		"no input":  {runtime.Attach{Args: []string{"/probe", "cat"}}, 0, "", ""},
		"both":      {runtime.Attach{Args: []string{"/probe", "both"}, Root: true}, 0, "to stdout", "to stderr"},
		"exit code": {runtime.Attach{Args: []string{"/probe", "exit", "3"}}, 3, "", ""},
	} {
		var out, err text
		c.cmd.Stdout, c.cmd.Stderr = &out, &err
		p, failure := r.Engine.Attach(t.Context(), spec.ID, c.cmd)
		if failure != nil {
			t.Fatalf("%s: %v", name, failure)
		}
		if code, failure := r.ends(p); failure != nil || code != c.code || out.String() != c.out || err.String() != c.err {
			t.Errorf("%s: %d %q %q %v", name, code, out.String(), err.String(), failure)
		}
	}
	if _, err := r.Engine.Attach(t.Context(), spec.ID, runtime.Attach{Args: []string{"/nothing"}, Stdout: io.Discard, Stderr: io.Discard}); err == nil || !strings.Contains(err.Error(), "no such file or directory") {
		t.Errorf("a command that is not there: %v", err)
	}
	if _, err := r.Engine.Attach(t.Context(), "nobody", runtime.Attach{Args: []string{"/probe"}}); !errors.Is(err, runtime.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

func attachTerminal(t *testing.T, r *run) {
	spec := r.spec("tty", "sleep")
	r.start(spec)
	stdin, keys := io.Pipe()
	defer keys.Close()
	var out text
	p, err := r.Engine.Attach(t.Context(), spec.ID, runtime.Attach{
		Args: []string{"/probe", "size"}, Terminal: true, Size: runtime.TerminalSize{Cols: 90, Rows: 30}, Stdin: stdin, Stdout: &out,
	})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(keys, "\n")
	r.until("it has its first size", func() bool { return strings.Contains(out.String(), "size 90 30") })
	if err := p.Resize(t.Context(), runtime.TerminalSize{Cols: 120, Rows: 40}); err != nil {
		t.Error(err)
	}
	fmt.Fprint(keys, "\n")
	r.until("it has its next size", func() bool { return strings.Contains(out.String(), "size 120 40") })
	if !r.Real {
		keys.Close()
	} else if strings.Contains(out.String(), "size 90 30\n") && !strings.Contains(out.String(), "\r\n") {
		t.Errorf("that is no terminal: %q", out.String())
	}
	fmt.Fprint(keys, "\x04") // the end of input, as one types it
	if code, err := r.ends(p); code != 0 || err != nil {
		t.Errorf("%d %v", code, err)
	}
}

// Output comes whole, also to one who takes his time; it is not kept anywhere
// meanwhile.
func attachFlood(t *testing.T, r *run) {
	spec := r.spec("flood", "sleep")
	r.start(spec)
	const size = 10 << 20
	got, want := sha256.New(), sha256.New()
	_, _ = io.CopyN(want, behaviour.Flood(), size)
	total, slow := 0, 20
	p, err := r.Engine.Attach(t.Context(), spec.ID, runtime.Attach{
		Args: []string{"/probe", "flood", fmt.Sprint(size)}, Stderr: io.Discard,
		Stdout: writerFunc(func(b []byte) (int, error) {
			if slow--; slow > 0 {
				time.Sleep(10 * time.Millisecond)
			}
			total += len(b)
			return got.Write(b)
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if code, err := r.ends(p); code != 0 || err != nil || total != size || !bytes.Equal(got.Sum(nil), want.Sum(nil)) {
		t.Errorf("%d of %d bytes, code %d, %v", total, size, code, err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// A command ends with its context, and with its container.
func attachEnds(t *testing.T, r *run) {
	spec := r.spec("ends", "sleep")
	r.start(spec)
	for _, terminal := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		p, err := r.Engine.Attach(ctx, spec.ID, runtime.Attach{Args: []string{"/probe", "stubborn"}, Terminal: terminal, Stdout: io.Discard, Stderr: io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		if _, err := r.ends(p); !errors.Is(err, context.Canceled) {
			t.Errorf("terminal %v: %v", terminal, err)
		}
	}
	p, err := r.Engine.Attach(t.Context(), spec.ID, runtime.Attach{Args: []string{"/probe", "sleep"}, Stdout: io.Discard, Stderr: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Engine.Signal(t.Context(), spec.ID, "SIGKILL"); err != nil {
		t.Error(err)
	}
	if code, err := r.ends(p); code != 137 || err != nil {
		t.Errorf("its container was killed: %d %v", code, err)
	}
	r.wait(spec.ID)
}

// What an engine has left behind is ended by the next one.
func attachLeftBehind(t *testing.T, r *run) {
	spec := r.spec("left", "sleep")
	r.start(spec)
	var out text
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p, err := r.Engine.Attach(ctx, spec.ID, runtime.Attach{Args: []string{"/probe", "stubborn"}, Terminal: true, Stdout: &out})
	if err != nil {
		t.Fatal(err)
	}
	r.until("it runs", func() bool { return strings.Contains(out.String(), "ready") })
	r.Engine = r.Reopen(t)
	if !r.Real {
		cancel()
	}
	if _, err := r.ends(p); err == nil && r.Real {
		t.Log("its old engine heard of its end") // by an event that was on its way
	}
	got, err := r.Engine.Exec(t.Context(), spec.ID, runtime.Exec{Args: []string{"/probe", "exit", "4"}})
	if err != nil || got.Code != 4 {
		t.Errorf("the container is not what it was: %+v %v", got, err)
	}
}
