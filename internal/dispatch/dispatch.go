// Package dispatch holds the sessions of the nodes: it hands each node the
// tasks placed on it and merges what the node reports back into the store. It
// is the only writer of Task.Observed and of Node records.
package dispatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// Secrets resolves one secrets[].valueFrom of a task definition. An error's
// text is AWS's and becomes the task's stoppedReason.
type Secrets interface {
	ResolveTaskSecret(ctx context.Context, scope state.Scope, valueFrom string) (string, error)
}

// Files reads an environment file, the S3 object with the ARN, as an account
// sees it. An error's text is AWS's and becomes part of the task's
// stoppedReason.
type Files interface {
	ReadTaskFile(ctx context.Context, scope state.Scope, arn string) ([]byte, error)
}

// Credentials gives sessions of a task's role.
type Credentials interface {
	TaskCredentials(ctx context.Context, task state.Task, roleARN string) (protocol.Credentials, error)
}

// Images tells where an image reference of a task definition is pulled from.
// credentials names the secret of its repositoryCredentials, "" without.
type Images interface {
	Source(ctx context.Context, scope state.Scope, ref, credentials string) (protocol.ImageSource, error)
}

// Logs is the part of the log store that tasks write to.
type Logs interface {
	OpenStream(ctx context.Context, stream protocol.LogStream, createGroup bool) error
	Ship(ctx context.Context, batch protocol.LogBatch) error
}

// History keeps what happened to tasks.
type History interface {
	Append(ctx context.Context, task string, events []state.TaskEvent) error
}

// Instances tells event buses of container instances: that one has more left, or
// that those which a node is are connected or not.
type Instances interface {
	InstanceChanged(w store.Writer, scope state.Scope, arn string, now time.Time) error
	NodeChanged(w store.Writer, node string, now time.Time) error
}

// Config is what a Dispatcher works with.
type Config struct {
	Store       store.Store
	Secrets     Secrets
	Files       Files // nil: there are none
	Credentials Credentials
	Images      Images
	Logs        Logs
	History     History
	Measures    Measures  // nil: nobody keeps them
	Instances   Instances // nil: nobody is told of container instances
	Log         *slog.Logger
}

// Dispatcher opens sessions.
type Dispatcher struct {
	cfg Config

	mu      sync.Mutex
	current map[string]*session // by node
}

// New returns a Dispatcher.
func New(cfg Config) *Dispatcher { return &Dispatcher{cfg: cfg, current: map[string]*session{}} }

// NodeScope is the scope node records are kept under.
var NodeScope = state.Scope{Account: "-", Region: "-"}

// Open registers the node and starts its session, which ends with ctx.
func (d *Dispatcher) Open(ctx context.Context, node state.Node) (protocol.Session, error) {
	node.Connected = true
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.cfg.Store.Update(ctx, func(w store.Writer) error {
		return d.connection(w, node)
	})
	if err != nil {
		return nil, fmt.Errorf("register node %s: %w", node.ID, err)
	}
	s := newSession(d.cfg, node.ID)
	d.current[node.ID] = s
	go func() {
		s.follow(ctx)
		d.ended(context.WithoutCancel(ctx), s)
	}()
	return s, nil
}

// ended tells that a node has no session any more, unless it has a newer one.
// When the whole process ends there is nobody left to tell it to.
func (d *Dispatcher) ended(ctx context.Context, s *session) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.current[s.node] != s {
		return
	}
	delete(d.current, s.node)
	err := d.cfg.Store.Update(ctx, func(w store.Writer) error {
		node, ok := store.Nodes.Get(w, NodeScope.Key(s.node))
		if !ok {
			return nil
		}
		node.Connected = false
		return d.connection(w, node)
	})
	if err != nil && !errors.Is(err, store.ErrClosed) {
		d.cfg.Log.Warn("a node's disconnection could not be noted", "node", s.node, "error", err)
	}
}

// connection writes a node that has a session now, or has none any more.
func (d *Dispatcher) connection(w store.Writer, node state.Node) error {
	before, _ := store.Nodes.Get(w, NodeScope.Key(node.ID))
	if err := store.Nodes.Put(w, NodeScope.Key(node.ID), node); err != nil || d.cfg.Instances == nil || before.Connected == node.Connected {
		return err
	}
	return d.cfg.Instances.NodeChanged(w, node.ID, time.Now())
}

// errEnded is what Receive answers after the session's context has ended.
var errEnded = errors.New("session ended")
