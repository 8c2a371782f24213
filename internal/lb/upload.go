package lb

import (
	"errors"
	"io"
	"sync/atomic"
	"time"
)

// upload is the rest of a request's body on its way to the target, in a
// goroutine that ends before the next request is read.
type upload struct {
	done chan struct{}
	err  error // behind done
	at   atomic.Int64

	taken atomic.Bool // the client has sent all of it
}

// last is when bytes went, or the given time if that is later.
func (up *upload) last(t time.Time) time.Time {
	if at := time.Unix(0, up.at.Load()); at.After(t) {
		return at
	}
	return t
}

// failed is why the upload has ended early.
func (up *upload) failed() error {
	select {
	case <-up.done:
		return up.err
	default:
		return nil
	}
}

func (c *client) startUpload(u *upstream) {
	up := &upload{done: make(chan struct{})}
	c.upload = up
	go func() {
		defer close(up.done)
		up.err = c.sendBody(u, up)
		if errors.Is(up.err, errChunk) || errors.Is(up.err, errClientGone) {
			_ = u.Close() // the answer would be to half a request
		}
	}()
}

// takenTime is how long a target that has answered may still take bytes of the
// request that wait for it.
const takenTime = 100 * time.Millisecond

// stopUpload waits for the upload's end, and makes it end if the client has not
// sent all of it. It tells whether the body went through whole.
func (c *client) stopUpload(u *upstream) bool {
	up := c.upload
	if up == nil {
		return true
	}
	c.upload = nil
	wait := time.Duration(0)
	if up.taken.Load() {
		wait = takenTime
	}
	late := time.NewTimer(wait)
	defer late.Stop()
	select {
	case <-up.done:
		return up.err == nil
	case <-late.C:
	}
	_ = u.Close()
	_ = c.SetReadDeadline(time.Unix(1, 0))
	<-up.done
	c.readBy = time.Time{}
	return false
}

// sendBody carries the body. Its errors are of the client's side or of the
// target's.
func (c *client) sendBody(u *upstream, up *upload) error {
	idle := c.bal.idle()
	left := c.req.length
	var frame chunks
	for {
		have := c.buf[c.r:c.w]
		n, done := 0, false
		if c.req.chunked {
			var err error
			if n, done, err = frame.pass(have); err != nil {
				return err
			}
		} else {
			n = int(min(left, int64(len(have))))
			left -= int64(n)
			done = left == 0
		}
		if done {
			up.taken.Store(true)
		}
		if n > 0 {
			now := time.Now()
			up.at.Store(now.UnixNano())
			if err := u.send(have[:n], now, idle); err != nil {
				return err
			}
			c.r += n
			c.s.bal.count.in.Add(uint64(n))
		}
		if done {
			up.at.Store(time.Now().UnixNano())
			return nil
		}
		if left >= spliceFrom && c.tls == nil && u.tls == nil {
			if err := c.spliceBody(u, up, &left); err != nil {
				return err
			}
			continue
		}
		if c.r == c.w {
			c.r, c.w = 0, 0
			c.grow(largeBuffer)
		}
		if err := c.fill(time.Now(), idle); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return errClientGone
			}
			return err
		}
	}
}

// spliceBody lets the kernel move a piece of a long body, but not its last byte:
// before that is sent, it is noted that the client has done its part.
func (c *client) spliceBody(u *upstream, up *upload, left *int64) error {
	n, err := splice(u.tcp, &u.link, c.tcp, &c.link, min(*left-1, splicePiece), c.bal.idle())
	*left -= n
	c.s.bal.count.in.Add(uint64(n))
	up.at.Store(time.Now().UnixNano())
	if errors.Is(err, io.EOF) {
		return errClientGone
	}
	return err
}
