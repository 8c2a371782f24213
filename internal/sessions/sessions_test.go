package sessions

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hatoba/hatoba/internal/datachannel"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// wire is a connection in memory.
type wire struct {
	in, out chan frame
	ended   chan struct{}
	end     *sync.Once
}

type frame struct {
	text bool
	data []byte
}

func wires() (a, b *wire) {
	x, y, ended, end := make(chan frame, 64), make(chan frame, 64), make(chan struct{}), &sync.Once{}
	return &wire{x, y, ended, end}, &wire{y, x, ended, end}
}

func (w *wire) Read(ctx context.Context) (bool, []byte, error) {
	select {
	case f := <-w.in:
		return f.text, f.data, nil
	default:
	}
	select {
	case f := <-w.in:
		return f.text, f.data, nil
	case <-w.ended:
		return false, nil, io.EOF
	case <-ctx.Done():
		return false, nil, ctx.Err()
	}
}

func (w *wire) Write(ctx context.Context, text bool, b []byte) error {
	select {
	case w.out <- frame{text, b}:
		return nil
	case <-w.ended:
		return io.ErrClosedPipe
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *wire) Close() error { w.end.Do(func() { close(w.ended) }); return nil }

// node runs every command as the test's own function.
type node struct {
	run   func(ctx context.Context, start protocol.ExecStart, e *execution)
	alive sync.WaitGroup
}

type execution struct {
	in    chan protocol.ExecInput
	out   chan protocol.ExecOutput
	ended chan struct{}
	end   sync.Once
}

func (n *node) Exec(ctx context.Context, _ string, start protocol.ExecStart) (protocol.ExecPeer, error) {
	if n.run == nil {
		return nil, errors.New("the node is not connected")
	}
	e := &execution{in: make(chan protocol.ExecInput), out: make(chan protocol.ExecOutput), ended: make(chan struct{})}
	n.alive.Go(func() { defer e.Close(); n.run(ctx, start, e) })
	return e, nil
}

func (e *execution) Send(ctx context.Context, in protocol.ExecInput) error {
	select {
	case e.in <- in:
		return nil
	case <-e.ended:
		return protocol.ErrExecEnded
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *execution) Receive(ctx context.Context) (out protocol.ExecOutput, err error) {
	select {
	case out = <-e.out:
		return out, nil
	case <-e.ended:
		return out, protocol.ErrExecEnded
	case <-ctx.Done():
		return out, ctx.Err()
	}
}

func (e *execution) Close() { e.end.Do(func() { close(e.ended) }) }

func (e *execution) put(out protocol.ExecOutput) bool {
	select {
	case e.out <- out:
		return true
	case <-e.ended:
		return false
	}
}

// echo writes back what it is given, until "exit".
func echo(_ context.Context, _ protocol.ExecStart, e *execution) {
	for {
		select {
		case <-e.ended:
			return
		case in := <-e.in:
			if string(in.Data) == "exit" {
				code := int32(3)
				e.put(protocol.ExecOutput{Stdout: []byte("last words\n")})
				e.put(protocol.ExecOutput{Exit: &code})
				return
			}
			if len(in.Data) > 0 && !e.put(protocol.ExecOutput{Stdout: in.Data}) {
				return
			}
		}
	}
}

// journal is a log store.
type journal struct {
	mu    sync.Mutex
	lines []string
	no    bool
}

func (j *journal) OpenStream(_ context.Context, s protocol.LogStream, create bool) error {
	if j.no || create {
		return protocol.Refuse("no group %s", s.Group)
	}
	return nil
}

func (j *journal) Ship(_ context.Context, b protocol.LogBatch) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range b.Events {
		j.lines = append(j.lines, b.Stream.Group+": "+e.Message)
	}
	return nil
}

type world struct {
	*testing.T
	m    *Manager
	node *node
	logs *journal
	stop context.CancelFunc
}

var target = Target{Scope: state.Scope{Account: "1", Region: "r"}, Task: state.Key{ID: "t"}, Container: "c", Args: []string{"sh"}}

func run(t *testing.T, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, node: &node{run: echo}, logs: &journal{}}
		w.m = New(Config{Nodes: w.node, Logs: w.logs, Log: slog.New(slog.DiscardHandler)})
		ctx, stop := context.WithCancel(t.Context())
		w.stop = stop
		ended := make(chan struct{})
		go func() { _ = w.m.Run(ctx); close(ended) }()
		test(w)
		stop()
		<-ended
		w.m.running.Wait()
		w.node.alive.Wait()
		if n := w.m.Count(); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
	})
}

