package sessions

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/hatoba/hatoba/internal/datachannel"
	"github.com/hatoba/hatoba/internal/protocol"
)

// session is one session. Fields that change are guarded by Manager.mu, but
// for those that only run uses.
type session struct {
	m      *Manager
	id     string
	target Target
	log    *slog.Logger

	token      *[32]byte // hash of the one token; nil: used
	tokenEnds  time.Time
	stream     *datachannel.Stream // nil until begun
	stop       context.CancelCauseFunc
	connected  context.Context // of the present connection
	connection context.CancelFunc
	waiting    *time.Timer // for a client that left

	wishes datachannel.Wishes
	ours   bool         // the client is our own
	active atomic.Int64 // nanoseconds since 1970: when somebody last typed or read
}

// ending is why a session ends by itself, as its client is told.
type ending string

// Error returns the text.
func (e ending) Error() string { return string(e) }

// The ends there are.
const (
	errIdle       ending = "Your session timed out due to inactivity."
	errTerminated ending = "terminated"
	errDeserted   ending = "its client did not come back"
	errStopping   ending = "The session has ended because Hatoba is stopping."
	errHandshake  ending = "Handshake timed out. Please ensure that you have the latest version of the session manager plugin."
)

// failed is what a client is shown when the command could not be run, as AWS's
// agent puts it.
// Source: https://github.com/aws/amazon-ssm-agent/blob/mainline/agent/session/shell/shell.go
func failed(why string) string {
	return "----------ERROR-------\nUnable to start command: Failed to start pty: " + why
}

// begin starts the session; m.mu is held.
func (s *session) begin(open datachannel.Open) {
	s.stream = datachannel.NewAgent()
	s.wishes = datachannel.Wishes{Terminal: true, Stdin: true}
	if open.Hatoba != nil {
		s.wishes, s.ours = *open.Hatoba, true
	}
	ctx, stop := context.WithCancelCause(s.m.ctx)
	s.stop = stop
	s.log.Info("a session begins", "client", open.ClientVersion)
	s.m.running.Go(func() {
		defer stop(nil)
		defer s.m.remove(s)
		why := s.run(ctx)
		s.stream.Close(s.id, why)
		s.log.Info("a session has ended", "why", why)
	})
}

// run is the session's life. It returns what the client is told at its end: ""
// when the command has ended.
func (s *session) run(ctx context.Context) string {
	if err := s.greet(ctx); err != nil {
		return s.why(ctx, err)
	}
	transcript, err := s.openTranscript(ctx)
	if err != nil {
		return err.Error()
	}
	defer transcript.close()
	size, first, err := s.firstSize(ctx)
	if err != nil {
		return s.why(ctx, err)
	}
	peer, err := s.m.cfg.Nodes.Exec(ctx, s.target.Node, protocol.ExecStart{
		ID: s.id, Task: s.target.Task, Container: s.target.Container, Args: s.target.Args,
		Terminal: s.wishes.Terminal, Stdin: s.wishes.Stdin, Size: size,
	})
	if err != nil {
		return s.why(ctx, err)
	}
	defer peer.Close()
	s.touch()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s.m.running.Go(func() { s.watchIdle(ctx, cancel) })
	s.m.running.Go(func() {
		// A command that has ended takes no input, and its last output may
		// still be on its way.
		if err := s.input(ctx, peer, first); !errors.Is(err, protocol.ErrExecEnded) {
			cancel(err)
		}
	})
	return s.output(ctx, peer, transcript)
}

// why tells the client what ended the session.
func (s *session) why(ctx context.Context, err error) string {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	switch {
	case errors.Is(err, errTerminated), errors.Is(err, datachannel.ErrClosed):
		return ""
	case errors.Is(err, context.Canceled):
		return errStopping.Error()
	}
	return err.Error()
}

// handshakeTime is how long a client may take over the handshake.
const handshakeTime = 15 * time.Second

// agentVersion is what clients are told: they leave out what older agents do
// not know.
const agentVersion = "3.3.0.0"

// greet does the handshake.
func (s *session) greet(ctx context.Context) error {
	began := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, handshakeTime, errHandshake)
	defer cancel()
	err := s.stream.SendJSON(ctx, datachannel.HandshakeRequest, datachannel.Handshake{
		AgentVersion: agentVersion,
		RequestedClientActions: []datachannel.Action{{
			ActionType:       "SessionType",
			ActionParameters: datachannel.SessionType{SessionType: "InteractiveCommands", Properties: struct{}{}},
		}},
	})
	if err != nil {
		return err
	}
	for {
		m, err := s.stream.Receive(ctx)
		if cause := context.Cause(ctx); errors.Is(cause, errHandshake) {
			return cause
		}
		if err != nil {
			return err
		}
		if m.Kind != datachannel.HandshakeResponse {
			continue
		}
		var answer datachannel.HandshakeAnswer
		if err := json.Unmarshal(m.Payload, &answer); err != nil {
			return datachannel.ErrMalformed
		}
		for _, p := range answer.ProcessedClientActions {
			if p.ActionStatus != 1 {
				return errors.New("the client cannot take part in the session: " + p.Error)
			}
		}
		return s.stream.SendJSON(ctx, datachannel.HandshakeComplete, datachannel.HandshakeDone{HandshakeTimeToComplete: time.Since(began)})
	}
}

