// Package dispatch holds the sessions of the nodes: it hands each node the
// tasks placed on it and merges what the node reports back into the store. It
// is the only writer of Task.Observed and of Node records.
package dispatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// Secrets resolves one secrets[].valueFrom of a task definition. An error's
// text is AWS's and becomes the task's stoppedReason.
type Secrets interface {
	ResolveTaskSecret(ctx context.Context, scope state.Scope, valueFrom string) (string, error)
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

// Config is what a Dispatcher works with.
type Config struct {
	Store   store.Store
	Secrets Secrets
	Images  Images
	Logs    Logs
	Log     *slog.Logger
}

// Dispatcher opens sessions.
type Dispatcher struct{ cfg Config }

// New returns a Dispatcher.
func New(cfg Config) *Dispatcher { return &Dispatcher{cfg: cfg} }

// NodeScope is the scope node records are kept under.
var NodeScope = state.Scope{Account: "-", Region: "-"}

// Open registers the node and starts its session, which ends with ctx.
func (d *Dispatcher) Open(ctx context.Context, node state.Node) (protocol.Session, error) {
	node.Connected = true
	err := d.cfg.Store.Update(ctx, func(w store.Writer) error {
		return store.Nodes.Put(w, NodeScope.Key(node.ID), node)
	})
	if err != nil {
		return nil, fmt.Errorf("register node %s: %w", node.ID, err)
	}
	s := newSession(d.cfg, node.ID)
	go s.follow(ctx)
	return s, nil
}

// errEnded is what Receive answers after the session's context has ended.
var errEnded = errors.New("session ended")
