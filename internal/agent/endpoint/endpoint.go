// Package endpoint opens what a task finds on its local address, inside its
// own network namespace: its resolver, its metadata and credentials, and the
// AWS APIs. Who asks is known by the socket: no other task can reach it.
package endpoint

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"golang.org/x/net/netutil"

	"github.com/hatoba/hatoba/internal/agent/credentials"
	"github.com/hatoba/hatoba/internal/agent/metadata"
	"github.com/hatoba/hatoba/internal/agent/network"
	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// Ports on the local address.
const (
	dnsPort      = 53
	metadataPort = 80
	apiPort      = 4566
)

// served is the port that one of the ports above is served on: the ports
// themselves are the task's, whose servers listen on all addresses. These are
// above those the kernel gives to connections.
func served(port uint16) uint16 { return 61000 + port%1000 }

func leads() (out []network.Lead) {
	for _, port := range []uint16{dnsPort, metadataPort, apiPort} {
		out = append(out, network.Lead{Protocol: "tcp", From: port, To: served(port)})
	}
	return append(out, network.Lead{Protocol: "udp", From: dnsPort, To: served(dnsPort)})
}

// APIURL is where a task finds the AWS APIs.
const APIURL = "http://169.254.170.2:4566"

// maxConnections bounds a task's connections to one of its endpoints, which
// are this process's file descriptors.
const maxConnections = 128

// Task is what the endpoints show of a task.
type Task struct {
	Key           state.Key
	Assignment    protocol.Assignment // as it was when the task was begun
	NetNS         string
	CredentialsID string // "" without a task role
	// Local are the ports of the machine's loopback that a task in the machine's
	// own namespace is served on; its zero value is a task with a namespace.
	// Everybody on the machine reaches them, and Admit tells who is the task.
	Local Local
	Admit func(client, server netip.AddrPort) bool
	View  func() metadata.View
	Stats func(ctx context.Context, containerID string) (runtime.Stats, error)
	// Used tells the bytes the task has written to its storage.
	Used        func(ctx context.Context) (int64, bool)
	Credentials func(ctx context.Context) (protocol.Credentials, error)
	Tags        func(ctx context.Context) ([]types.Tag, error) // as they are now
}

// Local are ports of the machine's loopback.
type Local struct{ Metadata, API uint16 }

// Host is where they are. SDKs take credentials from a loopback address alone
// without a token.
const Host = "127.0.0.1"

// Resolver answers a task's questions for names.
type Resolver interface {
	Serve(ctx context.Context, pc net.PacketConn, ln net.Listener) error
}

// Server opens endpoints. It is immutable.
type Server struct {
	// Resolver gives the resolver of tasks in a VPC, "" for the default one.
	Resolver func(scope state.Scope, vpc string) Resolver
	// API gives the AWS APIs as the task itself calls them.
	API func(task state.Task, definition state.TaskDefinition) http.Handler
	Log *slog.Logger
}

// open is a task's open endpoints.
type open struct {
	stop []func()
	ends sync.WaitGroup
}

// Serve opens a task's endpoints and returns once the sockets are there. stop
// returns when nothing is open any more: a socket left open would keep the
// namespace alive.
func (s *Server) Serve(ctx context.Context, t Task) (stop func(), err error) {
	o := &open{}
	stop = func() {
		for i := len(o.stop) - 1; i >= 0; i-- {
			o.stop[i]()
		}
		o.ends.Wait()
	}
	api := s.API(t.Assignment.Task, t.Assignment.Definition)
	handlers := map[uint16]http.Handler{metadataPort: s.local(t, api), apiPort: api}
	if t.Local != (Local{}) {
		handlers = map[uint16]http.Handler{t.Local.Metadata: admitted(t, handlers[metadataPort]), t.Local.API: admitted(t, api)}
	} else if err := errors.Join(network.LeadLocal(t.NetNS, leads()), s.serveDNS(ctx, o, t)); err != nil {
		stop()
		return nil, err
	}
	for port, handler := range handlers {
		if err := s.serveHTTP(ctx, o, t, port, handler); err != nil {
			stop()
			return nil, err
		}
	}
	return stop, nil
}