// sizePatience is how long the command waits for the size of its terminal, so
// that what it draws first fits.
const sizePatience = 300 * time.Millisecond

// firstSize waits for the terminal's size. first is what came instead.
func (s *session) firstSize(ctx context.Context) (size protocol.TerminalSize, first *datachannel.Message, err error) {
	size = protocol.TerminalSize{Cols: s.wishes.Cols, Rows: s.wishes.Rows}
	if !s.wishes.Terminal || s.ours {
		return size, nil, nil
	}
	limit, cancel := context.WithTimeout(ctx, sizePatience)
	defer cancel()
	m, err := s.stream.Receive(limit)
	switch {
	case err != nil && ctx.Err() == nil && limit.Err() != nil:
		return size, nil, nil
	case err != nil:
		return size, nil, err
	case m.Kind == datachannel.Size:
		return sizeOf(m.Payload), nil, nil
	}
	return size, &m, nil
}

func sizeOf(payload []byte) (size protocol.TerminalSize) {
	var given datachannel.TerminalSize
	if json.Unmarshal(payload, &given) == nil && given.Cols <= 0xffff && given.Rows <= 0xffff {
		size = protocol.TerminalSize{Cols: uint16(given.Cols), Rows: uint16(given.Rows)}
	}
	return size
}

// input carries what the client types. It returns why it ends.
func (s *session) input(ctx context.Context, peer protocol.ExecPeer, first *datachannel.Message) error {
	for {
		m, err := datachannel.Message{}, error(nil)
		if first != nil {
			m, first = *first, nil
		} else if m, err = s.stream.Receive(ctx); err != nil {
			return err
		}
		var in protocol.ExecInput
		switch m.Kind {
		case datachannel.Data:
			s.touch()
			in.Data = m.Payload
		case datachannel.Size:
			in.Size = sizeOf(m.Payload)
		case datachannel.Flag:
			if len(m.Payload) == 4 && binary.BigEndian.Uint32(m.Payload) == datachannel.TerminateSession {
				return errTerminated
			}
		}
		if len(in.Data) > 0 || in.Size != (protocol.TerminalSize{}) {
			if err := peer.Send(ctx, in); err != nil {
				return err
			}
		}
		if m.Flags&datachannel.FlagFIN != 0 && s.ours {
			if err := peer.Send(ctx, protocol.ExecInput{EOF: true}); err != nil {
				return err
			}
		}
	}
}

// drainPatience is how long a client may take to read before the rest of the
// output is given up.
const drainPatience = 30 * time.Second

// output carries what the command writes until it has ended.
func (s *session) output(ctx context.Context, peer protocol.ExecPeer, t *transcript) string {
	for {
		out, err := peer.Receive(ctx)
		switch {
		case errors.Is(err, protocol.ErrExecEnded):
			return "The session has ended because its container cannot be reached any more."
		case err != nil:
			return s.why(ctx, err)
		case out.Failure != "":
			if err := s.exit(ctx, 126); err != nil {
				return s.why(ctx, err)
			}
			return failed(out.Failure)
		case out.Exit != nil:
			if err := s.exit(ctx, *out.Exit); err != nil {
				return s.why(ctx, err)
			}
			return ""
		}
		s.touch()
		kind, b := datachannel.Data, out.Stdout
		if len(out.Stderr) > 0 {
			kind, b = datachannel.Stderr, out.Stderr
		}
		t.write(b)
		for len(b) > 0 {
			n := piece(b)
			if err := s.stream.Send(ctx, kind, 0, b[:n]); err != nil {
				return s.why(ctx, err)
			}
			b = b[n:]
		}
	}
}

// piece is how much of b one message carries: no character is cut, where b is
// text.
func piece(b []byte) int {
	if len(b) <= datachannel.PayloadBytes {
		return len(b)
	}
	for n := datachannel.PayloadBytes; n > datachannel.PayloadBytes-utf8.UTFMax; n-- {
		if utf8.RuneStart(b[n]) {
			return n
		}
	}
	return datachannel.PayloadBytes
}

// exit tells the exit code to a client that understands it, and waits until
// the client has everything.
func (s *session) exit(ctx context.Context, code int32) error {
	if s.ours {
		if err := s.stream.Send(ctx, datachannel.ExitCode, 0, strconv.AppendInt(nil, int64(code), 10)); err != nil {
			return err
		}
	}
	if err := s.stream.Drain(ctx, drainPatience); err != nil && ctx.Err() == nil {
		s.log.Warn("the client did not read the last output of its session")
	}
	return nil
}

func (s *session) touch() { s.active.Store(time.Now().UnixNano()) }

// watchIdle ends a session in which nothing happens.
func (s *session) watchIdle(ctx context.Context, end context.CancelCauseFunc) {
	for {
		left := IdleTimeout - time.Since(time.Unix(0, s.active.Load()))
		if left <= 0 {
			end(errIdle)
			return
		}
		timer := time.NewTimer(left)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}
