package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hatoba/hatoba/internal/backup"
	"github.com/hatoba/hatoba/internal/logs"
	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/etcd"
)

// Restored is what a restore has done.
type Restored struct {
	Manifest backup.Manifest
	Records  int
	Stopped  int // tasks that ran when the backup was made
}

// restoring is where a restore unpacks, below the data dir.
const restoring = ".restoring"

// Restore makes a data dir of a backup. The directory must be missing or
// empty, and is so again when the restore fails. It is of a new instance: the
// one whose backup it is may still run beside it.
func Restore(ctx context.Context, r io.Reader, dir string, log *slog.Logger) (out Restored, err error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return out, err
		}
		defer func() {
			if err != nil {
				_ = os.Remove(dir)
			}
		}()
	case err != nil:
		return out, err
	case len(entries) > 0:
		return out, fmt.Errorf("%s is not empty; a backup is restored into a new --data-dir", dir)
	}
	stage := filepath.Join(dir, restoring)
	if err := os.Mkdir(stage, 0o700); err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(stage)) }()
	if out, err = unpack(ctx, r, stage, log); err != nil {
		return out, err
	}
	return out, settleIn(stage, dir)
}

// unpack makes a data dir in stage.
func unpack(ctx context.Context, r io.Reader, stage string, log *slog.Logger) (out Restored, err error) {
	if out.Manifest, err = backup.Unpack(r, stage); err != nil {
		return out, err
	}
	records, err := os.Open(filepath.Join(stage, recordsFile))
	if err != nil {
		return out, fmt.Errorf("%w: %w", backup.ErrNotWhole, err)
	}
	config := etcd.Config{Dir: filepath.Join(stage, "store"), Log: log}
	out.Records, err = etcd.Load(ctx, config, records)
	if err = errors.Join(err, records.Close(), os.Remove(records.Name())); err != nil {
		return out, fmt.Errorf("records: %w", err)
	}
	if out.Stopped, err = endRestored(ctx, config, out.Manifest); err != nil {
		return out, fmt.Errorf("records: %w", err)
	}
	// Opening reads all, and refuses a newer format. What is not there is made.
	if _, err := os.Stat(filepath.Join(stage, logsDir)); err == nil {
		engine, err := logs.Open(ctx, logs.Config{Dir: filepath.Join(stage, logsDir), Log: log})
		if err == nil {
			err = engine.Close()
		}
		if err != nil {
			return out, fmt.Errorf("logs: %w", err)
		}
	}
	if _, err := os.Stat(filepath.Join(stage, metricsDir)); err == nil {
		engine, err := metrics.Open(ctx, metrics.Config{Dir: filepath.Join(stage, metricsDir), Log: log})
		if err == nil {
			err = engine.Close()
		}
		if err != nil {
			return out, fmt.Errorf("metrics: %w", err)
		}
	}
	return out, nil
}

// settleIn moves what is in stage to where it belongs, once it is on disk.
func settleIn(stage, dir string) error {
	f, err := os.Open(stage)
	if err != nil {
		return err
	}
	if err := errors.Join(unix.Syncfs(int(f.Fd())), f.Close()); err != nil {
		return err
	}
	entries, err := os.ReadDir(stage)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.Rename(filepath.Join(stage, e.Name()), filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// endRestored ends the tasks of the node that is not here: it has gone, as far
// as these records can tell, and so have its container instances.
func endRestored(ctx context.Context, config etcd.Config, m backup.Manifest) (ended int, err error) {
	s, err := etcd.Open(ctx, config)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	now := time.Now().UTC().Truncate(time.Millisecond)
	const atOnce = 200
	for more := true; more; {
		batch := 0
		err := s.Update(ctx, func(w store.Writer) error {
			batch = 0
			for key, t := range store.Tasks.List(w, state.Scope{}, "") {
				if t.Observed.Status >= state.TaskStopped {
					continue
				}
				if batch++; batch > atOnce {
					return nil
				}
				if err := store.Tasks.Put(w, key, lostTask(t, now, m.Created)); err != nil {
					return err
				}
			}
			for key := range store.Nodes.List(w, state.Scope{}, "") {
				store.Nodes.Delete(w, key)
			}
			for key := range store.ContainerInstances.List(w, state.Scope{}, "") {
				store.ContainerInstances.Delete(w, key)
			}
			return nil
		})
		if err != nil {
			return ended, err
		}
		more = batch > atOnce
		ended += min(batch, atOnce)
	}
	return ended, nil
}

// lostTask is a task whose host is not there any more.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
func lostTask(t state.Task, now, made time.Time) state.Task {
	observed := state.Observed{
		Status: state.TaskStopped, Health: t.Observed.Health, Connectivity: "DISCONNECTED", StoppingAt: &now, StoppedAt: &now, ENI: t.Observed.ENI,
		Containers: append([]state.ContainerObserved(nil), t.Observed.Containers...),
	}
	if t.Desired.Status != state.TaskStopped {
		observed.StopCode = "TerminationNotice"
		observed.StoppedReason = fmt.Sprintf("Host EC2 (instance %s) terminated. The task ran when the backup of %s was made.", state.EC2InstanceID(t.Placement.Node), made.Format(time.RFC3339))
		t.Desired.Status, t.Desired.At = state.TaskStopped, now
	}
	observed.ENI.Status = "DELETED"
	for i := range observed.Containers {
		c := &observed.Containers[i]
		if c.Status < state.ContainerStopped && c.ExitCode == nil && c.Reason == "" {
			c.Reason = "ContainerRuntimeError: the container was lost with its host"
		}
		c.Status = state.ContainerStopped
	}
	t.Observed = state.Merge(t.Observed, observed)
	t.Version++
	return t
}
