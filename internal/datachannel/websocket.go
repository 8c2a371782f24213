package datachannel

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/coder/websocket"
)

// Accept upgrades a request to a connection, and answers it itself when that
// cannot be. A page of another origin is refused.
func Accept(w http.ResponseWriter, r *http.Request) (Conn, error) {
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		return nil, err
	}
	c.SetReadLimit(MaxMessage)
	return &socket{c}, nil
}

// Dial opens a connection to a session's streamUrl.
func Dial(ctx context.Context, url string, client *http.Client) (Conn, error) {
	c, answer, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPClient: client}) //nolint:bodyclose // the library closes it
	if err != nil {
		if answer != nil && answer.StatusCode != http.StatusSwitchingProtocols {
			return nil, fmt.Errorf("the data channel was refused: %s", answer.Status)
		}
		return nil, fmt.Errorf("open the data channel: %w", err)
	}
	c.SetReadLimit(MaxMessage)
	return &socket{c}, nil
}

// socket is a Conn over a websocket.
type socket struct{ conn *websocket.Conn }

// Read implements Conn. It also answers pings, so it must be called for a
// connection to stay up.
func (s *socket) Read(ctx context.Context) (bool, []byte, error) {
	kind, b, err := s.conn.Read(ctx)
	return kind == websocket.MessageText, b, err
}

// Write implements Conn.
func (s *socket) Write(ctx context.Context, text bool, b []byte) error {
	kind := websocket.MessageBinary
	if text {
		kind = websocket.MessageText
	}
	return s.conn.Write(ctx, kind, b)
}

// Close implements Conn. It waits a few seconds for the other side's goodbye.
func (s *socket) Close() error {
	err := s.conn.Close(websocket.StatusNormalClosure, "")
	var gone websocket.CloseError
	if errors.As(err, &gone) {
		return nil
	}
	return err
}
