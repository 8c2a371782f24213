package datachannel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// Introduce says who opens the channel. It is the first message of every
// connection.
func Introduce(ctx context.Context, conn Conn, open Open) error {
	open.MessageSchemaVersion, open.RequestID = "1.0", newID().String()
	b, err := json.Marshal(open)
	if err != nil {
		return err
	}
	return conn.Write(ctx, true, b)
}

// AnswerHandshake does the client's part of the handshake.
func (s *Stream) AnswerHandshake(ctx context.Context, version string) error {
	for {
		m, err := s.Receive(ctx)
		if err != nil {
			return err
		}
		switch m.Kind {
		case HandshakeComplete:
			return nil
		case HandshakeRequest:
			answer, err := answer(m.Payload)
			answer.ClientVersion = version
			if serr := s.SendJSON(ctx, HandshakeResponse, answer); serr != nil || err != nil {
				return errors.Join(err, serr)
			}
		}
	}
}

// answer says of every action that is asked for whether we can take part.
func answer(payload []byte) (out HandshakeAnswer, err error) {
	var asked Handshake
	if err := json.Unmarshal(payload, &asked); err != nil {
		return out, fmt.Errorf("%w: handshake: %w", ErrMalformed, err)
	}
	out.ProcessedClientActions, out.Errors = []Processed{}, []string{}
	for _, a := range asked.RequestedClientActions {
		p := Processed{ActionType: a.ActionType, ActionStatus: 1}
		if a.ActionType != "SessionType" {
			p.ActionStatus, p.Error = 3, "Unsupported action "+a.ActionType
			out.Errors = append(out.Errors, p.Error)
			err = errors.Join(err, errors.New(p.Error))
		}
		out.ProcessedClientActions = append(out.ProcessedClientActions, p)
	}
	return out, err
}