func (s *Server) serveDNS(ctx context.Context, o *open, t Task) error {
	at := netip.AddrPortFrom(network.Local, served(dnsPort))
	pc, err := network.ListenPacket(t.NetNS, at)
	if err != nil {
		return err
	}
	ln, err := network.Listen(t.NetNS, at)
	if err != nil {
		pc.Close()
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	o.stop = append(o.stop, cancel)
	resolver := s.Resolver(t.Key.Scope(), t.Assignment.Network.VPCID)
	o.ends.Go(func() {
		if err := resolver.Serve(ctx, pc, ln); err != nil && ctx.Err() == nil {
			s.Log.Warn("a task's resolver ended", "task", t.Key.ID, "error", err)
		}
	})
	return nil
}

func (s *Server) serveHTTP(ctx context.Context, o *open, t Task, port uint16, handler http.Handler) error {
	ln, err := t.listen(port)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog:    slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return ctx },
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, clientKey{}, sync.OnceValue(func() bool { return t.owns(c) }))
		},
	}
	o.stop = append(o.stop, func() { _ = server.Close() })
	unfollow := context.AfterFunc(ctx, func() { _ = server.Close() })
	o.ends.Go(func() {
		defer unfollow()
		_ = server.Serve(netutil.LimitListener(ln, maxConnections)) // always ends with an error: it was closed
	})
	return nil
}

func (t Task) listen(port uint16) (net.Listener, error) {
	if t.Local == (Local{}) {
		return network.Listen(t.NetNS, netip.AddrPortFrom(network.Local, served(port)))
	}
	return net.Listen("tcp4", net.JoinHostPort(Host, strconv.Itoa(int(port))))
}

// clientKey is the context key under which a connection's requests find
// whether it is the task's. It is found out once for a connection.
type clientKey struct{}

func (t Task) owns(c net.Conn) bool {
	client, ok := c.RemoteAddr().(*net.TCPAddr)
	server, also := c.LocalAddr().(*net.TCPAddr)
	return ok && also && t.Admit != nil && t.Admit(client.AddrPort(), server.AddrPort())
}

// admitted lets the task in and nobody else.
func admitted(t Task, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if own, ok := r.Context().Value(clientKey{}).(func() bool); !ok || !own() {
			http.Error(w, "this is for the processes of task "+t.Key.ID+" alone", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// local is what is served on the metadata port.
func (s *Server) local(t Task, api http.Handler) http.Handler {
	mux := http.NewServeMux()
	(&metadata.Server{View: t.View, Sample: t.sample, Used: t.Used, Tags: t.Tags, Clock: metadata.KernelClock}).Register(mux)
	mux.Handle("GET /v2/credentials/{id}", &credentials.Server{ID: t.CredentialsID, Fetch: t.Credentials})
	mux.Handle("GET /v2/credentials/{$}", &credentials.Server{})
	p := protection{task: t, api: api}
	mux.HandleFunc("GET /api/{id}/task-protection/v1/state", p.get)
	mux.HandleFunc("PUT /api/{id}/task-protection/v1/state", p.put)
	return throttled(mux)
}

// sample reads a container's cgroup, the machine's clock and the task's
// interface together.
func (t Task) sample(ctx context.Context, id string) (metadata.Sample, error) {
	used, err := t.Stats(ctx, id)
	if err != nil {
		return metadata.Sample{}, err
	}
	var carried network.Counters
	if t.NetNS != "" { // the machine's own interfaces are not counted for a task
		if carried, err = network.Count(t.NetNS); err != nil {
			return metadata.Sample{}, err
		}
	}
	return metadata.Sample{Stats: used, System: metadata.SystemCPU(), Net: metadata.Interface(carried)}, nil
}
