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
	signal.Ignore(syscall.SIGTTIN, syscall.SIGTTOU)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		_, _ = os.Stderr.WriteString(err.Error() + "\n")
		return 127
	}
	child := cmd.Process.Pid
	for s := range signals {
		if s != syscall.SIGCHLD {
			_ = syscall.Kill(child, s.(syscall.Signal))
			continue
		}
		for {
			var status syscall.WaitStatus
			pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
			if pid <= 0 || err != nil {
				break
			}
			if pid == child {
				if status.Signaled() {
					return 128 + int(status.Signal())
				}
				return status.ExitStatus()
			}
		}
	}
	return 0
}
