// Package sessions holds the sessions of ECS Exec: it grants them, serves their
// data channels, has the task's node run the command, and carries bytes between
// the two. A session lives in memory: it ends with Hatoba.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
package sessions

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// Bounds of a session.
const (
	// IdleTimeout is how long nothing may be typed or shown. It cannot be
	// changed, as on AWS.
	IdleTimeout = 20 * time.Minute
	// tokenLife is how long a token lets somebody in, once.
	tokenLife = time.Minute
	// resumeWindow is how long a session waits for its client to come back.
	resumeWindow = time.Minute
	// perContainer is AWS's quota.
	// Source: https://docs.aws.amazon.com/general/latest/gr/ecs-service.html
	perContainer = 1000
)

// Errors of Open; test with errors.Is.
var (
	ErrTooMany = errors.New("too many sessions of this container")
	ErrEnding  = errors.New("this Hatoba is stopping")
)

// Nodes runs commands on nodes.
type Nodes interface {
	Exec(ctx context.Context, node string, start protocol.ExecStart) (protocol.ExecPeer, error)
}

// Logs keeps transcripts.
type Logs interface {
	OpenStream(ctx context.Context, stream protocol.LogStream, createGroup bool) error
	Ship(ctx context.Context, batch protocol.LogBatch) error
}

// Config is what a Manager works with.
type Config struct {
	Nodes Nodes
	Logs  Logs
	Log   *slog.Logger
}

// Target is a command to be run in a container.
type Target struct {
	Scope     state.Scope
	Task      state.Key
	Node      string
	Container string
	Args      []string
	// Transcript is the log group that keeps what the session shows, in a
	// stream named after the session; "" keeps nothing.
	Transcript string
	// TranscriptScope is where that group is.
	TranscriptScope state.Scope
}

// Grant lets whoever has the token open the session's channel, once.
type Grant struct{ ID, Token string }

// Manager holds sessions. Make it with New.
type Manager struct {
	cfg     Config
	ctx     context.Context // of all sessions
	end     context.CancelFunc
	running sync.WaitGroup

	mu       sync.Mutex
	sessions map[string]*session
}

// New returns a Manager.
func New(cfg Config) *Manager {
	m := &Manager{cfg: cfg, sessions: map[string]*session{}}
	m.ctx, m.end = context.WithCancel(context.Background())
	return m
}

// goodbye is how long sessions have to tell their clients that they end.
const goodbye = 2 * time.Second

// Run waits for the end of ctx and then ends all sessions.
func (m *Manager) Run(ctx context.Context) error {
	<-ctx.Done()
	m.mu.Lock()
	m.end()
	m.mu.Unlock()
	done := make(chan struct{})
	go func() { m.running.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(goodbye):
	}
	return nil
}

// Open grants a session. It begins when its channel is opened.
func (m *Manager) Open(target Target) (Grant, error) {
	s := &session{
		m: m, id: "ecs-execute-command-" + strings.ToLower(rand.Text()), target: target,
		log: m.cfg.Log.With("task", target.Task.ID, "container", target.Container),
	}
	s.log = s.log.With("session", s.id)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ctx.Err() != nil {
		return Grant{}, ErrEnding
	}
	others := 0
	for _, o := range m.sessions {
		if o.target.Task == target.Task && o.target.Container == target.Container {
			others++
		}
	}
	if others >= perContainer {
		return Grant{}, fmt.Errorf("%w: %d", ErrTooMany, others)
	}
	m.sessions[s.id] = s
	grant := Grant{ID: s.id, Token: s.newToken()}
	time.AfterFunc(tokenLife, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if s.stream == nil {
			delete(m.sessions, s.id)
		}
	})
	return grant, nil
}

// Resume gives the client of a session that lost its connection a new token.
// "" means that there is no such session any more.
func (m *Manager) Resume(scope state.Scope, id string) (token string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.sessions[id]
	if s == nil || s.target.Scope != scope || s.stream == nil {
		return ""
	}
	return s.newToken()
}

// Terminate ends a session; false means that there is no such session.
func (m *Manager) Terminate(scope state.Scope, id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.sessions[id]
	if s == nil || s.target.Scope != scope {
		return false
	}
	if s.stream == nil {
		delete(m.sessions, id)
		return true
	}
	s.stop(errTerminated)
	return true
}

// Count is how many sessions there are.
func (m *Manager) Count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.sessions)
}

func (m *Manager) remove(s *session) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.sessions, s.id)
}

// newToken makes the one token that lets a client in; m.mu is held.
func (s *session) newToken() string {
	token := rand.Text() + rand.Text()
	sum := sha256.Sum256([]byte(token))
	s.token, s.tokenEnds = &sum, time.Now().Add(tokenLife)
	return token
}
