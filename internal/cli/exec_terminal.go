package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"github.com/hatoba/hatoba/internal/datachannel"
)

// raw hands the terminal to the command: keys go through as they are, Ctrl-C
// included, and the command hears of the terminal's size. restore takes it back.
func (e *executing) raw(terminal *os.File) (restore func(), err error) {
	fd := int(terminal.Fd())
	if cols, rows, err := term.GetSize(fd); err == nil {
		e.wishes.Cols, e.wishes.Rows = uint16(cols), uint16(rows)
	}
	before, err := term.MakeRaw(fd)
	if err != nil {
		return nil, err
	}
	changes := make(chan os.Signal, 1)
	signal.Notify(changes, syscall.SIGWINCH)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-ctx.Done():
				return
			case <-changes:
			}
			if cols, rows, err := term.GetSize(fd); err == nil {
				_ = e.stream.SendJSON(ctx, datachannel.Size, datachannel.TerminalSize{Cols: uint32(cols), Rows: uint32(rows)})
			}
		}
	}()
	return func() {
		signal.Stop(changes)
		cancel()
		<-done
		_ = term.Restore(fd, before)
	}, nil
}
