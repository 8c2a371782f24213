package agent

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/protocol"
)

// exec runs a command that somebody waits for inside a container, as root, as
// ECS Exec does. It ends with the command, the container, the stream or ctx.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
func (a *Agent) exec(ctx context.Context, session protocol.Session, start protocol.ExecStart) {
	stream, err := session.OpenExec(ctx, start.ID)
	if err != nil {
		return // nobody waits any more
	}
	defer stream.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stdin, input := io.Pipe()
	defer stdin.Close()
	cmd := runtime.Attach{
		Args: start.Args, Root: true, Terminal: start.Terminal, Size: runtime.TerminalSize(start.Size),
		Stdout: sender(func(b []byte) error { return stream.Send(ctx, protocol.ExecOutput{Stdout: b}) }),
		Stderr: sender(func(b []byte) error { return stream.Send(ctx, protocol.ExecOutput{Stderr: b}) }),
	}
	if start.Stdin {
		cmd.Stdin = stdin
	}
	log := a.cfg.Log.With("task", start.Task.ID, "container", start.Container, "session", start.ID)
	process, err := a.cfg.Engine.Attach(ctx, containerID(start.Task.ID, start.Container), cmd)
	if err != nil {
		log.Info("a command could not be run", "error", err)
		_ = stream.Send(ctx, protocol.ExecOutput{Failure: err.Error()})
		return
	}
	log.Info("a command runs", "terminal", start.Terminal)
	a.running.Go(func() {
		defer cancel() // whoever gave the input is gone, and so is the command
		defer input.Close()
		feed(ctx, stream, process, input)
	})
	code, err := process.Wait()
	if err != nil {
		if ctx.Err() == nil {
			log.Warn("a command's end cannot be told", "error", err)
		}
		_ = stream.Send(ctx, protocol.ExecOutput{Failure: err.Error()})
		return
	}
	log.Info("a command has ended", "code", code)
	_ = stream.Send(ctx, protocol.ExecOutput{Exit: &code})
}

// feed hands input to the command until the stream ends.
func feed(ctx context.Context, stream protocol.ExecStream, process runtime.Process, input *io.PipeWriter) {
	for {
		in, err := stream.Receive(ctx)
		if err != nil {
			return
		}
		switch {
		case in.EOF:
			input.Close()
		case in.Size != protocol.TerminalSize{}:
			_ = process.Resize(ctx, runtime.TerminalSize(in.Size)) // it has ended: so will we
		default:
			if _, err := input.Write(in.Data); err != nil && !errors.Is(err, io.ErrClosedPipe) {
				return
			}
		}
	}
}

// sender is a writer of what it may keep.
type sender func([]byte) error

func (s sender) Write(b []byte) (int, error) {
	if err := s(bytes.Clone(b)); err != nil {
		return 0, err
	}
	return len(b), nil
}
