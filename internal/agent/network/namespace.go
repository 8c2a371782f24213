package network

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// makeNamespace makes a network namespace, pins it to a file and runs
// configure on a thread inside it. Should any of it fail, nothing is left.
func makeNamespace(path string, configure func() error) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDONLY|os.O_EXCL, 0o444)
	if err != nil {
		return err
	}
	f.Close()
	err = onThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("make a network namespace: %w", err)
		}
		if err := unix.Mount("/proc/thread-self/ns/net", path, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("pin a network namespace to %s: %w", path, err)
		}
		return configure()
	})
	if err != nil {
		return errors.Join(err, dropNamespace(path))
	}
	return nil
}

// dropNamespace unpins a namespace. With its last process and socket gone the
// kernel takes it and its links away.
func dropNamespace(path string) error {
	err := unix.Unmount(path, unix.MNT_DETACH)
	if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("unmount %s: %w", path, err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// inNamespace runs f with its thread inside the namespace.
func inNamespace(path string, f func() error) error {
	ns, err := os.Open(path)
	if err != nil {
		return err
	}
	defer ns.Close()
	return onThread(func() error {
		if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter %s: %w", path, err)
		}
		return f()
	})
}

// onThread runs f on an operating-system thread of its own that ends with it,
// so that no other goroutine ever sees the thread's namespace.
func onThread(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			// The main thread cannot end: it would hold the namespace, and show
			// it as the process's, for good. Keep it busy while another runs f.
			defer runtime.UnlockOSThread()
			done <- onThread(f)
			return
		}
		// Never unlocked: the thread ends with the goroutine.
		err := errors.New("the goroutine was ended")
		defer func() { done <- err }()
		err = f()
	}()
	return <-done
}
