package state

import (
	"net/netip"
	"time"
)

// VPC is a virtual private cloud. ID: the vpc id. Writer: the network
// operations; the default one is made at first start.
type VPC struct {
	ID        string
	CIDR      netip.Prefix
	IsDefault bool

	DNSSupportOff bool  // enableDnsSupport is false
	DNSHostnames  *bool // enableDnsHostnames; nil: true in the default VPC only
	Metrics       bool  // enableNetworkAddressUsageMetrics
	Tenancy       string
	Tags          map[string]string
}

// HasDNSHostnames is the attribute enableDnsHostnames.
func (v VPC) HasDNSHostnames() bool {
	if v.DNSHostnames == nil {
		return v.IsDefault
	}
	return *v.DNSHostnames
}

// Subnet is a slice of a VPC in one availability zone. ID: the subnet id.
// Writer: the network operations.
type Subnet struct {
	ID               string
	VPCID            string
	CIDR             netip.Prefix
	AvailabilityZone string
	IsDefault        bool

	MapPublicIP *bool // mapPublicIpOnLaunch; nil: true in default subnets only
	Tags        map[string]string
}

// MapsPublicIP is the attribute mapPublicIpOnLaunch.
func (s Subnet) MapsPublicIP() bool {
	if s.MapPublicIP == nil {
		return s.IsDefault
	}
	return *s.MapPublicIP
}

// SecurityGroup is a named set of rules. ID: the group id. Writer: the network
// operations.
type SecurityGroup struct {
	ID        string
	Name      string
	VPCID     string
	IsDefault bool

	Description string
	// Ruled tells that Rules are the group's. The default VPC's own group has
	// none until somebody changes them: Permissions tells those it begins with.
	Ruled bool
	Rules []SecurityGroupRule
	Tags  map[string]string
}

// SecurityGroupRule lets in, or out, what it describes.
type SecurityGroupRule struct {
	ID          string // sgr- and 17 hexadecimal digits
	Egress      bool
	Protocol    string // tcp, udp, icmp, icmpv6, a number, or -1: all
	From, To    int32  // ports; type and code of ICMP; -1: all
	CIDR        netip.Prefix
	Group       string // id of the group whose members are meant, instead of CIDR
	GroupOwner  string // account of Group
	Description string
	Tags        map[string]string
}

// SameAs tells whether two rules let the same pass.
func (r SecurityGroupRule) SameAs(o SecurityGroupRule) bool {
	return r.Egress == o.Egress && r.Protocol == o.Protocol && r.From == o.From && r.To == o.To && r.CIDR == o.CIDR && r.Group == o.Group
}

// Enforced tells whether the group's rules hold. The default VPC's own group
// stands open, as groups nobody made do, until its rules are changed.
func (g SecurityGroup) Enforced() bool { return !g.IsDefault || g.Ruled }

// Permissions are the group's rules. A default group begins with two: its
// members reach each other, and everything outside.
//
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html
func (g SecurityGroup) Permissions(account string) []SecurityGroupRule {
	if g.Ruled || !g.IsDefault {
		return g.Rules
	}
	return DefaultRules(g.ID, account, func(i int) string { return networkID("sgr", Scope{Account: account, Region: g.ID}, i) })
}

// DefaultRules are those of a new VPC's default group.
func DefaultRules(group, account string, id func(int) string) []SecurityGroupRule {
	return []SecurityGroupRule{
		{ID: id(0), Protocol: "-1", From: -1, To: -1, Group: group, GroupOwner: account},
		EgressToAll(id(1)),
	}
}

// EgressToAll is the rule that every new group begins with.
func EgressToAll(id string) SecurityGroupRule {
	return SecurityGroupRule{ID: id, Egress: true, Protocol: "-1", From: -1, To: -1, CIDR: netip.PrefixFrom(netip.IPv4Unspecified(), 0)}
}

// RouteTable is a VPC's table of routes. ID: the route table id. Writer: the
// network operations. Its local route is not among Routes.
type RouteTable struct {
	ID           string
	VPCID        string
	Routes       []Route
	Associations []RouteTableAssociation
	Tags         map[string]string
	ClientToken  string
}

// Main tells whether it is the table of the subnets that have no other.
func (t RouteTable) Main() bool {
	for _, a := range t.Associations {
		if a.Main {
			return true
		}
	}
	return false
}

// Route leads a range to a gateway.
type Route struct {
	Destination netip.Prefix
	Target      string // id: igw-…, nat-… or eni-…
}

// RouteTableAssociation is a subnet's, or the main one.
type RouteTableAssociation struct {
	ID       string // rtbassoc- and 17 hexadecimal digits
	Main     bool
	SubnetID string // "" of the main one
}

// InternetGateway is a VPC's way out. ID: the internet gateway id. Writer: the
// network operations.
type InternetGateway struct {
	ID    string
	VPCID string // "" while detached
	Tags  map[string]string
}

// NATGateway is a private subnet's way out. ID: the NAT gateway id. Writer: the
// network operations.
type NATGateway struct {
	ID           string
	SubnetID     string
	VPCID        string
	Connectivity string // public or private
	Allocation   string // of its Address, "" when private
	Association  string // eipassoc-…, "" when private
	Interface    string // id of its NetworkInterface
	CreatedAt    time.Time
	DeletedAt    *time.Time // describing it goes on for an hour
	Tags         map[string]string
	ClientToken  string
}

// Address is an Elastic IP address. ID: the allocation id. Writer: the network
// operations.
type Address struct {
	ID       string // eipalloc- and 17 hexadecimal digits
	PublicIP netip.Addr
	Tags     map[string]string
}

// NetworkInterface is one that was made by itself or with a NAT gateway; those
// of tasks and balancers follow from their records. ID: the network interface
// id. Writer: the network operations.
type NetworkInterface struct {
	ID          string
	SubnetID    string
	VPCID       string
	Address     netip.Addr
	MAC         string
	Groups      []string
	Type        string // interface or nat_gateway
	Description string
	CreatedAt   time.Time
	Tags        map[string]string
	ClientToken string
}
