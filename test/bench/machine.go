package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// quiet is how idle the machine must be for a measurement to count.
const quiet = 0.85

// idleShare is the share of all CPUs that is idle over the next span.
func idleShare(span time.Duration) (float64, error) {
	idle, total, err := cpuTimes()
	if err != nil {
		return 0, err
	}
	time.Sleep(span)
	idle2, total2, err := cpuTimes()
	if err != nil || total2 == total {
		return 0, err
	}
	return float64(idle2-idle) / float64(total2-total), nil
}

// cpuTimes reads the idle ticks (with those that wait for disks) and all ticks.
func cpuTimes() (idle, total uint64, err error) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, err
	}
	line, _, _ := strings.Cut(string(b), "\n")
	for i, field := range strings.Fields(line)[1:] {
		n, err := strconv.ParseUint(field, 10, 64)
		if err != nil {
			return 0, 0, err
		}
		if i == 3 || i == 4 {
			idle += n
		}
		if i < 8 { // guest time is part of user time
			total += n
		}
	}
	return idle, total, nil
}

// awaitQuiet waits until the machine is idle enough, at most for patience. It
// returns the last share it saw.
func awaitQuiet(patience time.Duration) (share float64, ok bool, err error) {
	for end := time.Now().Add(patience); ; {
		if share, err = idleShare(500 * time.Millisecond); err != nil || share >= quiet {
			return share, err == nil, err
		}
		if time.Now().After(end) {
			return share, false, nil
		}
	}
}

// memory of processes, in bytes. PSS counts a page shared by n processes as
// 1/n page in each.
type memory struct{ rss, pss int64 }

func memoryOf(pid int) (m memory, err error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return m, err
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		fields := strings.Fields(s.Text())
		if len(fields) != 3 || fields[2] != "kB" {
			continue
		}
		n, _ := strconv.ParseInt(fields[1], 10, 64)
		switch fields[0] {
		case "Rss:":
			m.rss = n << 10
		case "Pss:":
			m.pss = n << 10
		}
	}
	return m, nil
}

// processes are the ids of those whose executable has this base name and
// whose command line or directory contains part.
func processes(name, part string) (pids []int, err error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		exe, _ := os.Readlink(filepath.Join("/proc", e.Name(), "exe"))
		args, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		if filepath.Base(exe) == name && strings.Contains(exe+" "+string(args), part) {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// memoryOfAll is the mean over processes.
func memoryOfAll(pids []int) (m memory, err error) {
	if len(pids) == 0 {
		return m, errors.New("there is no such process")
	}
	for _, pid := range pids {
		one, err := memoryOf(pid)
		if err != nil {
			return m, err
		}
		m.rss += one.rss
		m.pss += one.pss
	}
	m.rss /= int64(len(pids))
	m.pss /= int64(len(pids))
	return m, nil
}
