package sessions

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/hatoba/hatoba/internal/datachannel"
)

// Path is where channels are: Path + session id.
const Path = "/v1/data-channel/"

// introduction is how long a client has to say who it is.
const introduction = 10 * time.Second

// errRefused is told to nobody but the log: who has no token learns nothing.
var errRefused = errors.New("the token is not this session's, was used, or has expired")

// ServeHTTP serves the channel of the session {id} of the pattern.
func (m *Manager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	m.mu.Lock()
	known := m.sessions[id] != nil
	m.mu.Unlock()
	if !known {
		http.Error(w, "no such session: it has ended, or was never granted", http.StatusNotFound)
		return
	}
	conn, err := datachannel.Accept(w, r)
	if err != nil {
		m.cfg.Log.Debug("a data channel was not opened", "session", id, "error", err)
		return
	}
	defer conn.Close()
	if err := m.Serve(conn, id); err != nil {
		m.cfg.Log.Debug("a data channel's connection has ended", "session", id, "error", err)
	}
}

// Serve serves a session's channel over a connection until that ends.
func (m *Manager) Serve(conn datachannel.Conn, id string) error {
	open, err := readOpen(m.ctx, conn)
	if err != nil {
		return err
	}
	s, ctx, err := m.admit(id, open)
	if err != nil {
		return err
	}
	defer s.left(ctx)
	return s.stream.Serve(ctx, conn)
}

// readOpen reads who asks.
func readOpen(ctx context.Context, conn datachannel.Conn) (open datachannel.Open, err error) {
	ctx, cancel := context.WithTimeout(ctx, introduction)
	defer cancel()
	text, b, err := conn.Read(ctx)
	if err != nil {
		return open, err
	}
	if !text {
		return open, fmt.Errorf("%w: the first message is not an introduction", datachannel.ErrMalformed)
	}
	if err := json.Unmarshal(b, &open); err != nil {
		return open, fmt.Errorf("%w: introduction: %w", datachannel.ErrMalformed, err)
	}
	return open, nil
}

// admit takes the token, which then lets nobody in any more, and begins the
// session or hands it its next connection. An earlier connection ends.
func (m *Manager) admit(id string, open datachannel.Open) (*session, context.Context, error) {
	sum := sha256.Sum256([]byte(open.TokenValue))
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.sessions[id]
	if s == nil || s.token == nil || subtle.ConstantTimeCompare(s.token[:], sum[:]) != 1 || time.Now().After(s.tokenEnds) || m.ctx.Err() != nil {
		return nil, nil, errRefused
	}
	s.token = nil
	if s.stream == nil {
		s.begin(open)
	}
	if s.connection != nil {
		s.connection()
	}
	if s.waiting != nil {
		s.waiting.Stop()
		s.waiting = nil
	}
	// The connection outlives the session by the goodbye, so not by m.ctx.
	ctx, cancel := context.WithCancel(context.WithoutCancel(m.ctx))
	s.connection, s.connected = cancel, ctx
	return s, ctx, nil
}

// left notes that a connection has ended: the session waits for the next one.
func (s *session) left(ctx context.Context) {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if s.connected != ctx {
		return // there is a newer one
	}
	s.connection()
	s.connection, s.connected = nil, nil
	s.waiting = time.AfterFunc(resumeWindow, func() { s.stop(errDeserted) })
}
