package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// pause is the process that keeps the namespaces a task's containers share,
// and that is the first of a shared process namespace. It has neither rights
// nor files: its root is empty, its user owns nothing, and after two system
// calls it can only wait for the end of a pipe that the shim holds. So it ends
// with the shim, however that ends, and the kernel then ends all that is in
// its process namespace. Signals from inside do not reach it.
type pause struct {
	hold *os.File // the pipe's other end
	fd   int      // of the process
	pid  int
}

// nobodyID is the user and group of the pause process.
const nobodyID = 65535

// startPause starts one with the namespaces that flags tell. dir is a
// directory that may be mounted over, which nobody else sees.
func startPause(flags uintptr, dir string) (*pause, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	type started struct {
		pid, fd int
		err     error
	}
	done := make(chan started, 1)
	go func() {
		// The thread's mounts, root and rights are changed: it is not given
		// back, and ends with this goroutine.
		runtime.LockOSThread()
		s := started{fd: -1}
		if s.err = strip(dir); s.err == nil {
			s.pid, s.err = syscall.ForkExec("/pause", []string{"pause"}, &syscall.ProcAttr{
				Dir: "/", Files: []uintptr{r.Fd()},
				Sys: &syscall.SysProcAttr{Cloneflags: flags, PidFD: &s.fd, Credential: &syscall.Credential{Uid: nobodyID, Gid: nobodyID}},
			})
		}
		done <- s
	}()
	s := <-done
	if s.err == nil && s.fd < 0 {
		s.err = errors.New("the kernel has no process descriptors")
	}
	if s.err != nil {
		w.Close()
		return nil, fmt.Errorf("start the process that keeps shared namespaces: %w", s.err)
	}
	return &pause{hold: w, fd: s.fd, pid: s.pid}, nil
}

// strip leaves the thread a root that holds the pause program alone, and no
// capability to what it starts.
func strip(dir string) error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("unshare mounts: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	const flags = unix.MS_NOSUID | unix.MS_NODEV
	if err := unix.Mount("pause", dir, "tmpfs", flags, "size=64k,mode=555"); err != nil {
		return fmt.Errorf("mount a root: %w", err)
	}
	// Nobody may read it, and so nobody without CAP_SYS_PTRACE may trace it.
	if err := os.WriteFile(filepath.Join(dir, "pause"), program(), 0o111); err != nil {
		return err
	}
	if err := unix.Chdir(dir); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("enter the root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("leave the machine's root: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY|flags, ""); err != nil {
		return fmt.Errorf("make the root read-only: %w", err)
	}
	for c := uintptr(0); ; c++ {
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0); err != nil {
			return nil // there are no more
		}
	}
}

// alive tells whether the process is there.
func (p *pause) alive() bool { return !p.ended(0) }

// ended waits for the end of the process, at most so long.
func (p *pause) ended(d time.Duration) bool {
	for deadline := time.Now().Add(d); ; {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(p.fd), Events: unix.POLLIN}}, int(max(0, time.Until(deadline)).Milliseconds()))
		if !errors.Is(err, unix.EINTR) {
			return err == nil && n == 1
		}
	}
}

// end ends the process, and with it all that is in its process namespace.
func (p *pause) end() error {
	p.hold.Close()
	_ = unix.PidfdSendSignal(p.fd, unix.SIGKILL, nil, 0)
	defer unix.Close(p.fd)
	if !p.ended(5 * time.Second) {
		return fmt.Errorf("the process that keeps shared namespaces, %d, does not end", p.pid)
	}
	return nil
}

// program is the pause process's: an executable of three system calls. It has
// orphans collected by the kernel, forbids itself everything but reading (the
// strict mode of seccomp), reads, and ends when there is nothing more to read.
func program() []byte {
	const base, headers = 0x400000, 64 + 56
	code, machine := code()
	size := uint64(headers + len(code))
	b := append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 9)...)
	le := binary.LittleEndian
	b = le.AppendUint16(b, 2) // an executable
	b = le.AppendUint16(b, machine)
	b = le.AppendUint32(b, 1)
	for _, v := range []uint64{base + headers, 64, 0} { // entry, program headers, section headers
		b = le.AppendUint64(b, v)
	}
	b = le.AppendUint32(b, 0)
	for _, v := range []uint16{64, 56, 1, 64, 0, 0} { // sizes and counts of headers
		b = le.AppendUint16(b, v)
	}
	b = le.AppendUint32(b, 1) // load
	b = le.AppendUint32(b, 5) // to read and execute
	for _, v := range []uint64{0, base, base, size, size, 0x10000} {
		b = le.AppendUint64(b, v)
	}
	return append(b, code...)
}

// ignored is a struct sigaction of SIG_IGN.
var ignored = [32]byte{1}
