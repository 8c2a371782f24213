package network

import (
	"fmt"
	"net"
	"os"
	"testing"

	"github.com/vishvananda/netlink"
)

// Of a connection's two ends, both ours, the client's is found: also among
// sockets that are bound to its port, and for a server that listens on all
// addresses.
func TestHolds(t *testing.T) {
	if os.Geteuid() != 0 || os.Getenv("HATOBA_ROOT_TESTS") != "1" {
		t.Skip("reads other processes' files: needs root and HATOBA_ROOT_TESTS=1")
	}
	lo, err := netlink.LinkByName("lo") // of the tests' namespace
	if err == nil {
		err = netlink.LinkSetUp(lo)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{"127.0.0.1:0", "[::]:0"} {
		ln, err := net.Listen("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(ln.Addr().String())
		client, err := net.Dial("tcp4", "127.0.0.1:"+port)
		if err != nil {
			t.Fatal(err)
		}
		server, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		there, here := server.RemoteAddr().(*net.TCPAddr).AddrPort(), server.LocalAddr().(*net.TCPAddr).AddrPort()
		for pids, want := range map[*[]int]bool{{1, os.Getpid()}: true, {1}: false, {}: false} {
			if got, err := Holds(*pids, there, here); err != nil || got != want {
				t.Errorf("%v: %v %v", *pids, got, err)
			}
		}
		f, err := client.(*net.TCPConn).File()
		if err != nil {
			t.Fatal(err)
		}
		link, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
		if inode, err := socketOf(there, here); err != nil || link != fmt.Sprintf("socket:[%d]", inode) {
			t.Errorf("%d, which is %s, %v", inode, link, err)
		}
		f.Close()
		client.Close()
		if _, err := Holds([]int{os.Getpid()}, there, here); err == nil {
			t.Error("a closed socket is found")
		}
		server.Close()
		ln.Close()
	}
}
