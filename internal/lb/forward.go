package lb

import (
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"time"
)

var (
	errClientGone = errors.New("the client has closed its connection")
	errTimeout    = errors.New("the target did not answer in time")
	errCut        = errors.New("the target closed its connection before the answer's end")
)

// forward sends the request to its target and the answer back.
func (c *client) forward(keep bool) bool {
	h := c.req
	whole := !h.chunked && (h.length <= int64(c.w-c.r))
	careful := !whole || !c.idempotent()
	for fresh := false; ; fresh = true {
		u, no := c.connect(context.Background(), careful, fresh)
		if no != nil {
			return c.say(no, c.skipBody() && keep)
		}
		err := c.ask(u, whole)
		if err == nil {
			return c.relay(u, keep)
		}
		again := whole && c.mayAsk(u, err)
		up := c.upload
		if !c.stopUpload(u) {
			keep = false
			if errors.Is(up.err, errChunk) || errors.Is(up.err, errClientGone) {
				err = up.err // which is why the target's side was closed
			}
		}
		u.t.pool.drop(u)
		if !again {
			return c.say(c.failed(err), whole && c.skipBody() && keep)
		}
		if c.target.chosen() == Draining && !c.again() {
			return c.say(errorReply(503, ""), c.skipBody() && keep)
		}
	}
}

// mayAsk tells whether a request without an answer may be sent once more: its
// connection had waited, the target seems to have closed it in that moment, and
// doing the request twice would do no harm.
func (v *visit) mayAsk(u *upstream, err error) bool {
	return u.used && u.w == 0 && v.idempotent() && !errors.Is(err, errTimeout) && !errors.Is(err, errClientGone)
}

// failed is the answer for a target that gave none.
func (v *visit) failed(err error) *reply {
	switch {
	case errors.Is(err, errClientGone):
		return errorReply(460, "")
	case errors.Is(err, errTimeout), errors.Is(err, os.ErrDeadlineExceeded):
		return errorReply(504, "")
	case errors.Is(err, errChunk):
		return errorReply(400, "")
	}
	v.target.count.resets.Add(1)
	v.share.group.count.resets.Add(1)
	return errorReply(502, "")
}

// ask sends the request and reads the head of the answer. Of a body that is not
// whole in the buffer the rest follows while the answer comes.
func (c *client) ask(u *upstream, whole bool) error {
	c.begin()
	c.out = c.requestHead(c.out)
	if whole && c.req.length > 0 {
		c.out = append(c.out, c.buf[c.r:c.r+int(c.req.length)]...)
	}
	idle := c.bal.idle()
	u.r, u.w = 0, 0
	if err := u.send(c.out, c.now, idle); err != nil {
		return err
	}
	c.start = c.now
	if !whole {
		if c.req.expect && c.req.minor == 1 && c.r == c.w {
			if err := c.send([]byte("HTTP/1.1 100 Continue\r\n\r\n"), c.now, idle); err != nil {
				return errClientGone
			}
		}
		c.startUpload(u)
	}
	err := c.readAnswer(u, c)
	if err == nil && whole && c.req.length > 0 {
		c.r += int(c.req.length)
		c.s.bal.count.in.Add(uint64(c.req.length))
	}
	return err
}

const (
	look      = time.Second // how often a slow answer's client is looked at
	maxInform = 32          // answers of 1xx
)

// asker is whose request it is.
type asker interface {
	gone() bool           // he does not wait for the answer any more
	inform(h *head) error // tells him an answer of 1xx
}

// readAnswer waits for the head of the answer; those of 1xx go on to a client
// that knows them.
func (v *visit) readAnswer(u *upstream, who asker) error {
	runtime.Gosched() // by the time the others had their turn the answer may be there, and no waiting is needed
	seen := 0
	for informs := 0; informs < maxInform; {
		if u.w > u.r {
			n, err := findHead(u.buf[u.r:u.w], seen)
			if err != nil {
				return errBadAnswer
			}
			if n > 0 {
				if n > maxResponseHead {
					return errLongAnswer
				}
				err := u.res.parseAnswer(u.buf[u.r : u.r+n])
				if err != nil {
					return err
				}
				u.r += n
				if u.res.status >= 200 || u.res.status == 101 {
					return v.checkAnswer(u)
				}
				// The client was told to continue by us.
				if u.res.status != 100 && v.req.minor > 0 {
					if err := who.inform(&u.res); err != nil {
						return errClientGone
					}
				}
				informs++
				seen = 0
				continue
			}
			seen = u.w - u.r
			if !u.room(largeBuffer) {
				return errLongAnswer
			}
		}
		if err := v.await(u, who); err != nil {
			return err
		}
	}
	return errBadAnswer
}

// checkAnswer refuses what the request did not ask for.
func (v *visit) checkAnswer(u *upstream) error {
	if u.res.status == 101 && !v.req.wantsUpgrade() {
		return errBadAnswer
	}
	v.first = time.Now()
	v.now = v.first
	if v.upload != nil {
		v.start = v.upload.last(v.start)
	}
	v.answered(u.res.status, v.first.Sub(v.start))
	return nil
}

// await reads more of the target's answer. After each second without, it looks
// whether the client is still there, and whether the idle time is over.
func (v *visit) await(u *upstream, who asker) error {
	idle := v.bal.idle()
	now := v.now
	for {
		err := u.fill(now, min(look, idle))
		if err == nil {
			return nil
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			if errors.Is(err, io.EOF) {
				return errCut
			}
			return err
		}
		now = time.Now()
		since := v.start
		if v.upload != nil {
			if err := v.upload.failed(); err != nil {
				return err
			}
			since = v.upload.last(since)
		} else if who.gone() {
			return errClientGone
		}
		if now.Sub(since) >= idle {
			return errTimeout
		}
	}
}

func (c *client) gone() bool { return peek(c.tcp) == ended }

func (c *client) inform(h *head) error { return c.send(h.buf, time.Now(), c.bal.idle()) }
