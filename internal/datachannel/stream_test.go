package datachannel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// wire is a connection in memory. It may lose messages, which no websocket
// does, but which a stream must stand all the same.
type wire struct {
	in, out chan []byte
	ended   chan struct{}
	end     *sync.Once
	lose    func() bool
}

func wires(lose func() bool) (a, b *wire) {
	x, y, ended, end := make(chan []byte, 4), make(chan []byte, 4), make(chan struct{}), &sync.Once{}
	return &wire{x, y, ended, end, lose}, &wire{y, x, ended, end, lose}
}

func (w *wire) Read(ctx context.Context) (bool, []byte, error) {
	select {
	case b := <-w.in:
		return false, b, nil
	default:
	}
	select {
	case b := <-w.in:
		return false, b, nil
	case <-w.ended:
		return false, nil, io.EOF
	case <-ctx.Done():
		return false, nil, ctx.Err()
	}
}

func (w *wire) Write(ctx context.Context, _ bool, b []byte) error {
	if w.lose != nil && w.lose() {
		return nil
	}
	select {
	case w.out <- b:
		return nil
	case <-w.ended:
		return io.ErrClosedPipe
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *wire) Close() error {
	w.end.Do(func() { close(w.ended) })
	return nil
}

// Every message arrives once and in order, both ways, over connections that
// lose messages and end at any moment.
func TestAllArrivesInOrder(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { allArrives(t, rand.New(rand.NewPCG(seed, 1))) })
		})
	}
}

func allArrives(t *testing.T, random *rand.Rand) {
	const messages = 3000
	var mu sync.Mutex
	draw := func(n int) int { mu.Lock(); defer mu.Unlock(); return random.IntN(n) }
	agent, client := NewAgent(), NewClient()
	ctx, cancel := context.WithCancel(t.Context())
	var connections, ends sync.WaitGroup
	connections.Go(func() {
		for ctx.Err() == nil {
			a, b := wires(func() bool { return draw(200) == 0 })
			var both sync.WaitGroup
			both.Go(func() { _ = agent.Serve(ctx, a) })
			both.Go(func() { _ = client.Serve(ctx, b) })
			select {
			case <-ctx.Done():
			case <-time.After(time.Duration(1+draw(2000)) * time.Millisecond):
				a.Close()
			}
			both.Wait()
		}
	})
	for _, way := range [][2]*Stream{{agent, client}, {client, agent}} {
		ends.Go(func() {
			for i := range messages {
				if err := way[0].Send(ctx, Data, 0, fmt.Append(nil, i)); err != nil {
					t.Error(err)
					return
				}
			}
			if err := way[0].Drain(ctx, time.Minute); err != nil {
				t.Error("drain:", err)
			}
		})
		ends.Go(func() {
			for i := range messages {
				m, err := way[1].Receive(ctx)
				if err != nil || string(m.Payload) != fmt.Sprint(i) {
					t.Errorf("message %d is %q: %v", i, m.Payload, err)
					return
				}
			}
		})
	}
	ends.Wait()
	cancel()
	connections.Wait()
}

// connect joins two ends until the test ends.
func connect(t *testing.T, agent, client *Stream) {
	a, b := wires(nil)
	var both sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	both.Go(func() { _ = agent.Serve(ctx, a) })
	both.Go(func() { _ = client.Serve(ctx, b) })
	t.Cleanup(func() { cancel(); both.Wait() })
}

// Somebody who does not read holds the other side back, and memory is bounded;
// once he reads all of it comes.
func TestSlowReaderHoldsTheSenderBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		agent, client := NewAgent(), NewClient()
		connect(t, agent, client)
		const messages = 5000
		payload := make([]byte, PayloadBytes)
		var done sync.WaitGroup
		done.Go(func() {
			for range messages {
				if err := client.Send(t.Context(), Data, 0, payload); err != nil {
					t.Error(err)
				}
			}
		})
		time.Sleep(time.Minute)
		agent.mu.Lock()
		if agent.queued > maxQueued || len(agent.early) > maxEarly || !agent.holding {
			t.Errorf("%d bytes and %d early messages are kept, holding %v", agent.queued, len(agent.early), agent.holding)
		}
		agent.mu.Unlock()
		for range messages {
			if _, err := agent.Receive(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		done.Wait()
		if err := client.Drain(t.Context(), time.Minute); err != nil {
			t.Error(err)
		}
	})
}

func TestCloseIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		agent, client := NewAgent(), NewClient()
		connect(t, agent, client)
		if err := agent.Send(t.Context(), Data, 0, []byte("last words")); err != nil {
			t.Fatal(err)
		}
		if err := agent.Drain(t.Context(), time.Second); err != nil {
			t.Fatal(err)
		}
		agent.Close("session", "it is over")
		m, err := client.Receive(t.Context())
		if string(m.Payload) != "last words" {
			t.Errorf("%+v %v", m, err)
		}
		if _, err := client.Receive(t.Context()); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
		if output, closed := client.Closed(); !closed || output != "it is over" {
			t.Errorf("%q %v", output, closed)
		}
		if err := agent.Send(t.Context(), Data, 0, nil); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
	})
}

// Nobody acknowledges: Drain does not wait for ever.
func TestDrainGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		agent := NewAgent()
		if err := agent.Send(t.Context(), Data, 0, []byte("x")); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := agent.Drain(t.Context(), 10*time.Second); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 10*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func TestTimeoutFollowsTheRoundTrip(t *testing.T) {
	r := newRoundTrip()
	if r.timeout() != firstTimeout {
		t.Error(r.timeout())
	}
	for range 50 {
		r.learn(time.Millisecond)
	}
	if r.timeout() != minTimeout {
		t.Error(r.timeout())
	}
	for range 50 {
		r.learn(5 * time.Second)
	}
	if r.timeout() != maxTimeout {
		t.Error(r.timeout())
	}
}
