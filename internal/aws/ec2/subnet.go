package ec2

import (
	"net/netip"
	"strconv"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// Subnet is a subnet as it is described.
type Subnet struct {
	SubnetId                string
	SubnetArn               string
	OwnerId                 string
	VpcId                   string
	State                   string
	CidrBlock               string
	AvailabilityZone        string
	AvailabilityZoneId      string
	AvailableIpAddressCount int32
	DefaultForAz            bool
	MapPublicIpOnLaunch     bool
	Tags                    []Tag `ec2:"tagSet"`

	AssignIpv6AddressOnCreation   bool
	EnableDns64                   bool
	Ipv6Native                    bool
	MapCustomerOwnedIpOnLaunch    bool
	PrivateDnsNameOptionsOnLaunch *PrivateDnsNameOptionsOnLaunch
}

// PrivateDnsNameOptionsOnLaunch is how hosts in the subnet are named.
type PrivateDnsNameOptionsOnLaunch struct {
	HostnameType                    string
	EnableResourceNameDnsARecord    bool
	EnableResourceNameDnsAAAARecord bool
}

// reserved are the addresses AWS keeps of each subnet.
const reserved = 5

func (c *call) subnetShape(s subnetRecord, used int) Subnet {
	return Subnet{
		SubnetId: s.ID, SubnetArn: c.arn("subnet", s.ID), OwnerId: c.scope.Account, VpcId: s.VPCID, State: "available",
		CidrBlock: s.CIDR.String(), AvailabilityZone: s.AvailabilityZone, AvailabilityZoneId: zoneID(s.AvailabilityZone),
		AvailableIpAddressCount: int32(max(0, 1<<(32-s.CIDR.Bits())-reserved-used)),
		DefaultForAz:            s.IsDefault, MapPublicIpOnLaunch: s.MapsPublicIP(), Tags: listTags(s.Tags),
		PrivateDnsNameOptionsOnLaunch: &PrivateDnsNameOptionsOnLaunch{HostnameType: "ip-name"},
	}
}

const maxSubnets = 200 // of a VPC

// CreateSubnetInput is the SDK's, as far as it is served.
type CreateSubnetInput struct {
	VpcId              string
	CidrBlock          string
	AvailabilityZone   string
	AvailabilityZoneId string
	TagSpecifications  []TagSpecification `ec2:"TagSpecification"`
	DryRun             bool
}

// CreateSubnetOutput is the SDK's.
type CreateSubnetOutput struct{ Subnet *Subnet }

// createSubnet makes a subnet of a VPC.
//
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSubnet.html
func createSubnet(c *call, in *CreateSubnetInput) (*CreateSubnetOutput, error) {
	if in.CidrBlock == "" {
		return nil, missingParameter("cidrBlock")
	}
	cidr, err := block(in.CidrBlock, "cidrBlock")
	if err != nil {
		return nil, err
	}
	zone, err := c.zone(in.AvailabilityZone, in.AvailabilityZoneId)
	if err != nil {
		return nil, err
	}
	tags, err := tagsOf(in.TagSpecifications, "subnet")
	if err != nil {
		return nil, err
	}
	s := subnetRecord{ID: c.id("subnet"), VPCID: in.VpcId, CIDR: cidr, AvailabilityZone: zone, Tags: tags, MapPublicIP: new(bool)}
	err = c.update(func(w store.Writer) error {
		v, err := vpcs.get(c, w, "vpcId", in.VpcId)
		switch {
		case err != nil:
			return err
		case cidr.Bits() > 28 || cidr.Bits() < v.CIDR.Bits() || !v.CIDR.Contains(cidr.Addr()):
			return wire.Errorf("InvalidSubnet.Range", "The CIDR '%s' is invalid.", in.CidrBlock)
		}
		beside := subnets.all(c, w, func(o subnetRecord) bool { return o.VPCID == v.ID })
		if len(beside) >= maxSubnets {
			return wire.Errorf("SubnetLimitExceeded", "The maximum number of subnets has been reached for VPC '%s'.", v.ID)
		}
		for _, o := range beside {
			if o.CIDR.Overlaps(cidr) {
				return wire.Errorf("InvalidSubnet.Conflict", "The CIDR '%s' conflicts with another subnet", in.CidrBlock)
			}
		}
		return store.Subnets.Put(w, c.scope.Key(s.ID), s)
	})
	if err != nil {
		return nil, err
	}
	shape := c.subnetShape(s, 0)
	return &CreateSubnetOutput{&shape}, nil
}

// DescribeSubnetsInput is the SDK's.
type DescribeSubnetsInput struct {
	Filters    []Filter `ec2:"Filter"`
	SubnetIds  []string `ec2:"SubnetId"`
	NextToken  string
	MaxResults *int32
	DryRun     bool
}

// DescribeSubnetsOutput is the SDK's.
type DescribeSubnetsOutput struct {
	Subnets   []Subnet `ec2:"subnetSet"`
	NextToken string
}

func subnetListing() listing[Subnet] {
	zone := one(func(s Subnet) string { return s.AvailabilityZone })
	zoneID := one(func(s Subnet) string { return s.AvailabilityZoneId })
	cidr := one(func(s Subnet) string { return s.CidrBlock })
	byDefault := yesNo(func(s Subnet) bool { return s.DefaultForAz })
	return listing[Subnet]{
		name: "DescribeSubnets", idList: "subnetIds", least: 5, id: func(s Subnet) string { return s.SubnetId }, notFound: subnets.notFound,
		tags: func(s Subnet) []Tag { return s.Tags },
		filters: map[string]func(Subnet) []string{
			"availability-zone": zone, "availabilityZone": zone, "availability-zone-id": zoneID, "availabilityZoneId": zoneID,
			"available-ip-address-count": one(func(s Subnet) string { return strconv.Itoa(int(s.AvailableIpAddressCount)) }),
			"cidr":                       cidr, "cidr-block": cidr, "cidrBlock": cidr,
			"default-for-az": byDefault, "defaultForAz": byDefault,
			"enable-dns64":            yesNo(func(s Subnet) bool { return s.EnableDns64 }),
			"ipv6-native":             yesNo(func(s Subnet) bool { return s.Ipv6Native }),
			"map-public-ip-on-launch": yesNo(func(s Subnet) bool { return s.MapPublicIpOnLaunch }),
			"owner-id":                one(func(s Subnet) string { return s.OwnerId }),
			"state":                   one(func(s Subnet) string { return s.State }),
			"subnet-arn":              one(func(s Subnet) string { return s.SubnetArn }),
			"subnet-id":               one(func(s Subnet) string { return s.SubnetId }),
			"vpc-id":                  one(func(s Subnet) string { return s.VpcId }),

			"outpost-arn": none[Subnet], "customer-owned-ipv4-pool": none[Subnet],
			"ipv6-cidr-block-association.ipv6-cidr-block": none[Subnet],
			"ipv6-cidr-block-association.association-id":  none[Subnet], "ipv6-cidr-block-association.state": none[Subnet],
			"map-customer-owned-ip-on-launch":                                         yesNo(func(s Subnet) bool { return s.MapCustomerOwnedIpOnLaunch }),
			"private-dns-name-options-on-launch.hostname-type":                        one(func(s Subnet) string { return s.PrivateDnsNameOptionsOnLaunch.HostnameType }),
			"private-dns-name-options-on-launch.enable-resource-name-dns-a-record":    one(func(Subnet) string { return "false" }),
			"private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record": one(func(Subnet) string { return "false" }),
		},
	}
}

func describeSubnets(c *call, in *DescribeSubnetsInput) (*DescribeSubnetsOutput, error) {
	var all []Subnet
	err := c.view(func(r store.Reader) error {
		used := map[string]int{}
		for _, n := range c.networkInterfaces(r) {
			used[n.SubnetId]++
		}
		for _, s := range subnets.all(c, r, nil) {
			all = append(all, c.subnetShape(s, used[s.ID]))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &DescribeSubnetsOutput{}
	out.Subnets, out.NextToken, err = subnetListing().page(all, wanted{in.SubnetIds, in.Filters, in.MaxResults, in.NextToken})
	return out, err
}

// DeleteSubnetInput is the SDK's.
type DeleteSubnetInput struct {
	SubnetId string
	DryRun   bool
}

// DeleteSubnetOutput is the SDK's.
type DeleteSubnetOutput struct{}

// deleteSubnet takes a subnet away that nothing is in. Its association with a
// route table goes with it.
func deleteSubnet(c *call, in *DeleteSubnetInput) (*DeleteSubnetOutput, error) {
	return &DeleteSubnetOutput{}, c.update(func(w store.Writer) error {
		s, err := subnets.get(c, w, "subnetId", in.SubnetId)
		if err != nil {
			return err
		}
		if s.IsDefault {
			return wire.Errorf("OperationNotPermitted", "The default subnets are kept: tasks whose subnets nobody made are in them.")
		}
		if c.subnetUsed(w, s.ID) {
			return dependency("subnet", s.ID)
		}
		for _, t := range tables.all(c, w, nil) {
			if kept, found := without(t.Associations, func(a state.RouteTableAssociation) bool { return a.SubnetID == s.ID }); found {
				t.Associations = kept
				if err := store.RouteTables.Put(w, c.scope.Key(t.ID), t); err != nil {
					return err
				}
			}
		}
		store.Subnets.Delete(w, c.scope.Key(s.ID))
		return nil
	})
}

// subnetUsed tells whether a task, a balancer or a gateway is in a subnet, also
// a task that has no address yet.
func (c *call) subnetUsed(r store.Reader, id string) bool {
	for _, t := range store.Tasks.List(r, c.scope, "") {
		if t.Placement.SubnetID == id && t.Observed.Status < state.TaskStopped {
			return true
		}
	}
	for _, n := range c.networkInterfaces(r) {
		if n.SubnetId == id {
			return true
		}
	}
	return false
}

// ModifySubnetAttributeInput is the SDK's, as far as it is served.
type ModifySubnetAttributeInput struct {
	SubnetId            string
	MapPublicIpOnLaunch *AttributeBooleanValue

	AssignIpv6AddressOnCreation             *AttributeBooleanValue
	EnableDns64                             *AttributeBooleanValue
	EnableResourceNameDnsARecordOnLaunch    *AttributeBooleanValue
	EnableResourceNameDnsAAAARecordOnLaunch *AttributeBooleanValue
	PrivateDnsHostnameTypeOnLaunch          string
}

// ModifySubnetAttributeOutput is the SDK's.
type ModifySubnetAttributeOutput struct{}

// modifySubnetAttribute sets mapPublicIpOnLaunch. The others can be set to
// what they are.
//
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySubnetAttribute.html
func modifySubnetAttribute(c *call, in *ModifySubnetAttributeInput) (*ModifySubnetAttributeOutput, error) {
	for name, a := range map[string]*AttributeBooleanValue{
		"AssignIpv6AddressOnCreation": in.AssignIpv6AddressOnCreation, "EnableDns64": in.EnableDns64,
		"EnableResourceNameDnsARecordOnLaunch":    in.EnableResourceNameDnsARecordOnLaunch,
		"EnableResourceNameDnsAAAARecordOnLaunch": in.EnableResourceNameDnsAAAARecordOnLaunch,
	} {
		if a != nil && a.Value {
			return nil, refused("Hatoba does not support the subnet attribute %s.", name)
		}
	}
	if t := in.PrivateDnsHostnameTypeOnLaunch; t != "" && t != "ip-name" {
		return nil, refused("Hatoba names hosts by their address: PrivateDnsHostnameTypeOnLaunch can only be ip-name.")
	}
	return &ModifySubnetAttributeOutput{}, c.update(func(w store.Writer) error {
		s, err := subnets.get(c, w, "subnetId", in.SubnetId)
		if err != nil || in.MapPublicIpOnLaunch == nil {
			return err
		}
		s.MapPublicIP = &in.MapPublicIpOnLaunch.Value
		return store.Subnets.Put(w, c.scope.Key(s.ID), s)
	})
}

// without leaves out what matches, and tells whether anything did.
func without[T any](list []T, match func(T) bool) (kept []T, found bool) {
	for _, e := range list {
		if match(e) {
			found = true
		} else {
			kept = append(kept, e)
		}
	}
	return kept, found
}

// inSubnet finds a free address of a subnet, from its end.
func inSubnet(s subnetRecord, used map[netip.Addr]bool) (netip.Addr, bool) {
	balancers := state.BalancerRange(s.CIDR)
	first := s.CIDR.Masked().Addr()
	for range 4 {
		first = first.Next()
	}
	for a := balancers.Masked().Addr().Prev(); a.Compare(first) >= 0; a = a.Prev() {
		if !used[a] {
			return a, true
		}
	}
	return netip.Addr{}, false
}
