package main

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
)

// oomKilled tells whether the kernel killed a process of this very cgroup for
// memory. The event alone does not say so: under a parent's limit, cgroup v1
// sends it to every sibling.
func oomKilled(cgroup string) bool {
	if cgroup == "" {
		return false
	}
	return counted(filepath.Join("/sys/fs/cgroup/memory", cgroup, "memory.oom_control")) ||
		counted(filepath.Join("/sys/fs/cgroup", cgroup, "memory.events"))
}

// counted reads the counter oom_kill, which both versions have.
func counted(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if n, ok := strings.CutPrefix(lines.Text(), "oom_kill "); ok {
			return strings.TrimSpace(n) != "0"
		}
	}
	return false
}
