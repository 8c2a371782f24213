package lb

import (
	"crypto/tls"
	"net/netip"
	"strconv"
	"time"
)

// startEntry begins the line of the access log for a request, if anybody reads
// it.
func (c *client) startEntry() {
	c.entry = nil
	if !c.bal.HTTP.AccessLog || c.plane.opts.AccessLog == nil {
		return
	}
	c.record = Entry{}
	c.entry = &c.record
	c.describe()
}

// describe fills in what is known of the request before it is decided.
func (v *visit) describe() {
	e, h := v.entry, v.req
	*e = Entry{
		Type: "http", Listener: v.s.ID, Created: v.now, Client: v.client, RulePriority: -1,
		RequestTime: -1, TargetTime: -1, ResponseTime: -1, Version: "HTTP/1." + strconv.Itoa(h.minor),
	}
	if v.secure != nil {
		e.Type = "https"
		e.Cipher, e.TLSVersion = tls.CipherSuiteName(v.secure.CipherSuite), tlsVersion(v.secure)
		e.Host = v.secure.ServerName
		if v.s.tls != nil {
			e.Certificate = v.s.tls.choose(e.Host).ID
		}
	}
	if v.http2 {
		e.Type, e.Version = "h2", "HTTP/2.0"
		if v.grpc {
			e.Type = "grpcs"
		}
	}
	if !h.has(h.method) {
		e.Method, e.URL, e.Version = "-", "-", "-"
		return
	}
	e.Method = h.text(h.method)
	protocol := "http"
	if v.secure != nil {
		protocol = "https"
	}
	if h.has(h.path) {
		e.URL = protocol + "://" + string(hostName(h.bytes(h.host))) + ":" + strconv.Itoa(int(v.s.Port)) + h.text(span{h.path.from, h.uri.to})
	} else {
		e.URL = h.text(h.uri)
	}
	e.UserAgent = string(h.value(fieldUserAgent))
	switch {
	case h.ambiguous != "":
		e.Classification, e.ClassificationReason = "Ambiguous", h.ambiguous
	case h.acceptable != "":
		e.Classification, e.ClassificationReason = "Acceptable", h.acceptable
	}
	e.Received = int64(len(h.buf)) + max(h.length, 0)
}

// noteRule writes which rule decided.
func (v *visit) noteRule() {
	v.entry.RulePriority = 0
	if v.rule != nil {
		v.entry.RulePriority = v.rule.Priority
	}
}

// noteReply writes an answer of our own.
func (v *visit) noteReply(r *reply) {
	if v.entry == nil {
		return
	}
	v.entry.Status, v.entry.Action, v.entry.RedirectURL, v.entry.ErrorReason = r.status, r.action, r.location, r.reason
	if v.share != nil {
		v.entry.Action = "forward"
	}
}

// endEntry hands the line to who reads it.
func (c *client) endEntry() {
	if c.entry == nil {
		return
	}
	status := 0
	if c.entry.Status == 0 {
		status = c.lastStatus
	}
	c.finish(status, c.sent, c.start, c.first)
	c.entry = nil
}

// finish completes and hands on the entry of a request that a target answered,
// or that we did.
func (v *visit) finish(targetStatus int, sent int64, start, first time.Time) {
	e := v.entry
	now := time.Now()
	e.Time, e.Sent = now, sent
	if v.target != nil {
		e.Target, e.Group = v.target.addr, v.share.group.id
		e.Action = "forward"
		e.TraceID = string(v.traceGiven)
	} else {
		e.Target = netip.AddrPort{}
	}
	if targetStatus != 0 {
		e.Status, e.TargetStatus = targetStatus, targetStatus
		e.RequestTime, e.TargetTime, e.ResponseTime = start.Sub(e.Created), first.Sub(start), now.Sub(first)
		if targetStatus == 101 {
			e.Type = map[string]string{"http": "ws", "https": "wss"}[e.Type]
		}
	}
	v.plane.opts.AccessLog.Log(v.s.bal.id, e)
}
