package lb

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"
)

// serveHTTP2 carries a client's connection of HTTP/2: a goroutine for each of
// its streams.
func (p *Plane) serveHTTP2(c *client) {
	var streams atomic.Int64
	server := &http2.Server{} //nolint:staticcheck // as below
	base := &http.Server{MaxHeaderBytes: maxRequestHead, IdleTimeout: c.idleNow(), HTTP2: &http.HTTP2Config{MaxConcurrentStreams: 128}}
	server.ServeConn(c.tls, &http2.ServeConnOpts{ //nolint:staticcheck // http.Server has no way to serve a connection that was accepted elsewhere
		BaseConfig: base,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if streams.Add(1) == 1 {
				c.state.Store(working)
			}
			defer func() {
				if streams.Add(-1) == 0 {
					c.state.Store(waiting)
				}
			}()
			v := getVisit()
			defer putVisit(v)
			v.plane, v.s, v.client, v.secure = p, c.on.conf.Load(), c.client, c.secure
			if v.s != nil {
				v.bal = v.s.bal.conf.Load()
			}
			late := time.Since(c.opened) >= time.Hour
			if v.bal != nil && v.bal.HTTP.ClientKeepAlive > 0 {
				late = time.Since(c.opened) >= v.bal.HTTP.ClientKeepAlive
			}
			if late || v.bal == nil || p.ending.Load() {
				w.Header().Set("Connection", "close") // the connection ends with its streams
			}
			if v.bal == nil {
				writeReply(w, errorReply(503, ""), time.Now())
				return
			}
			v.serveHTTP(w, r)
		}),
	})
}

func (c *client) idleNow() time.Duration {
	if bal := c.s.bal.conf.Load(); bal != nil {
		return bal.idle()
	}
	return idleDefault
}

// h2Pool is a target's connections for what comes through net/http's types.
type h2Pool struct {
	mu   sync.Mutex
	made *http.Transport
	of   transportKind
}

// transportKind is what a transport was made for.
type transportKind struct {
	from    netip.Addr
	secure  bool
	version Version
}

// transport is what carries requests to the visit's target.
func (v *visit) transport() *http.Transport {
	h := &v.target.h2
	kind := transportKind{v.bal.Address, v.group.Protocol == HTTPS, v.group.Version}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.made != nil && h.of == kind {
		return h.made
	}
	if h.made != nil {
		h.made.CloseIdleConnections()
	}
	h.made, h.of = newTransport(&v.target.pool, kind), kind
	return h.made
}

func newTransport(p *pool, kind transportKind) *http.Transport {
	t := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			c, err := dialTCP(ctx, kind.from, p.t.addr)
			if err != nil {
				p.t.count.connectErrors.Add(1)
				p.t.group.count.connectErrors.Add(1)
				return nil, err
			}
			k := &counted{TCPConn: c, pool: p}
			if !p.track(k) {
				_ = c.Close()
				return nil, net.ErrClosed
			}
			return k, nil
		},
		TLSClientConfig:        &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // as secureTarget
		TLSHandshakeTimeout:    connectTimeout,
		DisableCompression:     true,
		MaxIdleConnsPerHost:    maxIdle,
		IdleConnTimeout:        idleFor,
		MaxResponseHeaderBytes: maxResponseHead,
		Protocols:              new(http.Protocols),
	}
	switch {
	case kind.version == HTTP1:
		t.Protocols.SetHTTP1(true)
	case kind.secure:
		t.Protocols.SetHTTP2(true)
	default:
		t.Protocols.SetUnencryptedHTTP2(true)
	}
	return t
}

// close ends what waits. What is under way is cut with the pool.
func (h *h2Pool) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.made != nil {
		h.made.CloseIdleConnections()
	}
}

// counted is a connection of a transport, known to its target's pool.
type counted struct {
	*net.TCPConn
	pool *pool
}

func (c *counted) Close() error {
	c.pool.forget(c)
	return c.TCPConn.Close()
}

func (c *counted) closeIfIdle() {}

func requestURL(uri string, secure bool, host string) *url.URL {
	u := &url.URL{Scheme: "http", Host: host}
	if secure {
		u.Scheme = "https"
	}
	path, query, has := strings.Cut(uri, "?")
	u.RawQuery, u.ForceQuery = query, has && query == ""
	if !strings.HasPrefix(path, "//") {
		u.Opaque = path // as it came, escaped or not
		return u
	}
	u.RawPath = path
	var err error
	if u.Path, err = url.PathUnescape(path); err != nil {
		u.Path = path
	}
	return u
}
