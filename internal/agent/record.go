package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/hatoba/hatoba/internal/agent/endpoint"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// record is what the node must know of a task to take it up again after a
// restart. It is written before the agent acts on it, and holds no secret.
type record struct {
	Assignment protocol.Assignment
	Address    netip.Addr
	ENI        state.ENI
	NetNS      string
	// Begun says that something of the task may exist on the node, Attached that
	// its network stands.
	Begun, Attached bool
	Interfaces      map[string]*interfaceRecord // by container, where each has a network of its own
	Cause           *cause                      // set when the node itself decided to end the task
	// CredentialsID is the path under which the task finds its credentials: it
	// opens nothing outside the task. "" without a task role.
	CredentialsID string
	// Local is where a task in the machine's own namespace finds its endpoints.
	Local      endpoint.Local `json:",omitzero"`
	Containers map[string]*containerRecord
	Observed   state.Observed
	History    history
	// HostStopped says that the machine was restarted since the task began.
	HostStopped bool `json:",omitempty"`
}

// containerRecord is the part of a container's life the engine cannot tell.
type containerRecord struct {
	Created    bool // the engine was asked to create it: it may exist
	Started    bool // its process ran
	Ended      bool // it ended, failed, or shall never start
	Failure    string
	StartedAt  time.Time // of its present life
	EndedAt    time.Time
	ExitCode   *int32 // of its latest life that ended
	Restarts   int    // how often its policy started it again
	Restarting bool   // the engine was asked to start it again: it may have happened
	Logged     bool   // it writes to a log spool
	StopSignal string // the image's, "" means SIGTERM
	CreatedAt  *time.Time
	// TermAt is when it was first asked to stop: its stop timeout runs on while
	// the agent is away.
	TermAt *time.Time `json:",omitempty"`
}

// asked notes that the container is asked to stop, and returns since when it
// is: after a restart it is asked again and gets no new patience. A clock that
// was set back in between does not lengthen the old one.
func (c *containerRecord) asked(at time.Time) time.Time {
	if c.TermAt == nil || c.TermAt.After(at) {
		wall := at.Round(0) // as it is stored
		c.TermAt = &wall
		return at
	}
	return *c.TermAt
}

// taskDir is where a task's record, files, volumes and spools are.
func (a *Agent) taskDir(id string) string { return filepath.Join(a.cfg.Dir, "tasks", id) }

const recordFile = "task.json"

// save writes the record so that it survives a crash at any instant.
func (r *record) save(dir string) error {
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode task record: %w", err)
	}
	return writeDurably(filepath.Join(dir, recordFile), b)
}

func writeDurably(path string, b []byte) error {
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// loadRecords reads every task the node had when it last stopped. A directory
// without a record belongs to a task that was never begun, or is done.
func (a *Agent) loadRecords() ([]*record, error) {
	entries, err := os.ReadDir(filepath.Join(a.cfg.Dir, "tasks"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []*record
	for _, e := range entries {
		dir := a.taskDir(e.Name())
		b, err := os.ReadFile(filepath.Join(dir, recordFile))
		if errors.Is(err, fs.ErrNotExist) {
			if a.cfg.Disks != nil {
				if err := a.cfg.Disks.Close(dir); err != nil {
					return nil, err
				}
			}
			if err := os.RemoveAll(dir); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		r := &record{}
		if err := json.Unmarshal(b, r); err != nil {
			return nil, fmt.Errorf("task record %s: %w", dir, err)
		}
		out = append(out, r)
	}
	return out, nil
}
