package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// spender tells which processes do its work besides this one: daemons that were
// there before, and helpers that came with the starts.
type spender interface {
	daemons() []int
	helpers() []int
}

// spent is CPU time, which another's work on the same machine hardly changes.
type spent struct {
	client, daemons, helpers time.Duration
}

// account begins to count what a subject spends. What it returns is to be
// called while the helpers are still there.
func account(s spender) (end func() spent) {
	pids := s.daemons()
	client, daemons := ownTime(), timeOf(pids)
	return func() spent {
		helpers := s.helpers()
		return spent{client: ownTime() - client, daemons: timeOf(pids) - daemons, helpers: timeOf(append(childrenOf(helpers), helpers...))}
	}
}

func (s spent) print(title string, starts int) {
	each := func(d time.Duration) float64 { return milliseconds(d) / float64(starts) }
	fmt.Printf("    %-34s %6.1f   client %5.1f, daemons %5.1f, shims and runtime %5.1f\n", title,
		each(s.client+s.daemons+s.helpers), each(s.client), each(s.daemons), each(s.helpers))
}

// ownTime is this process's with that of the children it has waited for.
func ownTime() (sum time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var r syscall.Rusage
		if syscall.Getrusage(who, &r) == nil {
			sum += time.Duration(r.Utime.Nano() + r.Stime.Nano())
		}
	}
	return sum
}

// timeOf is that of processes with the children they have waited for, in ticks
// of 10 ms.
func timeOf(pids []int) (sum time.Duration) {
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue
		}
		fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
		for _, field := range fields[11:15] { // utime, stime, cutime, cstime
			n, _ := strconv.ParseInt(string(field), 10, 64)
			sum += time.Duration(n) * 10 * time.Millisecond
		}
	}
	return sum
}

// childrenOf are the containers of shims: what the runtime did to become them is
// counted as theirs.
func childrenOf(pids []int) (out []int) {
	for _, pid := range pids {
		files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
		for _, file := range files {
			text, _ := os.ReadFile(file)
			for _, field := range bytes.Fields(text) {
				if child, err := strconv.Atoi(string(field)); err == nil {
					out = append(out, child)
				}
			}
		}
	}
	return out
}

func (h *hatoba) daemons() []int { return []int{h.process.Process.Pid} }

func (h *hatoba) helpers() []int {
	pids, _ := h.shims()
	return pids
}

func (r *raw) daemons() []int { return nil } // this process

func (r *raw) helpers() []int {
	pids, _ := processes("hatoba-shim", "\x00-namespace\x00bench\x00")
	return pids
}

func (d *docker) daemons() (pids []int) {
	for _, name := range []string{"dockerd", "containerd"} {
		found, _ := processes(name, d.dir)
		pids = append(pids, found...)
	}
	return pids
}

func (d *docker) helpers() []int {
	pids, _ := processes("containerd-shim-runc-v2", filepath.Join(d.dir, "exec"))
	return pids
}
