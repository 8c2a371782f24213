package network

import (
	"context"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// Listen opens a stream listener inside a task's namespace. A listener keeps
// the namespace alive: close it before, or soon after, Detach.
func Listen(netns string, at netip.AddrPort) (ln net.Listener, err error) {
	err = inNamespace(netns, func() (err error) {
		ln, err = listenConfig(at).Listen(context.Background(), "tcp4", at.String())
		return err
	})
	return ln, err
}

// ListenPacket opens a datagram socket inside a task's namespace; what Listen
// says of its listener holds for it too.
func ListenPacket(netns string, at netip.AddrPort) (pc net.PacketConn, err error) {
	err = inNamespace(netns, func() (err error) {
		pc, err = listenConfig(at).ListenPacket(context.Background(), "udp4", at.String())
		return err
	})
	return pc, err
}

// listenConfig ties sockets on Local to lo. Every task has this address, and
// the kernel takes packets for it from any link: without the tie a neighbour
// that forges frames could ask for this task's credentials.
func listenConfig(at netip.AddrPort) *net.ListenConfig {
	if at.Addr() != Local {
		return &net.ListenConfig{}
	}
	return &net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) (err error) {
		if failed := c.Control(func(fd uintptr) { err = unix.BindToDevice(int(fd), "lo") }); failed != nil {
			return failed
		}
		return err
	}}
}
