package elbv2

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

var (
	subnetID = regexp.MustCompile(`^subnet-([0-9a-f]{8}|[0-9a-f]{17})$`)
	groupID  = regexp.MustCompile(`^sg-([0-9a-f]{8}|[0-9a-f]{17})$`)
)

// wanted is a subnet of a request, with the address that it asks for there.
type wanted struct {
	subnet  string
	address netip.Addr // the zero value: any
}

// wantedSubnets reads either of the two ways a request names subnets.
func wantedSubnets(kind string, subnets []string, mappings []types.SubnetMapping) (out []wanted, err error) {
	switch {
	case len(subnets) > 0 && len(mappings) > 0:
		return nil, invalid("Only one of subnets or subnet mappings can be specified")
	case len(subnets) == 0 && len(mappings) == 0:
		return nil, invalid("At least one subnet must be specified")
	}
	for _, id := range subnets {
		out = append(out, wanted{subnet: id})
	}
	for _, m := range mappings {
		w := wanted{subnet: aws.ToString(m.SubnetId)}
		switch {
		case aws.ToString(m.AllocationId) != "":
			return nil, wire.Errorf("AllocationIdNotFound", "The allocation ID '%s' does not exist: there are no Elastic IP addresses here", *m.AllocationId)
		case aws.ToString(m.IPv6Address) != "" || aws.ToString(m.SourceNatIpv6Prefix) != "":
			return nil, unsupported("IPv6 addresses are not supported here")
		case aws.ToString(m.PrivateIPv4Address) != "" && kind != typeNetwork:
			return nil, invalid("A private IPv4 address can only be specified for Network Load Balancers")
		case aws.ToString(m.PrivateIPv4Address) != "":
			if w.address, err = netip.ParseAddr(*m.PrivateIPv4Address); err != nil || !w.address.Is4() {
				return nil, invalid("'%s' is not a valid IPv4 address", *m.PrivateIPv4Address)
			}
		}
		out = append(out, w)
	}
	seen := map[string]bool{}
	for _, w := range out {
		if !subnetID.MatchString(w.subnet) {
			return nil, invalid("The subnet ID '%s' is not valid", w.subnet)
		}
		if seen[w.subnet] {
			return nil, badConfiguration("The subnet ID '%s' was specified more than once", w.subnet)
		}
		seen[w.subnet] = true
	}
	return out, nil
}

// place resolves subnets and gives the balancer an address in each. kept are
// the places it has already: a subnet that stays keeps its address.
func place(r store.Reader, scope state.Scope, kind string, want []wanted, kept []state.BalancerZone, strict bool) (zones []state.BalancerZone, vpc string, err error) {
	var defaults []state.Subnet
	for _, s := range store.Subnets.List(r, scope, "") {
		if s.IsDefault {
			defaults = append(defaults, s)
		}
	}
	taken := takenAddresses(r)
	for _, w := range want {
		subnet, known := store.Subnets.Get(r, scope.Key(w.subnet))
		if !known {
			if strict || len(defaults) == 0 {
				return nil, "", wire.Errorf("SubnetNotFound", "The subnet ID '%s' does not exist", w.subnet)
			}
			subnet = adopt(w.subnet, defaults, zones)
		}
		switch {
		case vpc != "" && vpc != subnet.VPCID:
			return nil, "", badConfiguration("All subnets must belong to the same VPC: '%s'", vpc)
		case slices.ContainsFunc(zones, func(z state.BalancerZone) bool { return z.Zone == subnet.AvailabilityZone }):
			return nil, "", badConfiguration("A load balancer cannot be attached to multiple subnets in the same Availability Zone")
		}
		vpc = subnet.VPCID
		zone := state.BalancerZone{Subnet: w.subnet, Zone: subnet.AvailabilityZone}
		if i := slices.IndexFunc(kept, func(z state.BalancerZone) bool { return z.Subnet == w.subnet }); i >= 0 && !w.address.IsValid() {
			zone.Address = kept[i].Address
		} else if zone.Address, err = address(subnet, w.address, taken); err != nil {
			return nil, "", err
		}
		taken[zone.Address] = true
		zones = append(zones, zone)
	}
	if kind == typeApplication && len(zones) < 2 {
		return nil, "", invalid("At least two subnets in two different Availability Zones must be specified")
	}
	slices.SortFunc(zones, func(a, b state.BalancerZone) int { return strings.Compare(a.Zone, b.Zone) })
	return zones, vpc, nil
}

