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
