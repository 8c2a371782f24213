package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/hatoba/hatoba/internal/agent/runtime/exit"
)

// shared are the namespaces that the task's containers have in common. They
// are there from the first container's start to the last one's removal.
type shared struct {
	mu    sync.Mutex
	users map[string]bool // containers, by id
	pause *pause
	files map[specs.LinuxNamespaceType]*os.File
}

// kinds are the namespaces that can be shared.
var kinds = map[specs.LinuxNamespaceType]uintptr{specs.PIDNamespace: unix.CLONE_NEWPID, specs.IPCNamespace: unix.CLONE_NEWIPC}

// join lets a container into the namespaces its task shares: they are named in
// its bundle, where they stay, because they also say how the container is to
// be killed.
func (s *shared) join(id, bundle string, out exit.Output) error {
	wanted := map[specs.LinuxNamespaceType]bool{specs.PIDNamespace: out.SharePID, specs.IPCNamespace: out.ShareIPC}
	if !out.SharePID && !out.ShareIPC {
		return nil
	}
	path := filepath.Join(bundle, "config.json")
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var spec specs.Spec
	if err := json.Unmarshal(b, &spec); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.open(bundle, spec, out); err != nil {
		return err
	}
	for i, ns := range spec.Linux.Namespaces {
		if wanted[ns.Type] {
			// The file stays the namespace's when the process is gone and its
			// number is another's.
			spec.Linux.Namespaces[i].Path = fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), s.files[ns.Type].Fd())
		}
	}
	if b, err = json.Marshal(spec); err != nil {
		return err
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		return err
	}
	if s.users == nil {
		s.users = map[string]bool{}
	}
	s.users[id] = true
	return nil
}

// open makes the namespaces if they are not there; s.mu is held. A process of
// ours that was killed took its namespace's processes along, and those that
// are started again get new ones.
func (s *shared) open(bundle string, spec specs.Spec, out exit.Output) error {
	if s.pause != nil && s.pause.alive() {
		return nil
	}
	if err := s.close(); err != nil {
		return err
	}
	var flags uintptr
	for _, ns := range spec.Linux.Namespaces {
		if ns.Type == specs.NetworkNamespace {
			flags |= unix.CLONE_NEWNET // what is told of its network is not the machine's
		}
	}
	if out.SharePID {
		flags |= unix.CLONE_NEWPID
	}
	if out.ShareIPC {
		flags |= unix.CLONE_NEWIPC
	}
	p, err := startPause(flags, bundle)
	if err != nil {
		return err
	}
	s.pause, s.files = p, map[specs.LinuxNamespaceType]*os.File{}
	err = limit(p.pid, filepath.Join(filepath.Dir(out.Cgroup), "pause"))
	for kind, flag := range kinds {
		if err != nil || flags&flag == 0 {
			continue
		}
		s.files[kind], err = os.Open(fmt.Sprintf("/proc/%d/ns/%s", p.pid, kind))
	}
	if err != nil {
		return errors.Join(err, s.close())
	}
	return nil
}

// leave lets a container go; the last one takes the namespaces along.
func (s *shared) leave(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.users[id] {
		return nil
	}
	delete(s.users, id)
	if len(s.users) > 0 {
		return nil
	}
	return s.close()
}

// close ends the process and forgets the namespaces; s.mu is held.
func (s *shared) close() error {
	for _, f := range s.files {
		f.Close()
	}
	s.files = nil
	if s.pause == nil {
		return nil
	}
	err := s.pause.end()
	s.pause = nil
	return err
}

// limit puts a process under its task's limits, whose cgroup is the parent of
// the one named. The engine removes both.
func limit(pid int, cgroup string) error {
	for _, root := range []string{"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/pids", "/sys/fs/cgroup"} {
		dir := filepath.Join(root, cgroup)
		if _, err := os.Stat(filepath.Dir(dir)); err != nil {
			continue // not in this hierarchy
		}
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0); err != nil {
			return fmt.Errorf("put the keeper of shared namespaces under the task's limits: %w", err)
		}
	}
	return nil
}
