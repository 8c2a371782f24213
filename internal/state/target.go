package state

import (
	"net/netip"
	"strconv"
	"time"
)

// Target is an address that a target group sends to. ID: TargetID. It is there
// from its registration until it has drained; a task that is to stop is stopped
// when none of its targets is left.
type Target struct {
	Group   string // id of the target group
	Address string // as registered: an IPv4 address, or an instance id
	Port    int32
	Zone    string // as registered, "" when not said

	Service string // store id of the service that registered it, "" by hand
	Task    string // id of its task, "" by hand

	RegisteredAt time.Time  // writer: who registers
	Draining     *time.Time // since when it gets nothing new; writer: who deregisters, once
	Health       TargetHealth
}

// TargetHealth is what DescribeTargetHealth tells. Writer: control/targets, on
// a change of the state or the reason.
type TargetHealth struct {
	State       string // initial, healthy, unhealthy, unused, draining or unavailable
	Reason      string // AWS's code, for example "Target.Timeout"
	Description string // AWS's words for it
	Since       time.Time
}

// TargetID is the store id of a target: its group's, its address, its port.
func TargetID(group, address string, port int32) string {
	return group + "/" + address + ":" + strconv.Itoa(int(port))
}

// PlaneTargetID is what the data plane calls a target: unique over all accounts
// and regions.
func PlaneTargetID(key Key) string { return key.Account + "/" + key.Region + "/" + key.ID }

// BalancerRange is the part of a subnet that load balancers have their
// addresses from, and tasks do not: its last sixteenth.
func BalancerRange(subnet netip.Prefix) netip.Prefix {
	bits := min(subnet.Bits()+4, 32)
	a := subnet.Masked().Addr().As4()
	n := uint32(a[0])<<24 | uint32(a[1])<<16 | uint32(a[2])<<8 | uint32(a[3])
	n += uint32(1)<<(32-subnet.Bits()) - uint32(1)<<(32-bits)
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}), bits)
}
