package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// processes are those it sees, with their words.
func processes() map[int]string {
	out := map[int]string{}
	paths, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range paths {
		b, _ := os.ReadFile(path)
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		out[pid] = strings.TrimRight(strings.ReplaceAll(string(b), "\x00", " "), " ")
	}
	return out
}

// fill takes room in a directory until there is no more, and gives it back.
func fill(dir string) {
	name := filepath.Join(dir, "filled")
	f, err := os.Create(name)
	check(err)
	const step = 64 << 20
	size := int64(0)
	for err == nil && size < 1<<40 {
		if err = syscall.Fallocate(int(f.Fd()), 0, size, step); err == nil {
			size += step
		}
	}
	var s syscall.Statfs_t
	check(syscall.Statfs(dir, &s))
	fmt.Println(dir, size>>20, err, int64(s.Blocks)*s.Bsize>>20)
	check(f.Close())
	check(os.Remove(name))
}

// machine prints what a container has of its machine, a fact a line.
func machine(files []string) {
	host, _ := os.Hostname()
	fmt.Println("hostname", host)
	for _, ns := range []string{"net", "pid", "ipc"} {
		link, _ := os.Readlink("/proc/self/ns/" + ns)
		fmt.Println(ns, link)
	}
	status, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(status), "\n") {
		if key, value, _ := strings.Cut(line, ":\t"); key == "NoNewPrivs" || key == "CapEff" || key == "Seccomp" {
			fmt.Println(key, value)
		}
	}
	var shm syscall.Statfs_t
	if syscall.Statfs("/dev/shm", &shm) == nil {
		fmt.Println("shm", int64(shm.Blocks)*shm.Bsize>>20)
	}
	links, _ := net.Interfaces()
	for _, l := range links {
		fmt.Println("link", l.Name)
	}
	devices, _ := filepath.Glob("/dev/*")
	fmt.Println("devices", len(devices))
	for _, file := range files {
		b, err := os.ReadFile(file)
		fmt.Printf("file %s %v %q\n", file, err == nil, b)
	}
}
