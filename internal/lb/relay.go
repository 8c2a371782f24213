package lb

import (
	"errors"
	"io"
	"os"
	"time"
)

// frame is how the end of an answer's body is known.
type frame uint8

const (
	noBody frame = iota
	lengthBody
	chunkedBody
	untilClose
)

// answerFrame tells how an answer to a method ends.
func answerFrame(res *head, headOnly bool) frame {
	switch {
	case headOnly || res.status == 204 || res.status == 304:
		return noBody
	case res.chunked:
		return chunkedBody
	case res.length == 0:
		return noBody
	case res.length > 0:
		return lengthBody
	}
	return untilClose
}

// relay sends the answer whose head was read. It tells whether the client's
// connection goes on; the target's goes back to its pool, or ends.
func (c *client) relay(u *upstream, keep bool) bool {
	res := &u.res
	if res.status == 101 {
		c.upgrade(u)
		return false
	}
	how := answerFrame(res, string(c.req.bytes(c.req.method)) == "HEAD")
	decode := how == chunkedBody && c.req.minor == 0
	keep = keep && how != untilClose && !decode
	if c.upload != nil {
		// An answer before the request's end: the client is told at once, and
		// told that the connection ends with it.
		keep = keep && c.upload.taken.Load()
	}
	c.begin()
	c.out = c.answerHead(c.out, res, keep, res.chunked && !decode)
	err := c.sendAnswer(u, how, decode)
	reusable := err == nil && how != untilClose && res.persists() && c.req.ambiguous == ""
	if !c.stopUpload(u) {
		reusable, keep = false, false
	}
	if err != nil {
		keep = false
		c.noteCut(err)
	}
	if reusable {
		u.t.pool.give(u, c.now)
	} else {
		u.t.pool.drop(u)
	}
	return keep
}

// sendAnswer sends the head in c.out and the body behind it.
func (c *client) sendAnswer(u *upstream, how frame, decode bool) error {
	switch how {
	case noBody:
		return c.flush()
	case lengthBody:
		return c.sendLength(u)
	}
	return c.sendStream(u, how, decode)
}

// sendLength sends a body whose length is known: what is there goes with the
// head, what is long is moved by the kernel.
func (c *client) sendLength(u *upstream) error {
	left := u.res.length
	n := int(min(left, int64(u.w-u.r)))
	c.out = append(c.out, u.buf[u.r:u.r+n]...)
	u.r += n
	left -= int64(n)
	if err := c.flush(); err != nil {
		return err
	}
	idle := c.bal.idle()
	for left > 0 {
		if left >= spliceFrom && c.tls == nil && u.tls == nil {
			n, err := splice(c.tcp, &c.link, u.tcp, &u.link, min(left, splicePiece), idle)
			left -= n
			c.wrote(n)
			if err != nil {
				return cut(err)
			}
			continue
		}
		u.r, u.w = 0, 0
		u.grow(largeBuffer)
		now := time.Now()
		if err := u.fill(now, idle); err != nil {
			return cut(err)
		}
		n := int(min(left, int64(u.w)))
		if err := c.send(u.buf[:n], now, idle); err != nil {
			return err
		}
		u.r = n
		left -= int64(n)
		c.wrote(int64(n))
	}
	return nil
}

func (c *client) wrote(n int64) {
	c.sent += n
	c.s.bal.count.out.Add(uint64(n))
}

func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return errCut
	}
	return err
}

// sendStream sends a body that is chunked, or ends with its connection. With
// decode the client gets what is in the chunks.
func (c *client) sendStream(u *upstream, how frame, decode bool) error {
	idle := c.bal.idle()
	var follow chunks
	for first := true; ; first = false {
		have := u.buf[u.r:u.w]
		done := false
		for len(have) > 0 && !done {
			n, data := len(have), true
			if how == chunkedBody {
				var err error
				if n, data, done, err = follow.step(have); err != nil {
					_ = c.flush()
					return err
				}
			}
			if data || !decode {
				c.out = append(c.out, have[:n]...)
			}
			have = have[n:]
			u.r += n
		}
		if len(c.out) > 0 {
			if err := c.flush(); err != nil {
				return err
			}
			c.out = c.out[:0]
		}
		if done {
			return nil
		}
		u.r, u.w = 0, 0
		if !first {
			u.grow(largeBuffer)
		}
		if cap(c.out) < largeBuffer+smallBuffer && !first {
			putBuffer(c.out)
			c.out = getBuffer(hugeBuffer)[:0]
		}
		c.now = time.Now()
		if err := u.fill(c.now, idle); err != nil {
			if errors.Is(err, io.EOF) && how == untilClose {
				return nil
			}
			return cut(err)
		}
	}
}

// noteCut counts a target that ended in the middle of its answer.
func (v *visit) noteCut(err error) {
	if errors.Is(err, errCut) || errors.Is(err, errChunk) || errors.Is(err, os.ErrDeadlineExceeded) {
		v.target.count.resets.Add(1)
		v.share.group.count.resets.Add(1)
	}
}