func (w *world) grant(target Target) Grant {
	w.Helper()
	g, err := w.m.Open(target)
	if err != nil {
		w.Fatal(err)
	}
	return g
}

// connect opens the channel as a client does. hang up ends the connection.
func (w *world) connect(g Grant, client *datachannel.Stream, wishes *datachannel.Wishes) (hangUp func(), served chan error) {
	w.Helper()
	a, b := wires()
	served = make(chan error, 1)
	go func() { served <- w.m.Serve(a, g.ID); a.Close() }()
	if err := datachannel.Introduce(w.Context(), b, datachannel.Open{TokenValue: g.Token, ClientVersion: "test", Hatoba: wishes}); err != nil {
		w.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.Context())
	gone := make(chan struct{})
	go func() { _ = client.Serve(ctx, b); close(gone) }()
	return func() { cancel(); <-gone }, served
}

// client opens a session and does its handshake.
func (w *world) client(g Grant, wishes *datachannel.Wishes) (*datachannel.Stream, func()) {
	w.Helper()
	c := datachannel.NewClient()
	hangUp, _ := w.connect(g, c, wishes)
	if err := c.AnswerHandshake(w.Context(), "test"); err != nil {
		w.Fatal(err)
	}
	return c, hangUp
}

func (w *world) say(c *datachannel.Stream, text string) {
	w.Helper()
	if err := c.Send(w.Context(), datachannel.Data, 0, []byte(text)); err != nil {
		w.Fatal(err)
	}
}

func (w *world) hear(c *datachannel.Stream, kind datachannel.PayloadType, text string) {
	w.Helper()
	m, err := c.Receive(w.Context())
	if err != nil || m.Kind != kind || string(m.Payload) != text {
		w.Fatalf("%d %q %v, want %q", m.Kind, m.Payload, err, text)
	}
}

func (w *world) over(c *datachannel.Stream, why string) {
	w.Helper()
	if m, err := c.Receive(w.Context()); !errors.Is(err, datachannel.ErrClosed) {
		w.Fatalf("%+v %v", m, err)
	}
	if output, _ := c.Closed(); output != why {
		w.Errorf("it ended with %q, want %q", output, why)
	}
}

func TestTypingAndExit(t *testing.T) {
	run(t, func(w *world) {
		c, _ := w.client(w.grant(target), nil)
		w.say(c, "hello")
		w.hear(c, datachannel.Data, "hello")
		w.say(c, "exit")
		w.hear(c, datachannel.Data, "last words\n")
		w.over(c, "") // AWS's plugin would print an exit code
	})
}

func TestOurClientHearsTheExitCode(t *testing.T) {
	run(t, func(w *world) {
		c, _ := w.client(w.grant(target), &datachannel.Wishes{Stdin: true})
		w.say(c, "exit")
		w.hear(c, datachannel.Data, "last words\n")
		w.hear(c, datachannel.ExitCode, "3")
		w.over(c, "")
	})
}

func TestTokens(t *testing.T) {
	run(t, func(w *world) {
		g := w.grant(target)
		refused := func(name string, g Grant) {
			c := datachannel.NewClient()
			hangUp, served := w.connect(g, c, nil)
			if err := <-served; !errors.Is(err, errRefused) {
				t.Errorf("%s: %v", name, err)
			}
			hangUp()
		}
		refused("another token", Grant{g.ID, "guess"})
		refused("no token", Grant{g.ID, ""})
		refused("another session's", Grant{g.ID, w.grant(target).Token})
		c, _ := w.client(g, nil)
		refused("a used one", g)
		w.say(c, "hello")
		w.hear(c, datachannel.Data, "hello")
		late := w.grant(target)
		time.Sleep(tokenLife + time.Second)
		refused("one that has expired", late)
		if w.m.Count() != 1 {
			t.Errorf("%d sessions", w.m.Count())
		}
		w.say(c, "exit")
		w.hear(c, datachannel.Data, "last words\n")
		w.over(c, "")
	})
}

func TestIdle(t *testing.T) {
	run(t, func(w *world) {
		c, _ := w.client(w.grant(target), nil)
		time.Sleep(IdleTimeout - time.Second)
		w.say(c, "still here")
		w.hear(c, datachannel.Data, "still here")
		time.Sleep(IdleTimeout - time.Second)
		if _, closed := c.Closed(); closed {
			t.Error("it was used")
		}
		time.Sleep(2 * time.Second)
		w.over(c, "Your session timed out due to inactivity.")
	})
}

