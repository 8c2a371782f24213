package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// socketsAtOnce bounds the threads that make sockets in one namespace.
const socketsAtOnce = 8

// Dialer opens connections from inside a namespace: who is asked sees the
// task's address, and security groups judge it as the task's.
type Dialer struct {
	netns string
	slots chan struct{}
}

// NewDialer makes one for the namespace.
func NewDialer(netns string) *Dialer {
	return &Dialer{netns: netns, slots: make(chan struct{}, socketsAtOnce)}
}

// Dial opens a TCP connection. Only its socket is made inside the namespace,
// on a thread of its own; connecting holds no thread.
func (d *Dialer) Dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	select {
	case d.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	fd := -1
	err := inNamespace(d.netns, func() (err error) {
		fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		return err
	})
	<-d.slots
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "socket")
	defer f.Close()
	if err := connect(ctx, f, fd, to); err != nil {
		return nil, fmt.Errorf("dial %s: %w", to, err)
	}
	return net.FileConn(f)
}

// connect connects a socket, which does not block.
func connect(ctx context.Context, f *os.File, fd int, to netip.AddrPort) error {
	err := unix.Connect(fd, &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().Unmap().As4()})
	if err == nil || !errors.Is(err, unix.EINPROGRESS) {
		return err
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = f.SetWriteDeadline(time.Unix(1, 0)) })()
	var failed error
	// It is looked at before it is waited for: what came of it before cannot wake
	// anybody any more.
	err = raw.Write(func(fd uintptr) bool {
		code, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR)
		switch {
		case err != nil:
			failed = err
		case code != 0:
			failed = unix.Errno(code)
		default:
			_, err = unix.Getpeername(int(fd))
			return err == nil
		}
		return true
	})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return errors.Join(failed, err)
}
