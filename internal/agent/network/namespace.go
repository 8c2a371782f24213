package network

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// makeNamespace makes a network namespace and pins it to a file, with its lo
// up and Local on it.
func makeNamespace(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDONLY|os.O_EXCL, 0o444)
	if err != nil {
		return err
	}
	f.Close()
	err = onThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("make a network namespace: %w", err)
		}
		own := fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid())
		return unix.Mount(own, path, "", unix.MS_BIND, "")
	})
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// dropNamespace unpins a namespace. With its last process gone the kernel takes
// it and its links away.
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
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		err := errors.New("the goroutine was ended")
		defer func() { done <- err }()
		err = f()
	}()
	return <-done
}

// Listen opens a stream listener inside a task's namespace.
func Listen(netns string, at netip.AddrPort) (ln net.Listener, err error) {
	err = inNamespace(netns, func() (err error) {
		ln, err = net.Listen("tcp", at.String())
		return err
	})
	return ln, err
}

// ListenPacket opens a datagram socket inside a task's namespace.
func ListenPacket(netns string, at netip.AddrPort) (pc net.PacketConn, err error) {
	err = inNamespace(netns, func() (err error) {
		pc, err = net.ListenPacket("udp", at.String())
		return err
	})
	return pc, err
}
