package main

import (
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// initName is the name under which a container with initProcessEnabled starts
// this binary as its first process.
const initName = "/.hatoba-init"

// runInit starts the container's command, hands signals on to it, reaps what
// is orphaned, and ends as the command did.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LinuxParameters.html
func runInit(args []string) int {
	signals := make(chan os.Signal, 64)
	signal.Notify(signals)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		_, _ = os.Stderr.WriteString(err.Error() + "\n")
		return 127
	}
	child := cmd.Process.Pid
	for s := range signals {
		switch s {
		case syscall.SIGURG: // the Go runtime sends it to itself
		case syscall.SIGCHLD:
			if code, ended := reapAll(child); ended {
				return code
			}
		default:
			_ = syscall.Kill(child, s.(syscall.Signal))
		}
	}
	return 0
}

// reapAll takes every ended child, and tells how the given one ended.
func reapAll(child int) (code int, ended bool) {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if pid <= 0 || err != nil {
			return code, ended
		}
		if pid != child {
			continue
		}
		ended, code = true, status.ExitStatus()
		if status.Signaled() {
			code = 128 + int(status.Signal())
		}
	}
}
