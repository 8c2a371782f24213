package state

import "net/netip"

// Node is a machine that runs tasks. ID: the node id. Nodes belong to no
// account; they are kept under Scope{"-", "-"}. Writer: dispatch.
type Node struct {
	ID          string
	Hostname    string
	CPU         int64 // CPU units, 1024 per core
	MemoryMiB   int64
	Arch        string // x86_64 or arm64
	Connected   bool
	RuntimeName string // for example "runc 1.1.5"
}

// VPC is a virtual private cloud. ID: the vpc id. Writer: the network
// operations; the default one is made at first start.
type VPC struct {
	ID        string
	CIDR      netip.Prefix
	IsDefault bool
}

// Subnet is a slice of a VPC in one availability zone. ID: the subnet id.
type Subnet struct {
	ID               string
	VPCID            string
	CIDR             netip.Prefix
	AvailabilityZone string
	IsDefault        bool
}

// SecurityGroup is a named set of rules. ID: the group id.
type SecurityGroup struct {
	ID        string
	Name      string
	VPCID     string
	IsDefault bool
}
