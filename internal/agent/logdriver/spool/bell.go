package spool

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// The bells of a spool: the writer rings for data, the reader for room.
const (
	dataBell = "data.bell"
	roomBell = "room.bell"
)

// bell wakes one waiting process. It is a FIFO and not inotify, of which a
// user has 128 instances by default: fewer than a node has containers. A ring
// that nobody waits for is kept, so that none is missed.
type bell struct{ file *os.File }

func openBell(dir, name string) (*bell, error) {
	path := filepath.Join(dir, name)
	if err := unix.Mkfifo(path, 0o600); err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, &os.PathError{Op: "mkfifo", Path: path, Err: err}
	}
	// Both ends, so that opening never blocks and reading never ends.
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	return &bell{f}, nil
}

// ring wakes whoever waits, now or next.
func (b *bell) ring() {
	conn, err := b.file.SyscallConn()
	if err != nil {
		return // closed
	}
	_ = conn.Write(func(fd uintptr) bool {
		_, _ = unix.Write(int(fd), []byte{1}) // full: it rings already
		return true
	})
}

// wait blocks until the bell has rung since the last wait, or ctx ends. It may
// also return without either.
func (b *bell) wait(ctx context.Context) error {
	if err := b.file.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = b.file.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var rings [256]byte
	_, err := b.file.Read(rings[:])
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return ctx.Err()
	}
	return err
}

func (b *bell) close() { b.file.Close() }
