package network

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Holds tells whether one of the processes holds the TCP socket whose local
// address is client and whose peer is server, both of this machine. The kernel
// says which socket that is, and the process's own table who has it: neither
// can be made up.
func Holds(pids []int, client, server netip.AddrPort) (bool, error) {
	inode, err := socketOf(client, server)
	if err != nil {
		return false, fmt.Errorf("find the socket of %s: %w", client, err)
	}
	name := fmt.Sprintf("socket:[%d]", inode)
	return slices.ContainsFunc(pids, func(pid int) bool { return hasOpen(pid, name) }), nil
}

// Sizes and places in what the kernel is asked and answers.
// Source: linux/inet_diag.h, struct inet_diag_req_v2 and inet_diag_msg
const (
	requestSize = 56
	answerInode = 68
)

// socketOf asks the kernel for the one socket with these ends.
func socketOf(local, remote netip.AddrPort) (inode uint32, err error) {
	if !local.Addr().Unmap().Is4() || !remote.Addr().Unmap().Is4() {
		return 0, errors.New("it is not of IPv4")
	}
	b := make([]byte, requestSize)
	b[0], b[1] = unix.AF_INET, unix.IPPROTO_TCP
	binary.NativeEndian.PutUint32(b[4:], ^uint32(0)) // in any state
	binary.BigEndian.PutUint16(b[8:], local.Port())
	binary.BigEndian.PutUint16(b[10:], remote.Port())
	copy(b[12:], local.Addr().Unmap().AsSlice())
	copy(b[28:], remote.Addr().Unmap().AsSlice())
	binary.NativeEndian.PutUint64(b[48:], ^uint64(0)) // whatever its cookie
	request := nl.NewNetlinkRequest(nl.SOCK_DIAG_BY_FAMILY, 0)
	request.AddRawData(b)
	answers, err := request.Execute(unix.NETLINK_INET_DIAG, nl.SOCK_DIAG_BY_FAMILY)
	if err != nil {
		return 0, err
	}
	if len(answers) != 1 || len(answers[0]) < answerInode+4 {
		return 0, errors.New("the kernel does not say")
	}
	if inode = binary.NativeEndian.Uint32(answers[0][answerInode:]); inode == 0 {
		return 0, errors.New("it is closed")
	}
	return inode, nil
}

func hasOpen(pid int, name string) bool {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, _ := os.ReadDir(dir) // it may just have ended
	for _, e := range entries {
		if link, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil && link == name {
			return true
		}
	}
	return false
}