// A client that lost its connection comes back, and nothing is missing; one
// that does not come back has no session any more.
func TestResume(t *testing.T) {
	run(t, func(w *world) {
		g := w.grant(target)
		c, hangUp := w.client(g, nil)
		hangUp()
		w.say(c, "said while away")
		time.Sleep(30 * time.Second)
		token := w.m.Resume(target.Scope, g.ID)
		hangUp, _ = w.connect(Grant{g.ID, token}, c, nil)
		w.hear(c, datachannel.Data, "said while away")
		if w.m.Resume(state.Scope{Account: "2", Region: "r"}, g.ID) != "" {
			t.Error("resumed by another account")
		}
		hangUp()
		time.Sleep(resumeWindow + time.Second)
		if token := w.m.Resume(target.Scope, g.ID); token != "" {
			t.Error("it is still there")
		}
	})
}

func TestTerminate(t *testing.T) {
	run(t, func(w *world) {
		g := w.grant(target)
		c, _ := w.client(g, nil)
		if w.m.Terminate(state.Scope{Account: "2"}, g.ID) || !w.m.Terminate(target.Scope, g.ID) {
			t.Error("not by whom it should be")
		}
		w.over(c, "")
	})
}

func TestHatobaStops(t *testing.T) {
	run(t, func(w *world) {
		c, _ := w.client(w.grant(target), nil)
		w.say(c, "hello")
		w.hear(c, datachannel.Data, "hello")
		w.stop()
		w.over(c, string(errStopping))
	})
}

func TestCommandThatCannotRun(t *testing.T) {
	run(t, func(w *world) {
		w.node.run = func(_ context.Context, _ protocol.ExecStart, e *execution) {
			e.put(protocol.ExecOutput{Failure: "fork/exec /nothing: no such file or directory"})
		}
		c, _ := w.client(w.grant(target), nil)
		w.over(c, "----------ERROR-------\nUnable to start command: Failed to start pty: fork/exec /nothing: no such file or directory")
		w.node.run = nil
		c, _ = w.client(w.grant(target), nil)
		w.over(c, "the node is not connected")
	})
}

// A client that never answers the handshake does not hold a session for ever.
func TestSilentClient(t *testing.T) {
	run(t, func(w *world) {
		c := datachannel.NewClient()
		w.connect(w.grant(target), c, nil)
		m, err := c.Receive(w.Context())
		if err != nil || m.Kind != datachannel.HandshakeRequest || !strings.Contains(string(m.Payload), "InteractiveCommands") {
			t.Fatalf("%s %v", m.Payload, err)
		}
		w.over(c, string(errHandshake))
	})
}

func TestSizes(t *testing.T) {
	run(t, func(w *world) {
		sizes := make(chan protocol.TerminalSize, 2)
		w.node.run = func(_ context.Context, start protocol.ExecStart, e *execution) {
			sizes <- start.Size
			select {
			case in := <-e.in:
				sizes <- in.Size
			case <-e.ended:
			}
			code := int32(0)
			e.put(protocol.ExecOutput{Exit: &code})
		}
		c, _ := w.client(w.grant(target), nil)
		for _, size := range []datachannel.TerminalSize{{Cols: 80, Rows: 24}, {Cols: 70000, Rows: 1}, {Cols: 132, Rows: 40}} {
			if err := c.SendJSON(w.Context(), datachannel.Size, size); err != nil {
				t.Fatal(err)
			}
		}
		if first, next := <-sizes, <-sizes; first != (protocol.TerminalSize{Cols: 80, Rows: 24}) || next != (protocol.TerminalSize{Cols: 132, Rows: 40}) {
			t.Error(first, next)
		}
		w.over(c, "")
	})
}

func TestTranscript(t *testing.T) {
	logged := target
	logged.Transcript = "/audit"
	run(t, func(w *world) {
		c, _ := w.client(w.grant(logged), nil)
		w.say(c, "hello\r\nyou")
		w.hear(c, datachannel.Data, "hello\r\nyou")
		w.say(c, "exit")
		w.hear(c, datachannel.Data, "last words\n")
		w.over(c, "")
		if got := strings.Join(w.logs.lines, "|"); got != "/audit: hello|/audit: youlast words" {
			t.Errorf("%q", got)
		}
		w.logs.no = true
		c, _ = w.client(w.grant(logged), nil)
		w.over(c, "We couldn't start the session because the log group /audit, in which its output is kept, does not exist.")
	})
}

func TestQuota(t *testing.T) {
	run(t, func(w *world) {
		for range perContainer {
			w.grant(target)
		}
		if _, err := w.m.Open(target); !errors.Is(err, ErrTooMany) {
			t.Error(err)
		}
		other := target
		other.Container = "other"
		w.grant(other)
		time.Sleep(tokenLife + time.Second) // nobody came
	})
}
