package main

import (
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The pause program waits, takes nothing from its pipe but the end, and ends
// as soon as nobody holds it.
func TestPauseProgram(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pause")
	if err := os.WriteFile(path, program(), 0o755); err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path)
	cmd.Stdin = r
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.Close()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	waiting(t, cmd.Process.Pid)
	_ = syscall.Kill(cmd.Process.Pid, syscall.SIGCHLD)
	waiting(t, cmd.Process.Pid)
	w.Close()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		_ = cmd.Process.Kill()
		t.Fatal("it does not end with its pipe")
	}
}

// waiting waits until a process is in its read, under seccomp's strict mode.
func waiting(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		f, err := elf.Open(fmt.Sprintf("/proc/%d/exe", pid))
		if err == nil {
			if f.Type != elf.ET_EXEC || len(f.Progs) != 1 || f.Entry != f.Progs[0].Vaddr+120 {
				t.Fatalf("%+v", f.FileHeader)
			}
			f.Close()
		}
		fields := status(t, pid)
		if fields["State"] == "S (sleeping)" && fields["Seccomp"] == "1" && ignores(fields, syscall.SIGCHLD) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v", fields)
		}
	}
}

// ignores tells whether a process ignores a signal; it inherits others that
// are ignored, such as SIGHUP under nohup.
func ignores(status map[string]string, s syscall.Signal) bool {
	set, err := strconv.ParseUint(status["SigIgn"], 16, 64)
	return err == nil && set&(1<<(s-1)) != 0
}

// status reads a process's.
func status(t *testing.T, pid int) map[string]string {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(b)) {
		key, value, _ := strings.Cut(line, ":")
		out[key] = strings.TrimSpace(value)
	}
	return out
}
