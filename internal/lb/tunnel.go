package lb

import (
	"errors"
	"io"
	"os"
	"sync/atomic"
	"time"
)

// upgrade sends the answer that changes the protocol, and from then on carries
// bytes both ways, until both ends have closed or neither has sent for the idle
// time.
func (c *client) upgrade(u *upstream) {
	defer u.t.pool.drop(u)
	if !c.stopUpload(u) {
		return // it has changed the protocol before the request's end
	}
	c.begin()
	c.out = c.answerHead(c.out, &u.res, true, false)
	if c.flush() != nil {
		return
	}
	t := tunnel{idle: c.bal.idle(), in: &c.s.bal.count.in, out: &c.s.bal.count.out}
	_, out := t.run(&c.link, &u.link)
	c.sent += out
}

// tunnel carries bytes between two connections.
type tunnel struct {
	idle time.Duration
	at   atomic.Int64 // when bytes were last seen, in Unix nanoseconds

	in, out *atomic.Uint64 // count what goes forth and back, while it does
}

// run returns when both directions have ended: what went from a to b, and from b
// to a. Both connections are closed then.
func (t *tunnel) run(a, b *link) (forth, back int64) {
	t.at.Store(time.Now().UnixNano())
	done := make(chan struct{})
	go func() {
		defer close(done)
		back = t.carry(a, b, t.out)
	}()
	forth = t.carry(b, a, t.in)
	<-done
	_ = a.Close()
	_ = b.Close()
	return forth, back
}

// carry moves bytes from src to dst until src ends, and says so to dst. An error
// ends both directions.
func (t *tunnel) carry(dst, src *link, count *atomic.Uint64) (total int64) {
	for {
		if src.r < src.w {
			n, err := dst.Write(src.buf[src.r:src.w])
			total += int64(n)
			count.Add(uint64(n))
			if err != nil {
				_ = src.Close()
				_ = dst.Close()
				return total
			}
			full := src.w == len(src.buf)
			src.r, src.w = 0, 0
			if full && dst.tls == nil && src.tls == nil && len(src.buf) >= largeBuffer {
				moved, err := t.bulk(dst, src, count)
				total += moved
				if err != nil {
					break
				}
			} else if full {
				src.grow(largeBuffer)
			}
		}
		if err := t.fill(src); err != nil {
			if !errors.Is(err, io.EOF) {
				_ = src.Close()
				_ = dst.Close()
				return total
			}
			break
		}
	}
	if dst.tls != nil {
		_ = dst.tls.CloseWrite()
	}
	_ = dst.tcp.CloseWrite()
	return total
}

// fill waits for bytes for as long as the other direction is not idle either.
func (t *tunnel) fill(src *link) error {
	for {
		now := time.Now()
		left := t.idle - now.Sub(time.Unix(0, t.at.Load()))
		if left <= 0 {
			return os.ErrDeadlineExceeded
		}
		src.readBy = time.Time{} // what is left is less each time
		err := src.fill(now, left)
		if err == nil {
			t.at.Store(time.Now().UnixNano())
			return nil
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
	}
}

const bulkWait = time.Second // without bytes, until a pipe is given back

// bulk lets the kernel move what comes fast. It returns when nothing has come
// for a moment.
func (t *tunnel) bulk(dst, src *link, count *atomic.Uint64) (total int64, err error) {
	for {
		if err := src.tcp.SetReadDeadline(time.Now().Add(bulkWait)); err != nil {
			return total, err
		}
		n, err := dst.tcp.ReadFrom(&io.LimitedReader{R: src.tcp, N: splicePiece})
		total += n
		count.Add(uint64(n))
		if n > 0 {
			t.at.Store(time.Now().UnixNano())
		}
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return total, nil
		case err != nil:
			_ = src.Close()
			_ = dst.Close()
			return total, err
		case n < splicePiece:
			return total, io.EOF
		}
	}
}
