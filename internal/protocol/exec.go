package protocol

import (
	"context"
	"errors"

	"github.com/hatoba/hatoba/internal/state"
)

// ExecStart asks a node for a command inside a running container, with its
// streams attached. The node answers by opening the stream of that ID.
type ExecStart struct {
	ID        string
	Task      state.Key
	Container string // name in the task definition
	Args      []string
	Terminal  bool // a terminal, and all output in Stdout
	Stdin     bool
	Size      TerminalSize
}

// TerminalSize is the size of a terminal in characters; the zero value is
// unknown.
type TerminalSize struct{ Cols, Rows uint16 }

// ExecInput goes to the command: one field is set.
type ExecInput struct {
	Data []byte
	Size TerminalSize
	EOF  bool // nothing more will come
}

// ExecOutput comes from the command: one field is set. After Exit or Failure
// nothing more comes.
type ExecOutput struct {
	Stdout  []byte
	Stderr  []byte
	Exit    *int32
	Failure string // why the command could not be run, in the runtime's words
}

// ErrExecEnded is what both ends of a command's stream answer once the other
// one has gone.
var ErrExecEnded = errors.New("the command's stream has ended")

// ExecStream is the node's end of a command's streams. Receive and Send may be
// called at the same time. Both wait for the other side, so that whoever does
// not read holds the other back.
type ExecStream interface {
	Receive(ctx context.Context) (ExecInput, error)
	Send(ctx context.Context, out ExecOutput) error
	// Close ends the stream for both.
	Close()
}

// ExecPeer is the control plane's end of a command's streams. Closing it kills
// the command.
type ExecPeer interface {
	Send(ctx context.Context, in ExecInput) error
	Receive(ctx context.Context) (ExecOutput, error)
	Close()
}
