// Command probe is what the suite's containers run: each verb shows one
// behaviour.
package main

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/hatoba/hatoba/internal/agent/runtime/runtimetest/probe/behaviour"
)

func main() {
	verb, arg := "sleep", ""
	if len(os.Args) > 1 {
		verb = os.Args[1]
	}
	if len(os.Args) > 2 {
		arg = os.Args[2]
	}
	switch verb {
	case "exit":
		code, _ := strconv.Atoi(arg)
		os.Exit(code)
	case "sleep":
		for {
			time.Sleep(time.Hour)
		}
	case "stubborn": // ends on SIGKILL only
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("ready")
		for {
			time.Sleep(time.Hour)
		}
	case "graceful": // last words, then the given code
		term := make(chan os.Signal, 1)
		signal.Notify(term, syscall.SIGTERM)
		fmt.Println("ready")
		<-term
		fmt.Print("last words")
		code, _ := strconv.Atoi(arg)
		os.Exit(code)
	case "terminal": // tells what its standard streams are
		var size [64]byte
		for fd := range 3 {
			_, _, no := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.TCGETS, uintptr(unsafe.Pointer(&size)))
			fmt.Println(fd, no == 0)
		}
		ended := make(chan struct{})
		go func() { _, _ = io.Copy(io.Discard, os.Stdin); close(ended) }()
		select {
		case <-ended:
			fmt.Println("input ended")
		case <-time.After(300 * time.Millisecond):
			fmt.Println("input open")
		}
		fmt.Println("TERM", os.Getenv("TERM"))
	case "again": // ends with 3, 4 and so on: its file system tells how often it ran
		b, _ := os.ReadFile("/tmp/runs")
		_ = os.WriteFile("/tmp/runs", append(b, '.'), 0o600)
		fmt.Println("run", len(b)+1)
		os.Exit(3 + len(b))
	case "lines":
		n, _ := strconv.Atoi(arg)
		for i := range n {
			fmt.Println("line", i)
		}
	case "env":
		fmt.Println(strings.Join(os.Environ(), "\n"))
	case "facts":
		host, _ := os.Hostname()
		dir, _ := os.Getwd()
		err := os.WriteFile("/written", nil, 0o600)
		groups, _ := os.Getgroups()
		fmt.Println(host, dir, os.Getuid(), os.Getgid(), groups, err == nil, os.Getpid())
	case "cat":
		_, _ = io.Copy(os.Stdout, os.Stdin)
	case "both":
		fmt.Print("to stdout")
		fmt.Fprint(os.Stderr, "to stderr")
	case "flood":
		n, _ := strconv.Atoi(arg)
		_, _ = io.CopyN(os.Stdout, behaviour.Flood(), int64(n))
	case "size": // of its terminal, for each line it reads
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			w, err := unix.IoctlGetWinsize(0, unix.TIOCGWINSZ)
			if err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
			fmt.Println("size", w.Col, w.Row)
		}
	case "bytes":
		_, _ = os.Stdout.WriteString(behaviour.Bytes)
	case "limits":
		limits()
	case "peers": // what runs beside it, and what it is told in shared memory
		peers()
	case "tell": // writes into shared memory
		if err := os.WriteFile("/dev/shm/told", []byte(arg), 0o644); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	case "ask": // asks whoever runs with these words to end
		for pid, words := range processes() {
			if pid != os.Getpid() && strings.HasPrefix(words, "/probe "+arg) {
				fmt.Println(syscall.Kill(pid, syscall.SIGTERM))
			}
		}
	case "first": // what can be done to the first process
		for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
			_ = syscall.Kill(1, s)
		}
		_, exe := os.ReadFile("/proc/1/exe")
		_, root := os.ReadDir("/proc/1/root")
		fmt.Println("exe", exe == nil, "root", root == nil)
	case "linger": // starts a process that outlives it and holds its output
		cmd := exec.Command(os.Args[0], "sleep")
		cmd.Stdout = os.Stdout
		if err := cmd.Start(); err != nil {
			os.Exit(1)
		}
		if arg == "wait" {
			_ = cmd.Wait()
		}
	case "hungry": // eats when it is told to
		told := make(chan os.Signal, 1)
		signal.Notify(told, syscall.SIGUSR1)
		fmt.Println("ready")
		<-told
		eat()
	case "eat":
		eat()
	}
}

// eat takes memory, until it is killed.
func eat() {
	var keep [][]byte
	for {
		b := make([]byte, 1<<20)
		for i := range b {
			b[i] = 1
		}
		keep = append(keep, b)
		_ = keep
	}
}

// processes are those it sees, with their words.
func processes() map[int]string {
	out := map[int]string{}
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			b, _ := os.ReadFile("/proc/" + e.Name() + "/cmdline")
			out[pid] = strings.Join(strings.Split(strings.TrimRight(string(b), "\x00"), "\x00"), " ")
		}
	}
	return out
}

func peers() {
	all := processes()
	pids := slices.Sorted(maps.Keys(all))
	for _, pid := range pids {
		if pid != os.Getpid() {
			fmt.Println(all[pid])
		}
	}
	told, _ := os.ReadFile("/dev/shm/told")
	fmt.Printf("told %s\n", told)
}

// limits tells what the process may do. The soft limit of files is not told:
// Go raises it.
func limits() {
	var files syscall.Rlimit
	_ = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files)
	fmt.Println("nofile", files.Max)
	status, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(status), "\n") {
		if set, ok := strings.CutPrefix(line, "CapEff:"); ok {
			fmt.Println("capabilities", strings.TrimSpace(set))
		}
	}
	n, _ := os.ReadFile("/proc/sys/net/core/somaxconn")
	fmt.Println("somaxconn", strings.TrimSpace(string(n)))
	for _, dir := range []string{"/scratch", "/data"} {
		fmt.Println("write", dir, os.WriteFile(dir+"/file", nil, 0o600) == nil)
	}
}
