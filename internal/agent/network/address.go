package network

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// reservedHead and reservedTail are the addresses AWS keeps of every subnet.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
const (
	reservedHead = 4
	reservedTail = 1
)

// Allocate picks an address of a subnet that is not used, leaving out those
// that AWS keeps. It starts at a place seed gives, so that an address just
// freed is not the next one taken. It is pure; false means the range is full.
func Allocate(subnet netip.Prefix, used func(netip.Addr) bool, seed uint64) (netip.Addr, bool) {
	if !subnet.Addr().Is4() {
		return netip.Addr{}, false
	}
	size := uint64(1) << (32 - subnet.Bits())
	if size <= reservedHead+reservedTail {
		return netip.Addr{}, false
	}
	free := size - reservedHead - reservedTail
	base := number(subnet.Masked().Addr())
	for i := range free {
		addr := address(base + uint32(reservedHead+(seed%free+i)%free))
		if !used(addr) {
			return addr, true
		}
	}
	return netip.Addr{}, false
}

func number(a netip.Addr) uint32 { b := a.As4(); return binary.BigEndian.Uint32(b[:]) }

func address(n uint32) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], n)
	return netip.AddrFrom4(b)
}

// MAC is the locally administered hardware address that goes with an address.
func MAC(a netip.Addr) string {
	b := a.As4()
	return fmt.Sprintf("0a:58:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3])
}

// HostName is a task's host name, as EC2 names an interface's address.
func HostName(a netip.Addr) string {
	return "ip-" + strings.ReplaceAll(a.String(), ".", "-")
}

// PrivateDNSName is the address's name in the region's internal domain.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-naming.html
func PrivateDNSName(a netip.Addr, region string) string {
	return HostName(a) + "." + Domain(region)
}

// Domain is the region's internal domain.
func Domain(region string) string {
	if region == "us-east-1" {
		return "ec2.internal"
	}
	return region + ".compute.internal"
}

// ErrNoRange is returned by ChooseVPC when every candidate is taken.
var ErrNoRange = errors.New("every private /16 is in use on this machine")

// ChooseVPC picks the range of the default VPC: 172.31.0.0/16 as on AWS, or
// the next private /16 that overlaps with none in use by the machine or by
// others. It is pure.
func ChooseVPC(inUse ...[]netip.Prefix) (netip.Prefix, error) {
	taken := slices.Concat(inUse...)
	for _, candidate := range candidates() {
		if !slices.ContainsFunc(taken, candidate.Overlaps) {
			return candidate, nil
		}
	}
	return netip.Prefix{}, ErrNoRange
}

func candidates() (out []netip.Prefix) {
	for second := 31; second >= 16; second-- {
		out = append(out, netip.PrefixFrom(netip.AddrFrom4([4]byte{172, byte(second)}), 16))
	}
	for second := 255; second >= 0; second-- {
		out = append(out, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(second)}), 16))
	}
	return out
}

// Gateway is the bridge's address: the first of the VPC.
func Gateway(vpc netip.Prefix) netip.Addr { return vpc.Masked().Addr().Next() }

// ResolvConf is a task's resolv.conf: its own resolver, the region's domain.
func ResolvConf(region string) []byte {
	return []byte("search " + Domain(region) + "\nnameserver " + Local.String() + "\n")
}

// ResolvConfWith is the resolv.conf of a container that brings servers or
// search domains of its own; what it does not bring is the task's.
func ResolvConfWith(region string, servers, domains []string) []byte {
	if len(servers) == 0 {
		servers = []string{Local.String()}
	}
	if len(domains) == 0 {
		domains = []string{Domain(region)}
	}
	return []byte("search " + strings.Join(domains, " ") + "\nnameserver " + strings.Join(servers, "\nnameserver ") + "\n")
}

// Hosts is a task's hosts file. The first name is the one its address resolves
// to. In an awsvpc task it is the interface's PrivateDNSName, which is the
// host name there.
func Hosts(host string, a netip.Addr, aliases ...string) []byte {
	names := strings.Join(append([]string{host}, aliases...), " ")
	return []byte("127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n" + a.String() + " " + names + "\n")
}

// Local is the address every task has inside its own namespace, where its
// resolver, metadata and credentials are served.
var Local = netip.AddrFrom4([4]byte{169, 254, 170, 2})
