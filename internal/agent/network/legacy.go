package network

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// iptables-legacy keeps its rules where nftables does not show them, and has
// packets pass both. Its FORWARD chain is read through the socket option that
// iptables-legacy itself uses (linux/netfilter_ipv4/ip_tables.h).

// legacyForward is what matters of its FORWARD chain.
type legacyForward struct {
	drops   bool // its policy
	rules   int
	accepts map[string]bool // "in NAME", "out NAME"; NAME ends in + for a wildcard
}

// legacyProblems tells whether iptables-legacy may stop tasks. iface is the
// bridge as iptables writes it; a rule for a name that begins with prefix is
// enough.
func legacyProblems(iface, prefix string) []Problem {
	names, err := os.ReadFile("/proc/thread-self/net/ip_tables_names")
	if err != nil || !strings.Contains("\n"+string(names), "\nfilter\n") {
		return nil // asking would load the table
	}
	mend := fmt.Sprintf("iptables-legacy -I FORWARD -i %[1]s -j ACCEPT; iptables-legacy -I FORWARD -o %[1]s -j ACCEPT", iface)
	f, err := readLegacyForward()
	if err != nil {
		return []Problem{{"an iptables-legacy filter table is loaded and cannot be read: " + err.Error(), "look with: iptables-legacy -S FORWARD; let tasks through with: " + mend}}
	}
	if f.passes("in", prefix) && f.passes("out", prefix) {
		return nil
	}
	switch {
	case f.drops:
		return []Problem{{"chain FORWARD of the iptables-legacy table filter stops traffic of tasks: its policy is DROP", mend}}
	case f.rules > 0:
		return []Problem{{fmt.Sprintf("chain FORWARD of the iptables-legacy table filter has %d rules that may stop traffic of tasks", f.rules), "look with: iptables-legacy -S FORWARD; let tasks through with: " + mend}}
	}
	return nil
}

func (f legacyForward) passes(way, prefix string) bool {
	for name := range f.accepts {
		if strings.HasPrefix(name, way+" "+prefix) || name == way+" hb-+" {
			return true
		}
	}
	return false
}

const (
	hookForward = 2  // NF_INET_FORWARD
	getInfo     = 64 // IPT_SO_GET_INFO
	getEntries  = 65 // IPT_SO_GET_ENTRIES
	infoSize    = 84 // struct ipt_getinfo
	entriesHead = 40 // struct ipt_get_entries before its entries
	entrySize   = 112
	nameSize    = 32
)

func readLegacyForward() (legacyForward, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
	if err != nil {
		return legacyForward{}, err
	}
	defer unix.Close(fd)
	info := make([]byte, infoSize)
	copy(info, "filter")
	if err := getsockopt(fd, getInfo, info); err != nil {
		return legacyForward{}, err
	}
	size := binary.NativeEndian.Uint32(info[80:])
	entries := make([]byte, entriesHead+int(size))
	copy(entries, "filter")
	binary.NativeEndian.PutUint32(entries[nameSize:], size)
	if err := getsockopt(fd, getEntries, entries); err != nil {
		return legacyForward{}, err
	}
	start := binary.NativeEndian.Uint32(info[36+4*hookForward:])
	policy := binary.NativeEndian.Uint32(info[56+4*hookForward:])
	return parseLegacyForward(entries[entriesHead:], start, policy)
}

// getsockopt reads a structure whose head says what is wanted.
func getsockopt(fd, option int, b []byte) error {
	length := uint32(len(b))
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.IPPROTO_IP, uintptr(option),
		uintptr(unsafe.Pointer(&b[0])), uintptr(unsafe.Pointer(&length)), 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// parseLegacyForward walks struct ipt_entry from start to the policy's.
func parseLegacyForward(entries []byte, start, policy uint32) (legacyForward, error) {
	out := legacyForward{accepts: map[string]bool{}}
	torn := errors.New("iptables-legacy: entries end early")
	for at := start; ; out.rules++ {
		if uint64(at)+entrySize > uint64(len(entries)) {
			return out, torn
		}
		e := entries[at:]
		target, next := binary.NativeEndian.Uint16(e[88:]), binary.NativeEndian.Uint16(e[90:])
		if int(target)+36 > len(e) || next == 0 {
			return out, torn
		}
		verdict := int32(0)
		if e[target+2] == 0 { // the standard target has no name
			verdict = int32(binary.NativeEndian.Uint32(e[target+32:]))
		}
		const drop, accept = -1, -2 // -NF_DROP-1, -NF_ACCEPT-1
		if at == policy {
			out.drops = verdict == drop
			return out, nil
		}
		if verdict == accept && target == entrySize { // no match beside the address part
			out.accept(e)
		}
		at += uint32(next)
	}
}

// accept notes a rule that accepts all of an interface: struct ipt_ip with
// nothing else in it.
func (f *legacyForward) accept(e []byte) {
	addresses, proto, inverted := e[:16], e[80:82], e[83]
	if !bytes.Equal(addresses, make([]byte, 16)) || !bytes.Equal(proto, []byte{0, 0}) || inverted != 0 {
		return
	}
	in, out := ifaceName(e[16:32], e[48:64]), ifaceName(e[32:48], e[64:80])
	if in != "" && out == "" {
		f.accepts["in "+in] = true
	}
	if out != "" && in == "" {
		f.accepts["out "+out] = true
	}
}

// ifaceName is an interface's name; a mask without the closing zero makes it a
// wildcard.
func ifaceName(name, mask []byte) string {
	n, _, _ := bytes.Cut(name, []byte{0})
	if len(n) > 0 && (len(n) == len(mask) || mask[len(n)] == 0) {
		return string(n) + "+"
	}
	return string(n)
}
