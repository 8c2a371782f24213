package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"syscall"
	"time"

	"github.com/hatoba/hatoba/internal/config"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// patience is how long tasks may take to stop: Fargate's longest stopTimeout
// and some.
const patience = 150 * time.Second

// Stop ends the Hatoba that holds the data dir, if one runs, then all its
// tasks, and takes network, namespaces and rules away. It returns how many
// tasks it ended. Data stays.
func Stop(ctx context.Context, cfg config.Config, log *slog.Logger) (int, error) {
	if _, err := os.Stat(lockPath(cfg.DataDir)); errors.Is(err, os.ErrNotExist) {
		return 0, fmt.Errorf("no Hatoba has its data in %s: name its --data-dir", cfg.DataDir)
	}
	if err := endHolder(ctx, cfg.DataDir); err != nil {
		return 0, err
	}
	a, err := build(ctx, cfg, log, false)
	if err != nil {
		return 0, err
	}
	running, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- a.run(running, nil) }()
	n, err := a.stopTasks(ctx)
	stop()
	err = errors.Join(err, <-done)
	if err == nil {
		err = a.network.Remove(ctx)
	}
	runDir := a.inst.runDir
	err = errors.Join(err, a.close())
	if err == nil {
		err = removeRunDir(runDir)
	}
	return n, err
}

// endHolder ends the process that holds the data dir and waits for it.
func endHolder(ctx context.Context, dir string) error {
	f, err := os.OpenFile(lockPath(dir), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
		return nil // closing f lets it go
	}
	pid := holder(dir)
	if pid <= 0 {
		return fmt.Errorf("%s is held by an unknown process", dir)
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return fmt.Errorf("end process %d: %w", pid, err)
	}
	released := make(chan error, 1)
	go func() { released <- syscall.Flock(int(f.Fd()), syscall.LOCK_EX) }()
	select {
	case err := <-released:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stopTasks wants every task stopped and waits until it is so.
func (a *App) stopTasks(ctx context.Context) (stopped int, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err = a.store.Update(ctx, func(w store.Writer) error {
		stopped = 0
		for key, t := range store.Tasks.List(w, state.Scope{}, "") {
			if t.Observed.Status >= state.TaskStopped {
				continue
			}
			stopped++
			for _, p := range t.Targets() { // nobody waits for what drains
				store.Targets.Delete(w, key.Scope().Key(p.ID()))
			}
			if t.Desired.Status == state.TaskStopped {
				continue
			}
			t.Desired = state.Desired{
				Status: state.TaskStopped, StopCode: "UserInitiated", StoppedReason: "Hatoba was stopped with its tasks", At: time.Now().UTC(),
			}
			t.Version++
			if err := store.Tasks.Put(w, key, t); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	alive := map[state.Key]bool{}
	err = a.store.Follow(ctx, func(r store.Reader) error {
		for key, t := range store.Tasks.List(r, state.Scope{}, "") {
			if t.Observed.Status < state.TaskStopped {
				alive[key] = true
			}
		}
		return allStopped(alive)
	}, func(changes []store.Change) error {
		for _, c := range changes {
			if _, _, t, has := store.Tasks.Of(c); !has || t.Observed.Status >= state.TaskStopped {
				delete(alive, c.Key)
			}
		}
		return allStopped(alive)
	}, store.Tasks.Name)
	if errors.Is(err, errAllStopped) {
		return stopped, nil
	}
	return stopped, fmt.Errorf("%d tasks have not stopped: %w", len(alive), err)
}

var errAllStopped = errors.New("all tasks have stopped")

func allStopped(alive map[state.Key]bool) error {
	if len(alive) == 0 {
		return errAllStopped
	}
	return nil
}