// adopt gives a subnet nobody made a default one in a zone that is not used
// yet, where there is one left.
func adopt(id string, defaults []state.Subnet, used []state.BalancerZone) state.Subnet {
	first := state.AdoptSubnet(id, defaults)
	at := slices.IndexFunc(defaults, func(s state.Subnet) bool { return s.ID == first.ID })
	for i := range defaults {
		s := defaults[(at+i)%len(defaults)]
		if !slices.ContainsFunc(used, func(z state.BalancerZone) bool { return z.Zone == s.AvailabilityZone }) {
			return s
		}
	}
	return first
}

// takenAddresses are those of all balancers: the accounts of one machine share
// its bridge.
func takenAddresses(r store.Reader) map[netip.Addr]bool {
	out := map[netip.Addr]bool{}
	for _, b := range store.LoadBalancers.List(r, state.Scope{}, "") {
		for _, z := range b.Zones {
			out[z.Address] = true
		}
	}
	return out
}

// address chooses one of a subnet for a balancer.
func address(subnet state.Subnet, asked netip.Addr, taken map[netip.Addr]bool) (netip.Addr, error) {
	own := state.BalancerRange(subnet.CIDR)
	last := lastOf(subnet.CIDR)
	if asked.IsValid() {
		switch {
		case !subnet.CIDR.Contains(asked):
			return netip.Addr{}, invalid("The private IPv4 address '%s' is not within the subnet '%s' (%s)", asked, subnet.ID, subnet.CIDR)
		case !own.Contains(asked) || asked == last:
			return netip.Addr{}, unsupported("The private IPv4 address of a load balancer is one of %s here, not '%s'", own, asked)
		case taken[asked]:
			return netip.Addr{}, badConfiguration("The private IPv4 address '%s' is in use", asked)
		}
		return asked, nil
	}
	for a := own.Addr(); own.Contains(a) && a != last; a = a.Next() {
		if !taken[a] {
			return a, nil
		}
	}
	return netip.Addr{}, wire.Errorf("InvalidSubnet", "Not enough IP space available in %s. ELB requires at least 1 free IP address in %s", subnet.ID, own)
}

// lastOf is the last address of an IPv4 range, which is its broadcast address.
func lastOf(p netip.Prefix) netip.Addr {
	a := p.Masked().Addr().As4()
	for i := p.Bits(); i < 32; i++ {
		a[i/8] |= 1 << (7 - i%8)
	}
	return netip.AddrFrom4(a)
}

// checkSecurityGroups resolves the groups of a balancer; of an application
// load balancer that names none, the VPC's default one.
func checkSecurityGroups(r store.Reader, scope state.Scope, kind, vpc string, ids []string, strict bool) ([]string, error) {
	if len(ids) > maxSecurityGroups {
		return nil, badConfiguration("The maximum number of security groups is %d", maxSecurityGroups)
	}
	for _, id := range ids {
		if !groupID.MatchString(id) {
			return nil, wire.Errorf("InvalidSecurityGroup", "The security group ID '%s' is not valid", id)
		}
		group, ok := store.SecurityGroups.Get(r, scope.Key(id))
		switch {
		case !ok && strict:
			return nil, wire.Errorf("InvalidSecurityGroup", "The security group '%s' does not exist", id)
		case ok && group.VPCID != vpc:
			return nil, badConfiguration("One or more security groups are invalid: '%s' does not belong to VPC '%s'", id, vpc)
		}
	}
	if len(ids) > 0 || kind == typeNetwork {
		return slices.Clone(ids), nil
	}
	for _, g := range store.SecurityGroups.List(r, scope, "") {
		if g.VPCID == vpc && (g.IsDefault || g.Name == "default") {
			return []string{g.ID}, nil
		}
	}
	return nil, nil
}
