package dns

import (
	"context"
	"errors"
	"net"

	"github.com/miekg/dns"
)

// Host forwards to the resolvers a resolv.conf names. The file is read for
// each question, since networks change under a laptop; reading it costs
// microseconds. A resolver on loopback works, because questions are forwarded
// from the host's own namespace.
type Host struct {
	File string // usually /etc/resolv.conf
}

var errNoResolver = errors.New("the host names no resolver")

// Exchange asks each resolver in turn until one answers.
func (h Host) Exchange(ctx context.Context, q *dns.Msg) (*dns.Msg, error) {
	conf, err := dns.ClientConfigFromFile(h.File)
	if err != nil {
		return nil, err
	}
	err = errNoResolver
	for _, server := range conf.Servers {
		at := net.JoinHostPort(server, conf.Port)
		var a *dns.Msg
		a, _, err = (&dns.Client{Net: "udp", UDPSize: dns.DefaultMsgSize}).ExchangeContext(ctx, q, at)
		if err == nil && a.Truncated {
			a, _, err = (&dns.Client{Net: "tcp"}).ExchangeContext(ctx, q, at)
		}
		if err == nil {
			return a, nil
		}
	}
	return nil, err
}
