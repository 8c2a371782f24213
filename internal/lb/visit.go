package lb

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"os"
	"time"
)

// visit is one request on its way: what was asked, what was decided.
type visit struct {
	plane  *Plane
	s      *serving
	bal    *Balancer
	req    *head
	client netip.AddrPort
	secure *tls.ConnectionState // nil: in the clear
	http2  bool
	grpc   bool
	now    time.Time
	entry  *Entry // nil: nobody reads access logs

	rule   *rule
	share  *share
	group  *Group // as it is now
	target *target

	upload *upload   // the rest of the request's body on its way
	start  time.Time // when the request had been sent
	first  time.Time // when the answer's head was there

	stickGroup bool // the answer binds the client to the group
	appSession bool // the client is bound by the application's cookie
	lastStatus int  // of the target's answer, 0: none
	trace      [80]byte
	traceGiven []byte // what the target was told
}

const idleDefault = 60 * time.Second

func (b *Balancer) idle() time.Duration {
	if b.HTTP.IdleTimeout > 0 {
		return b.HTTP.IdleTimeout
	}
	return idleDefault
}

// reset prepares a visit for the next request.
func (v *visit) reset() {
	v.rule, v.share, v.group, v.target = nil, nil, nil, nil
	v.lastStatus, v.traceGiven = 0, nil
	v.stickGroup, v.appSession, v.grpc = false, false, false
}

// decide finds the answer to a request, or nil when it goes to v.target.
func (v *visit) decide() *reply {
	h := v.req
	if r := v.examine(); r != nil {
		return r
	}
	act := &v.s.def
	if v.rule = v.s.match(h, v.client.Addr()); v.rule != nil {
		act = &v.rule.action
	}
	if v.entry != nil {
		v.noteRule()
	}
	switch {
	case act.Fixed != nil:
		v.s.bal.count.fixed.Add(1)
		return &reply{status: act.Fixed.Status, contentType: act.Fixed.ContentType, body: act.Fixed.Body, own: true, action: "fixed-response"}
	case act.Redirect != nil:
		v.s.bal.count.redirects.Add(1)
		at := act.Redirect.location(h, v.secure != nil, v.s.Port)
		return &reply{status: act.Redirect.Status, location: at, action: "redirect"}
	case act.Forward == nil:
		return errorReply(500, "")
	}
	return v.chooseTarget(act)
}

// examine refuses what no rule is asked about.
func (v *visit) examine() *reply {
	h := v.req
	if v.s.bal.conf.Load() == nil {
		return errorReply(503, "")
	}
	if (h.ambiguous != "" || h.acceptable != "") && v.bal.HTTP.Desync == Strictest {
		return errorReply(400, "")
	}
	switch string(h.bytes(h.method)) {
	case "TRACE", "CONNECT":
		return errorReply(405, "")
	}
	addresses := 0
	for i := range h.fields {
		if h.fields[i].id == fieldForwardedFor {
			addresses += 1 + bytes.Count(h.bytes(h.fields[i].value), []byte(","))
		}
	}
	if addresses > 30 {
		return errorReply(463, "")
	}
	return nil
}

// chooseTarget finds group and target of a forward.
func (v *visit) chooseTarget(act *action) *reply {
	if act.Forward.Sticky > 0 && len(act.groups) > 1 {
		v.stickGroup = true
		v.share = v.boundGroup(act)
	}
	if v.share == nil {
		v.share = act.group()
	}
	if v.share == nil {
		return errorReply(503, "")
	}
	if v.group = v.share.group.conf.Load(); v.group == nil {
		return errorReply(503, "")
	}
	if r := v.checkVersion(); r != nil {
		return r
	}
	switch v.group.Sticky {
	case BalancerCookie:
		v.target, _ = v.boundTarget("AWSALB")
	case ApplicationCookie:
		v.target, v.appSession = v.boundTarget("AWSALBAPP-0")
	}
	if v.target == nil {
		v.target = v.share.group.choose(v.group, nil, v.now)
	}
	if v.target == nil {
		return errorReply(503, "")
	}
	v.count(1)
	return nil
}

// checkVersion refuses what the group's targets do not speak.
//
// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html#http-464-issues
func (v *visit) checkVersion() *reply {
	switch {
	case v.group.Version == HTTP1 && v.http2 && v.grpc,
		v.group.Version == HTTP2 && !v.http2,
		v.group.Version == GRPC && (!v.http2 || v.req.text(v.req.method) != "POST"):
		return errorReply(464, "")
	}
	return nil
}

// again chooses another target than the one that could not be reached.
func (v *visit) again() bool {
	t := v.share.group.choose(v.group, v.target, v.now)
	if t == nil {
		return false
	}
	v.count(-1)
	v.target = t
	v.count(1)
	return true
}

// count notes that a request is under way at the target, or no more.
func (v *visit) count(n int64) {
	v.target.count.outstanding.Add(n)
	v.share.group.count.outstanding.Add(n)
}

// end notes that the target is done with the request.
func (v *visit) end() {
	if v.target != nil {
		v.count(-1)
		v.target.count.requests.Add(1)
		v.share.group.count.requests.Add(1)
	}
}

// answered notes a target's answer.
func (v *visit) answered(status int, took time.Duration) {
	v.lastStatus = status
	v.target.count.targetStatus(status)
	v.share.group.count.targetStatus(status)
	v.s.bal.count.targetStatus(status)
	v.target.count.took.Took(took)
	v.share.group.count.took.Took(took)
}

const tries = 3 // targets that are tried before a client is told

// connect gives a connection to the target, or to another one if it cannot be
// reached: nothing was sent yet. With fresh none that waited is used.
func (v *visit) connect(ctx context.Context, careful, fresh bool) (*upstream, *reply) {
	for try := 1; ; try++ {
		p := &v.target.pool
		if !fresh {
			if u := p.take(v.now, careful); u != nil {
				return u, nil
			}
		}
		u, err := p.dial(ctx, v.bal.Address, v.group.Protocol == HTTPS)
		if err == nil {
			return u, nil
		}
		if ctx.Err() != nil {
			return nil, errorReply(460, "")
		}
		if try < tries && v.again() {
			continue
		}
		var late net.Error
		if errors.As(err, &late) && late.Timeout() || errors.Is(err, os.ErrDeadlineExceeded) {
			return nil, errorReply(504, "TargetConnectionError")
		}
		return nil, errorReply(502, "TargetConnectionError")
	}
}

// idempotent tells whether a request may be sent twice.
func (v *visit) idempotent() bool {
	switch string(v.req.bytes(v.req.method)) {
	case "GET", "HEAD", "OPTIONS", "PUT", "DELETE":
		return true
	}
	return false
}
