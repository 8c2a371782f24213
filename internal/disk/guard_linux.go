package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/aws/smithy-go"
	"golang.org/x/sys/unix"
)

// Full is the refusal of a write for which there is no room. It is told to
// clients of the APIs as it is.
type Full struct {
	Dir         string
	Free, Floor int64
}

var _ smithy.APIError = (*Full)(nil)

// Error tells how much is missing where.
func (f *Full) Error() string {
	return fmt.Sprintf("no space left on device: the disk of %s has %s free, and at least %s must stay free. Free some and try again; what runs goes on", f.Dir, Human(f.Free), Human(f.Floor))
}

// ErrorCode implements smithy.APIError.
func (f *Full) ErrorCode() string { return "ServiceUnavailable" }

// ErrorMessage implements smithy.APIError.
func (f *Full) ErrorMessage() string { return f.Error() }

// ErrorFault implements smithy.APIError.
func (f *Full) ErrorFault() smithy.ErrorFault { return smithy.FaultServer }

// Unwrap lets errors.Is find ENOSPC.
func (f *Full) Unwrap() error { return unix.ENOSPC }

// StoreFloor is the room below which no record is written: etcd ends its
// process when it cannot make its next log file of 64 MiB.
const StoreFloor = 80 << 20

// reserveSize is what the reserve gives back: as many writes as it takes to
// stop tasks and delete images.
const reserveSize = 96 << 20

// Guard answers whether there is room. It is polled, so that it goes by what
// is true at the moment; a question costs a system call.
type Guard struct {
	dir     string
	reserve string
	floor   int64
	log     *slog.Logger
	measure func(string) (Usage, error)

	mu       sync.Mutex
	released bool
}

// NewGuard returns a guard of the file system that dir is on. New work is
// refused below floor. The reserve is a file in dir.
func NewGuard(dir string, floor int64, log *slog.Logger) *Guard {
	return &Guard{dir: dir, reserve: dir + "/reserve", floor: floor, log: log, measure: Of}
}

// Room refuses, with a *Full, work that takes room for long: tasks, images.
func (g *Guard) Room() error { return g.above(max(g.floor, StoreFloor)) }

// Usage measures the disk.
func (g *Guard) Usage() (Usage, error) { return g.measure(g.dir) }

// Write refuses, with a *Full, a record for which there is no room. When there
// is none the reserve is given up first, so that tasks can be stopped on a full
// disk.
func (g *Guard) Write() error {
	err := g.above(StoreFloor)
	if err == nil || !g.release() {
		return err
	}
	return g.above(StoreFloor)
}

func (g *Guard) above(floor int64) error {
	u, err := g.measure(g.dir)
	if err == nil && u.Free < floor {
		return &Full{Dir: g.dir, Free: u.Free, Floor: floor}
	}
	return nil // a disk that cannot be measured tells of itself when written to
}

// release gives the reserve up; false: it was given up before.
func (g *Guard) release() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if os.Remove(g.reserve) != nil {
		return false
	}
	g.log.Warn("the disk is full: the reserve is given up, so that tasks can be stopped and images deleted", "dir", g.dir)
	g.released = true
	return true
}

// hold makes the reserve when there is room enough for it.
func (g *Guard) hold() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, err := os.Stat(g.reserve); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	u, err := g.measure(g.dir)
	if err != nil || u.Free < max(g.floor, StoreFloor)+2*reserveSize {
		return err
	}
	f, err := os.OpenFile(g.reserve, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = errors.Join(unix.Fallocate(int(f.Fd()), 0, 0, reserveSize), f.Close())
	if err != nil {
		return errors.Join(err, os.Remove(g.reserve))
	}
	if g.released {
		g.log.Info("there is room again: the reserve is back", "dir", g.dir)
		g.released = false
	}
	return nil
}

// Run keeps the reserve until ctx ends.
func (g *Guard) Run(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	told := ""
	for {
		if err := g.hold(); err != nil && err.Error() != told {
			told = err.Error()
			g.log.Warn("the disk's reserve cannot be made", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
