package dns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/miekg/dns"
)

// Host forwards to the resolvers a resolv.conf names. The file is read for
// each question, since networks change under a laptop; reading it costs
// microseconds. A resolver on loopback works, because questions are forwarded
// from the host's own namespace.
type Host struct {
	File string // usually /etc/resolv.conf
	port string // "" for 53
}

var errNoResolver = errors.New("the host names no resolver")

// tryTime is how long one resolver is waited for before the next is asked.
const tryTime = 2 * time.Second

// Exchange asks each resolver in turn until one answers. As the C library
// does, it goes on from one that fails or refuses; when all do, the last
// such answer stands.
func (h Host) Exchange(ctx context.Context, q *dns.Msg) (*dns.Msg, error) {
	conf, err := dns.ClientConfigFromFile(h.File)
	if err != nil {
		return nil, err
	}
	port := h.port
	if port == "" {
		port = conf.Port
	}
	var refused *dns.Msg
	err = errNoResolver
	for _, server := range conf.Servers {
		a, failed := exchange(ctx, q, net.JoinHostPort(server, port))
		if failed != nil {
			err = fmt.Errorf("resolver %s: %w", server, failed)
			continue
		}
		switch a.Rcode {
		case dns.RcodeServerFailure, dns.RcodeNotImplemented, dns.RcodeRefused:
			refused = a
		default:
			return a, nil
		}
	}
	if refused != nil {
		return refused, nil
	}
	return nil, err
}

// exchange asks by UDP, and again by TCP when the answer did not fit.
func exchange(ctx context.Context, q *dns.Msg, at string) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	a, _, err := (&dns.Client{Net: "udp", UDPSize: dns.DefaultMsgSize}).ExchangeContext(ctx, q, at)
	if err == nil && a.Truncated {
		a, _, err = (&dns.Client{Net: "tcp"}).ExchangeContext(ctx, q, at)
	}
	return a, err
}
