package lb

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// The way of most requests of HTTP/2 to targets of HTTP/1.1: those without a
// body. They need no goroutine of net/http's client.

// httpAsker is who sent a request that net/http has read.
type httpAsker struct {
	http.ResponseWriter
	r *http.Request
}

func (a *httpAsker) gone() bool { return a.r.Context().Err() != nil }

func (a *httpAsker) inform(h *head) error {
	setHeader(a.Header(), h)
	a.WriteHeader(h.status)
	for name := range a.Header() {
		delete(a.Header(), name)
	}
	return nil
}

func (v *visit) forwardPlain(out *served, r *http.Request) {
	who := &httpAsker{out.ResponseWriter, r}
	for fresh := false; ; fresh = true {
		u, no := v.connect(r.Context(), !v.idempotent(), fresh)
		if no != nil {
			out.reply(v, no)
			return
		}
		err := v.askPlain(u, who)
		if err == nil {
			v.relayPlain(out, u, r)
			return
		}
		again := v.mayAsk(u, err)
		u.t.pool.drop(u)
		if !again {
			out.reply(v, v.failed(err))
			return
		}
		if v.target.chosen() == Draining && !v.again() {
			out.reply(v, errorReply(503, ""))
			return
		}
	}
}

func (v *visit) askPlain(u *upstream, who asker) error {
	raw := v.requestHead(getBuffer(smallBuffer)[:0])
	defer putBuffer(raw)
	u.r, u.w = 0, 0
	v.start = v.now
	if err := u.send(raw, v.now, v.bal.idle()); err != nil {
		return err
	}
	return v.readAnswer(u, who)
}

func setHeader(to http.Header, h *head) {
	for i := range h.fields {
		f := &h.fields[i]
		if f.id == fieldTrailer || !keepsAnswerField(h, f, false) {
			continue
		}
		name := http.CanonicalHeaderKey(h.text(f.name))
		to[name] = append(to[name], h.text(f.value))
	}
}

// relayPlain sends the answer, its body out of its frame.
func (v *visit) relayPlain(out *served, u *upstream, r *http.Request) {
	res := &u.res
	h := out.Header()
	setHeader(h, res)
	if h["Content-Type"] == nil {
		h["Content-Type"] = nil // and none that net/http guesses
	}
	v.setCookies(h, res)
	how := answerFrame(res, r.Method == http.MethodHead)
	out.WriteHeader(res.status)
	trailers, err := v.copyPlain(out, u, how)
	if err != nil {
		v.noteCut(err)
		u.t.pool.drop(u)
		panic(http.ErrAbortHandler) // the client sees that it is not whole
	}
	if how != untilClose && res.persists() {
		u.t.pool.give(u, time.Now())
	} else {
		u.t.pool.drop(u)
	}
	var t head
	if len(trailers) > 2 && t.parseAnswer(append([]byte("HTTP/1.1 200 OK\r\n"), trailers...)) == nil {
		for i := range t.fields {
			h.Add(http.TrailerPrefix+t.text(t.fields[i].name), t.text(t.fields[i].value))
		}
	}
}

// copyPlain sends the body; one whose length is not known as it comes.
func (v *visit) copyPlain(out *served, u *upstream, how frame) (trailers []byte, err error) {
	if how == noBody {
		return nil, nil
	}
	idle := v.bal.idle()
	left := u.res.length
	follow := chunks{keep: &trailers}
	flush := http.NewResponseController(out.ResponseWriter).Flush
	for {
		for u.r < u.w {
			have := u.buf[u.r:u.w]
			n, data, done := len(have), true, false
			switch how {
			case lengthBody:
				n = int(min(left, int64(n)))
				left -= int64(n)
				done = left == 0
			case chunkedBody:
				if n, data, done, err = follow.step(have); err != nil {
					return nil, err
				}
			}
			u.r += n
			if data && n > 0 {
				if err := out.write(have[:n], idle); err != nil {
					return nil, errClientGone
				}
			}
			if done {
				return trailers, nil
			}
		}
		if how != lengthBody {
			_ = flush()
		}
		u.r, u.w = 0, 0
		if out.sent > smallBuffer {
			u.grow(largeBuffer)
		}
		if err := u.fill(time.Now(), idle); err != nil {
			if errors.Is(err, io.EOF) && how == untilClose {
				return nil, nil
			}
			return nil, cut(err)
		}
	}
}

// setCookies adds those of stickiness to an answer in net/http's types.
func (v *visit) setCookies(h http.Header, res *head) {
	if v.group.Sticky == NotSticky && !v.stickGroup {
		return
	}
	raw := v.appendCookies([]byte("HTTP/1.1 200 OK\r\n"), res)
	var made head
	if made.parseAnswer(append(raw, "\r\n"...)) == nil {
		for _, f := range made.fields {
			h.Add("Set-Cookie", made.text(f.value))
		}
	}
}
