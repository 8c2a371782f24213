package lb

import (
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// requestHead appends what is sent to a target in the place of the client's
// head: the same fields in the same order, less those of the hop, with those
// that tell where the request came from before them.
func (v *visit) requestHead(dst []byte) []byte {
	h := v.req
	dst = append(dst, h.bytes(h.method)...)
	dst = append(dst, ' ')
	dst = v.appendTarget(dst)
	dst = append(dst, " HTTP/1.1\r\nHost: "...)
	dst = v.appendHost(dst)
	dst = append(dst, "\r\n"...)
	dst = v.appendForwarded(dst)
	dst = append(dst, "X-Amzn-Trace-Id: "...)
	v.traceGiven = v.traceID()
	dst = append(dst, v.traceGiven...)
	dst = append(dst, "\r\n"...)
	upgrade := h.wantsUpgrade()
	from := int32(-1) // where a run of fields to keep begins
	for i := range h.fields {
		f := &h.fields[i]
		if v.keepsField(f) {
			if from < 0 {
				from = f.name.from
			}
			continue
		}
		if from >= 0 {
			dst = append(dst, h.buf[from:f.name.from]...)
			from = -1
		}
	}
	if from >= 0 {
		dst = append(dst, h.buf[from:len(h.buf)-2]...)
	}
	if upgrade {
		dst = append(dst, "Connection: upgrade\r\nUpgrade: "...)
		dst = append(dst, h.value(fieldUpgrade)...)
		dst = append(dst, "\r\n"...)
	}
	return append(dst, "\r\n"...)
}

// keepsField tells whether a field of the client's goes on to the target.
func (v *visit) keepsField(f *field) bool {
	switch f.id {
	case otherField:
		if v.bal.HTTP.DropInvalidHeaders {
			for _, c := range v.req.bytes(f.name) {
				if !plainName[c] {
					return false
				}
			}
		}
		return v.req.options == 0 || !v.req.named(v.req.bytes(f.name))
	case fieldHost, fieldConnection, fieldKeepAlive, fieldProxyConnection, fieldUpgrade, fieldTE, fieldExpect,
		fieldForwardedProto, fieldForwardedPort, fieldTraceID, fieldTLSVersion, fieldTLSCipher, fieldHTTP2Settings:
		return false
	case fieldForwardedFor:
		return v.bal.HTTP.ForwardedFor == PreserveForwardedFor
	}
	return true
}

func (v *visit) appendTarget(dst []byte) []byte {
	h := v.req
	if v.rule != nil && len(v.rule.RewriteURL) > 0 {
		text := rewrite(h.text(span{h.path.from, h.uri.to}), v.rule.RewriteURL)
		if !strings.HasPrefix(text, "/") {
			text = "/" + text
		}
		for i := range len(text) {
			if text[i] <= ' ' || text[i] == 0x7f {
				continue // what a rule's author must not be able to break
			}
			dst = append(dst, text[i])
		}
		return dst
	}
	if !h.has(h.path) {
		dst = append(dst, '/') // http://host?query
	}
	return append(dst, h.buf[h.path.from:h.uri.to]...)
}

// appendHost writes the host as AWS does: without the port where the listener's
// is the default one, with it elsewhere, or as it came.
//
// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html#host-header-preservation
func (v *visit) appendHost(dst []byte) []byte {
	h := v.req
	host := h.bytes(h.host)
	if v.rule != nil && len(v.rule.RewriteHost) > 0 {
		host = []byte(rewrite(string(hostName(host)), v.rule.RewriteHost))
		for _, c := range host {
			if !hostByte[c] {
				return append(dst, h.bytes(h.host)...)
			}
		}
	}
	if len(host) == 0 {
		return v.bal.Address.AppendTo(dst)
	}
	if v.bal.HTTP.PreserveHost {
		return append(dst, host...)
	}
	name := hostName(host)
	if v.s.Port == 80 || v.s.Port == 443 {
		return append(dst, name...)
	}
	if len(name) < len(host) {
		return append(dst, host...)
	}
	dst = append(dst, host...)
	dst = append(dst, ':')
	return strconv.AppendUint(dst, uint64(v.s.Port), 10)
}

func (v *visit) appendForwarded(dst []byte) []byte {
	if v.bal.HTTP.ForwardedFor == AppendForwardedFor {
		dst = append(dst, "X-Forwarded-For: "...)
		for i := range v.req.fields {
			if f := &v.req.fields[i]; f.id == fieldForwardedFor && v.req.has(f.value) {
				dst = append(dst, v.req.bytes(f.value)...)
				dst = append(dst, ", "...)
			}
		}
		if v.bal.HTTP.ForwardedForPort {
			dst = v.client.AppendTo(dst)
		} else {
			dst = v.client.Addr().AppendTo(dst)
		}
		dst = append(dst, "\r\n"...)
	}
	proto := "http"
	if v.secure != nil {
		proto = "https"
	}
	dst = append(dst, "X-Forwarded-Proto: "...)
	dst = append(dst, proto...)
	dst = append(dst, "\r\nX-Forwarded-Port: "...)
	dst = strconv.AppendUint(dst, uint64(v.s.Port), 10)
	dst = append(dst, "\r\n"...)
	if v.secure != nil && v.bal.HTTP.TLSHeaders {
		dst = append(dst, "x-amzn-tls-version: "...)
		dst = append(dst, tlsVersion(v.secure)...)
		dst = append(dst, "\r\nx-amzn-tls-cipher-suite: "...)
		dst = append(dst, tls.CipherSuiteName(v.secure.CipherSuite)...)
		dst = append(dst, "\r\n"...)
	}
	return dst
}

func tlsVersion(s *tls.ConnectionState) string {
	return strings.Replace(tls.VersionName(s.Version), "TLS ", "TLSv", 1)
}

// traceID is the value of X-Amzn-Trace-Id that goes to the target.
//
// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html
func (v *visit) traceID() []byte {
	given := v.req.value(fieldTraceID)
	out := v.trace[:0]
	kept := []byte(nil)
	if len(given) > 0 {
		rooted := false
		for part := range strings.SplitSeq(string(given), ";") {
			part = strings.TrimSpace(part)
			if part == "" || strings.HasPrefix(part, "Self=") {
				continue
			}
			rooted = rooted || strings.HasPrefix(part, "Root=")
			kept = append(append(kept, ';'), part...)
		}
		if rooted {
			out = append(out, "Self="...)
			return append(appendTrace(out, v.now), kept...)
		}
	}
	out = append(out, "Root="...)
	return append(appendTrace(out, v.now), kept...)
}

func appendTrace(dst []byte, now time.Time) []byte {
	var raw [16]byte
	binary.BigEndian.PutUint32(raw[:], uint32(now.Unix()))
	binary.BigEndian.PutUint64(raw[4:], rand.Uint64())
	binary.BigEndian.PutUint32(raw[12:], rand.Uint32())
	dst = append(dst, "1-"...)
	dst = hex.AppendEncode(dst, raw[:4])
	dst = append(dst, '-')
	return hex.AppendEncode(dst, raw[4:])
}

// answerHead appends what the client gets in the place of the target's head.
func (v *visit) answerHead(dst []byte, res *head, keep, chunked bool) []byte {
	if res.minor == 1 {
		dst = append(dst, res.buf[:12]...)
	} else {
		dst = append(dst, "HTTP/1.1 "...)
		dst = append(dst, res.buf[9:12]...)
	}
	dst = append(dst, ' ')
	dst = append(dst, res.bytes(res.reason)...)
	dst = append(dst, "\r\n"...)
	dated := false
	from := int32(-1)
	for i := range res.fields {
		f := &res.fields[i]
		dated = dated || f.id == fieldDate
		if keepsAnswerField(res, f, chunked) {
			if from < 0 {
				from = f.name.from
			}
			continue
		}
		if from >= 0 {
			dst = append(dst, res.buf[from:f.name.from]...)
			from = -1
		}
	}
	if from >= 0 {
		dst = append(dst, res.buf[from:len(res.buf)-2]...)
	}
	if !dated {
		dst = append(dst, "Date: "...)
		dst = append(dst, httpDate(v.now)...)
		dst = append(dst, "\r\n"...)
	}
	dst = v.appendCookies(dst, res)
	switch {
	case res.status == 101:
		dst = append(dst, "Connection: upgrade\r\nUpgrade: "...)
		dst = append(dst, res.value(fieldUpgrade)...)
		return append(dst, "\r\n\r\n"...)
	case keep:
		return append(dst, "Connection: keep-alive\r\n\r\n"...)
	}
	return append(dst, "Connection: close\r\n\r\n"...)
}

func keepsAnswerField(res *head, f *field, chunked bool) bool {
	switch f.id {
	case fieldConnection, fieldKeepAlive, fieldProxyConnection, fieldUpgrade:
		return false
	case fieldTransferEncoding:
		return chunked
	case otherField:
		return res.options == 0 || !res.named(res.bytes(f.name))
	}
	return true
}

type datedText struct {
	second int64
	text   string
}

var lastDate atomic.Pointer[datedText]

// httpDate formats a time for the Date field, once a second.
func httpDate(now time.Time) string {
	second := now.Unix()
	if d := lastDate.Load(); d != nil && d.second == second {
		return d.text
	}
	d := &datedText{second, now.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")}
	lastDate.Store(d)
	return d.text
}
