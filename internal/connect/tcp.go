package connect

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const copyBuffer = 32 << 10

// carry brings a connection to a host and carries both directions.
func (u *upstream) carry(ctx context.Context, near net.Conn) {
	defer near.Close()
	far, err := u.reach(ctx)
	if err != nil {
		u.count.noAnswer.Add(1)
		reset(near)
		return
	}
	defer far.Close()
	flow(ctx, near, far, u.route.Idle)
}

// reach opens a connection to the host whose turn it is, or to another one.
func (u *upstream) reach(ctx context.Context) (net.Conn, error) {
	if err := u.whole(ctx); err != nil {
		return nil, err
	}
	var tried []netip.AddrPort
	for try := 1; ; try++ {
		h := u.choose(time.Now(), tried)
		if h == nil {
			return nil, errNoHost
		}
		c, err := h.connect(ctx)
		if ctx.Err() != nil {
			if err == nil {
				_ = c.Close()
			}
			return nil, ctx.Err()
		}
		h.judge(err == nil)
		if err == nil || try >= tries {
			return c, err
		}
		u.count.retries.Add(1)
		tried = append(tried, h.address)
	}
}

// flow carries bytes both ways until both sides have ended, one has failed,
// nothing was carried for the idle time, or ctx ends.
func flow(ctx context.Context, a, b net.Conn, idle time.Duration) {
	cut := func() { _ = a.Close(); _ = b.Close() }
	unfollow := context.AfterFunc(ctx, cut)
	defer unfollow()
	var last atomic.Int64
	last.Store(time.Now().UnixNano())
	if idle > 0 {
		var (
			mu    sync.Mutex
			timer *time.Timer
			check func()
		)
		check = func() {
			mu.Lock()
			defer mu.Unlock()
			left := idle - time.Since(time.Unix(0, last.Load()))
			if left <= 0 {
				cut()
				return
			}
			timer.Reset(left)
		}
		mu.Lock()
		timer = time.AfterFunc(idle, check)
		mu.Unlock()
		defer timer.Stop()
	}
	var back sync.WaitGroup
	back.Go(func() { pump(a, b, &last, cut) })
	pump(b, a, &last, cut)
	back.Wait()
}

// pump carries one direction; its end is handed on, a failure ends both.
func pump(to, from net.Conn, last *atomic.Int64, cut func()) {
	buf := make([]byte, copyBuffer)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			last.Store(time.Now().UnixNano())
			if _, err := to.Write(buf[:n]); err != nil {
				cut()
				return
			}
		}
		if errors.Is(err, io.EOF) {
			if closeWrite(to) != nil {
				cut()
			}
			return
		}
		if err != nil {
			cut()
			return
		}
	}
}

func closeWrite(c net.Conn) error {
	if counting, ok := c.(*counted); ok {
		c = counting.Conn
	}
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// reset has a connection be reset, not ended, when it is closed.
func reset(c net.Conn) {
	if a, ok := c.(*awaited); ok {
		c = a.Conn
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}

// isShort tells whether the process has no descriptor left for the moment.
func isShort(err error) bool { return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) }

// Forward carries what comes to a listener to one place, as the proxy of a
// task does for an ingress port of its own. It returns when nothing of it is
// open any more.
func Forward(ctx context.Context, ln net.Listener, to netip.AddrPort, dial Dial, idle time.Duration) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = ln.Close() })
	defer stop()
	var ends sync.WaitGroup
	defer ends.Wait()
	defer cancel()
	slots := make(chan struct{}, maxConnections)
	for {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		near, err := ln.Accept()
		switch {
		case err == nil:
		case isShort(err):
			<-slots
			pause(ctx, 50*time.Millisecond)
			continue
		case errors.Is(err, net.ErrClosed):
			return nil
		default:
			return err
		}
		ends.Go(func() {
			defer func() { <-slots }()
			defer near.Close()
			dialing, done := context.WithTimeout(ctx, connectTimeout)
			far, err := dial(dialing, to)
			done()
			if err != nil {
				return
			}
			defer far.Close()
			flow(ctx, near, far, idle)
		})
	}
}
