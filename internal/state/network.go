package state

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
)

// DefaultZones is how many availability zones a region has.
const DefaultZones = 3

// DefaultNetwork is the network every account finds in a region: a VPC of the
// given range, a subnet in each availability zone and a security group. The
// ids follow from the scope, so that they are the same on every start.
//
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc-components.html
func DefaultNetwork(scope Scope, cidr netip.Prefix) (VPC, []Subnet, SecurityGroup, error) {
	vpc := VPC{ID: networkID("vpc", scope, 0), CIDR: cidr.Masked(), IsDefault: true}
	group := SecurityGroup{ID: networkID("sg", scope, 0), Name: "default", Description: "default VPC security group", VPCID: vpc.ID, IsDefault: true}
	var subnets []Subnet
	for i := range DefaultZones {
		slice, err := subnetRange(cidr, i)
		if err != nil {
			return VPC{}, nil, SecurityGroup{}, err
		}
		subnets = append(subnets, Subnet{
			ID: networkID("subnet", scope, i), VPCID: vpc.ID, CIDR: slice,
			AvailabilityZone: scope.Region + string(rune('a'+i)), IsDefault: true,
		})
	}
	return vpc, subnets, group, nil
}

// DefaultRoutes are the main route table of a default VPC and the gateway it
// leads to; the ids follow from the scope.
func DefaultRoutes(scope Scope, vpc VPC) (RouteTable, InternetGateway) {
	gateway := InternetGateway{ID: networkID("igw", scope, 0), VPCID: vpc.ID}
	return RouteTable{
		ID: networkID("rtb", scope, 0), VPCID: vpc.ID,
		Routes:       []Route{{Destination: netip.PrefixFrom(netip.IPv4Unspecified(), 0), Target: gateway.ID}},
		Associations: []RouteTableAssociation{{ID: networkID("rtbassoc", scope, 0), Main: true}},
	}, gateway
}

// DefaultNetworkACL is the id of a VPC's one network ACL.
func DefaultNetworkACL(vpc string) string { return networkID("acl", Scope{Account: vpc}, 0) }

// DerivedID is an id of that kind that always is the same for the same thing.
func DerivedID(kind, of string) string { return networkID(kind, Scope{Account: of}, 0) }

// subnetRange is the i-th sixteenth of an IPv4 range, as AWS cuts a default
// VPC: 172.31.0.0/16 gives 172.31.0.0/20, 172.31.16.0/20, 172.31.32.0/20.
func subnetRange(cidr netip.Prefix, i int) (netip.Prefix, error) {
	bits := cidr.Bits() + 4
	if !cidr.Addr().Is4() || bits > 24 {
		return netip.Prefix{}, fmt.Errorf("the range %s of the VPC is not an IPv4 range of at least 4096 addresses", cidr)
	}
	a := cidr.Masked().Addr().As4()
	n := uint32(a[0])<<24 | uint32(a[1])<<16 | uint32(a[2])<<8 | uint32(a[3])
	n += uint32(i) << (32 - bits)
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}), bits), nil
}

// AdoptSubnet tells which of the default subnets stands for a subnet id nobody
// made: always the same one for the same id.
func AdoptSubnet(id string, subnets []Subnet) Subnet {
	sum := sha256.Sum256([]byte(id))
	return subnets[int(sum[0])%len(subnets)]
}

func networkID(kind string, scope Scope, i int) string {
	sum := sha256.Sum256([]byte("default " + kind + " " + scope.Account + " " + scope.Region + " " + strconv.Itoa(i)))
	return kind + "-0" + hex.EncodeToString(sum[:])[:16]
}
