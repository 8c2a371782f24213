package lb

import (
	"net/netip"
	"time"
)

// AccessLog is told of requests of application load balancers, and of
// connections of TLS listeners. It is called on the request's way: it copies
// what it keeps and returns at once. Entries are used again.
type AccessLog interface {
	Log(balancer string, entry *Entry)
}

// Entry is a line of an access log, in the field's names.
//
// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html#access-log-entry-format
type Entry struct {
	Type     string // http, https, h2, grpcs, ws, wss or tls
	Listener string // id
	Created  time.Time
	Time     time.Time // when the answer was sent

	Client netip.AddrPort
	Target netip.AddrPort // invalid: none was chosen

	// Negative: not known.
	RequestTime, TargetTime, ResponseTime time.Duration

	Status       int // 0: none was sent
	TargetStatus int // 0: none was received
	Received     int64
	Sent         int64

	Method, URL, Version string // URL is whole: http://HOST:PORT/PATH
	UserAgent            string
	Cipher, TLSVersion   string // "" without TLS
	Group                string // id
	TraceID              string
	Host                 string // what SNI named
	Certificate          string // id
	RulePriority         int    // 0: the default rule, -1: none was looked at
	Action               string // forward, redirect, fixed-response, or several by comma
	RedirectURL          string
	ErrorReason          string
	Classification       string // "", Acceptable, Ambiguous or Severe
	ClassificationReason string
}
