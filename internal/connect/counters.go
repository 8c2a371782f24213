package connect

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hatoba/hatoba/internal/latency"
)

// Reading is what a proxy has counted for one service since it was opened. All
// but ActiveConnections only grow.
type Reading struct {
	Service string // Route.Service
	Hosts   int    // that answer for it now

	Requests    uint64
	GRPC        uint64    // of those
	Status      [6]uint64 // answers of targets, by the first digit of the status
	NoAnswer    uint64    // requests that no target answered, and TCP connections that none took
	Retries     uint64
	Ejections   uint64
	ToTarget    uint64 // bytes
	FromTarget  uint64
	Connections uint64 // that were opened to targets
	Active      int64
	Errors      uint64 // connections to targets that could not be opened

	ResponseTime  time.Duration // sum, from the request's coming until the answer's head
	ResponseCount uint64
	Buckets       latency.Counts // answers by how long they took
}

// Since is what was counted between an earlier reading of the same proxy and
// this one; Hosts and Active are as they are now.
func (r Reading) Since(before Reading) Reading {
	for _, pair := range [][2]*uint64{
		{&r.Requests, &before.Requests}, {&r.GRPC, &before.GRPC}, {&r.NoAnswer, &before.NoAnswer}, {&r.Retries, &before.Retries},
		{&r.Ejections, &before.Ejections}, {&r.ToTarget, &before.ToTarget}, {&r.FromTarget, &before.FromTarget},
		{&r.Connections, &before.Connections}, {&r.Errors, &before.Errors}, {&r.ResponseCount, &before.ResponseCount},
	} {
		*pair[0] -= *pair[1]
	}
	for i := range r.Status {
		r.Status[i] -= before.Status[i]
	}
	for i := range r.Buckets {
		r.Buckets[i] -= before.Buckets[i]
	}
	r.ResponseTime -= before.ResponseTime
	return r
}

// Moved tells whether anything is to be told of it.
func (r Reading) Moved() bool {
	return r.Requests+r.NoAnswer+r.Connections+r.ToTarget+r.FromTarget+r.Errors+r.ResponseCount > 0 || r.Active > 0
}

type counters struct {
	requests, grpc, noAnswer, retries, ejections atomic.Uint64
	to, from, opened, connectErrors              atomic.Uint64
	active                                       atomic.Int64
	status                                       [6]atomic.Uint64
	took                                         latency.Counter
}

func (c *counters) answer(status int, took time.Duration) {
	if class := status / 100; class < len(c.status) {
		c.status[class].Add(1)
	}
	c.took.Took(took)
}

func (c *counters) read(service string) Reading {
	r := Reading{
		Service: service, Requests: c.requests.Load(), GRPC: c.grpc.Load(), NoAnswer: c.noAnswer.Load(), Retries: c.retries.Load(),
		Ejections: c.ejections.Load(), ToTarget: c.to.Load(), FromTarget: c.from.Load(), Connections: c.opened.Load(),
		Active: c.active.Load(), Errors: c.connectErrors.Load(),
	}
	for i := range r.Status {
		r.Status[i] = c.status[i].Load()
	}
	r.ResponseTime, r.ResponseCount, r.Buckets = c.took.Read()
	return r
}

// counted is a connection to a target.
type counted struct {
	net.Conn
	count  *counters
	closed func()
	once   sync.Once
}

func (c *counters) conn(to net.Conn) *counted {
	c.opened.Add(1)
	c.active.Add(1)
	return &counted{Conn: to, count: c}
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.count.from.Add(uint64(n))
	return n, err
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.count.to.Add(uint64(n))
	return n, err
}

func (c *counted) Close() error {
	c.once.Do(func() { c.count.active.Add(-1); c.closed() })
	return c.Conn.Close()
}
