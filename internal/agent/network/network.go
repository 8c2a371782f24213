// Package network gives every task a network namespace of its own with one
// address, reachable from the host and from other tasks, and the outside
// through NAT. It speaks netlink and nftables itself: no CNI binary and no
// `ip` command is on the path. Names of all it makes carry the instance's
// prefix, so that a sweep can tell ours.
package network

import "net/netip"

// Request asks for a task's network.
type Request struct {
	TaskID  string
	Address netip.Addr   // chosen by the caller from the subnet
	MAC     string       // chosen by the caller, "" for one derived from the address
	VPC     netip.Prefix // on-link range of the bridge
	Gateway netip.Addr   // the bridge's own address
}

// Attachment is a task's network as it stands.
type Attachment struct {
	TaskID  string
	NetNS   string // path of the namespace's file
	Address netip.Addr
	MAC     string
	HostIf  string // the host's end of the veth pair
}
