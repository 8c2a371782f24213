// Package dns is the resolver a task finds on 169.254.170.2 inside its own
// network namespace. It answers what it knows itself and forwards the rest to
// the resolvers of the host. Handlers stand in one visible chain: see chain.go.
package dns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/miekg/dns"
)

// Upstream answers questions the chain has no own answer to.
type Upstream interface {
	Exchange(ctx context.Context, q *dns.Msg) (*dns.Msg, error)
}

// Resolver answers a task's questions. It is immutable and safe for
// concurrent use.
type Resolver struct {
	chain []link

	region string
	host   netip.Addr
	up     Upstream
	tables []*Table
}

// New returns a Resolver of one region, whose host.hatoba.internal is host. The
// tables are looked into in their order.
func New(region string, host netip.Addr, up Upstream, tables ...*Table) *Resolver {
	return &Resolver{chain: chain(region, host, tables, nil, up), region: region, host: host, up: up, tables: tables}
}

// maxQuestions bounds the questions answered at once on one socket.
const maxQuestions = 128

// maxConnections bounds a task's TCP connections, which are this process's
// file descriptors.
const maxConnections = 32

// patience is how long a question may take.
const patience = 5 * time.Second

// Serve answers on both sockets until ctx ends, and closes them. It returns
// nil then, and otherwise why a socket gave out.
func (r *Resolver) Serve(ctx context.Context, pc net.PacketConn, ln net.Listener) error {
	handler := r.handler(ctx)
	ln = newLimited(ln, maxConnections)
	// The library wakes up each time a read of the UDP socket times out, after
	// 2 s by default: with a resolver per task that is what an idle Hatoba
	// would spend its time on.
	servers := []*dns.Server{{PacketConn: pc, Handler: handler, ReadTimeout: time.Hour}, {Listener: ln, Handler: handler}}
	ended := make(chan error, len(servers))
	for _, s := range servers {
		go func() { ended <- s.ActivateAndServe() }()
	}
	var err error
	left := len(servers)
	select {
	case <-ctx.Done():
	case err = <-ended:
		left--
	}
	for _, s := range servers {
		_ = s.Shutdown() // waits for questions under way; says so if it had not begun
	}
	pc.Close()
	ln.Close()
	for range left {
		err = errors.Join(err, <-ended)
	}
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("resolver ended: %w", errors.Join(err, net.ErrClosed))
}

// handler answers at most maxQuestions at once, and refuses others.
func (r *Resolver) handler(ctx context.Context) dns.Handler {
	slots := make(chan struct{}, maxQuestions)
	return dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
		default:
			_ = w.WriteMsg(failure(q, dns.RcodeRefused))
			return
		}
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		a := r.Answer(ctx, q)
		if _, udp := w.LocalAddr().(*net.UDPAddr); udp {
			a.Truncate(udpSize(q))
		}
		_ = w.WriteMsg(a) // the asker is gone: nobody to tell
	})
}

func udpSize(q *dns.Msg) int {
	if opt := q.IsEdns0(); opt != nil {
		return max(int(opt.UDPSize()), dns.MinMsgSize)
	}
	return dns.MinMsgSize
}

// Answer answers one question.
func (r *Resolver) Answer(ctx context.Context, q *dns.Msg) *dns.Msg {
	if q.Opcode != dns.OpcodeQuery {
		return failure(q, dns.RcodeNotImplemented)
	}
	if len(q.Question) != 1 {
		return failure(q, dns.RcodeFormatError)
	}
	for _, l := range r.chain {
		if a := l(ctx, q); a != nil {
			return extended(q, a)
		}
	}
	return extended(q, failure(q, dns.RcodeServerFailure))
}

// extended has an answer speak EDNS exactly if the question does (RFC 6891).
func extended(q, a *dns.Msg) *dns.Msg {
	if opt := q.IsEdns0(); opt != nil && a.IsEdns0() == nil {
		a.SetEdns0(dns.DefaultMsgSize, opt.Do())
	}
	return a
}

func failure(q *dns.Msg, code int) *dns.Msg {
	a := new(dns.Msg)
	return a.SetRcode(q, code)
}
