package ec2

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// NetworkInterface is a network interface as it is described.
type NetworkInterface struct {
	NetworkInterfaceId string
	Attachment         *NetworkInterfaceAttachment
	AvailabilityZone   string
	Description        string
	Groups             []GroupIdentifier `ec2:"groupSet"`
	InterfaceType      string
	MacAddress         string
	OwnerId            string
	PrivateDnsName     string
	PrivateIpAddress   string
	PrivateIpAddresses []NetworkInterfacePrivateIpAddress `ec2:"privateIpAddressesSet"`
	RequesterId        string
	RequesterManaged   bool
	SourceDestCheck    bool
	Status             string
	SubnetId           string
	TagSet             []Tag
	VpcId              string
}

// NetworkInterfaceAttachment is what an interface is attached to.
type NetworkInterfaceAttachment struct {
	AttachmentId        string
	AttachTime          *time.Time
	DeleteOnTermination bool
	DeviceIndex         *int32
	InstanceOwnerId     string
	Status              string
}

// GroupIdentifier is a group an interface is in.
type GroupIdentifier struct {
	GroupId   string
	GroupName string
}

// NetworkInterfacePrivateIpAddress is an address of an interface.
type NetworkInterfacePrivateIpAddress struct {
	Primary          bool
	PrivateDnsName   string
	PrivateIpAddress string
}

// networkInterfaces are all there are: of tasks, of balancers, and those that
// were made.
func (c *call) networkInterfaces(r store.Reader) []NetworkInterface {
	var out []NetworkInterface
	for _, t := range store.Tasks.List(r, c.scope, "") {
		if n, ok := c.taskInterface(r, t); ok {
			out = append(out, n)
		}
	}
	for id, b := range store.LoadBalancers.List(r, c.scope, "") {
		out = append(out, c.balancerInterfaces(r, id.ID, b)...)
	}
	for _, n := range interfaces.all(c, r, nil) {
		out = append(out, c.interfaceShape(r, n))
	}
	return out
}

// shape is what all interfaces have in common.
func (c *call) shape(r store.Reader, id string, s subnetRecord, address string, groupIDs []string) NetworkInterface {
	out := NetworkInterface{
		NetworkInterfaceId: id, AvailabilityZone: s.AvailabilityZone, OwnerId: c.scope.Account, SubnetId: s.ID, VpcId: s.VPCID, InterfaceType: "interface",
		PrivateIpAddress: address, SourceDestCheck: true, Status: "in-use", Groups: []GroupIdentifier{}, TagSet: []Tag{},
		PrivateIpAddresses: []NetworkInterfacePrivateIpAddress{{Primary: true, PrivateIpAddress: address}},
	}
	for _, id := range c.effectiveGroups(r, s.VPCID, groupIDs) {
		g, _ := store.SecurityGroups.Get(r, c.scope.Key(id))
		out.Groups = append(out.Groups, GroupIdentifier{GroupId: id, GroupName: g.Name})
	}
	return out
}

// effectiveGroups are the groups that are named, else the VPC's own.
func (c *call) effectiveGroups(r store.Reader, vpc string, named []string) []string {
	if len(named) > 0 {
		return named
	}
	for _, g := range groups.all(c, r, func(g groupRecord) bool { return g.VPCID == vpc && g.IsDefault }) {
		return []string{g.ID}
	}
	return nil
}

func attachment(id, owner string, at *time.Time, index int32) *NetworkInterfaceAttachment {
	return &NetworkInterfaceAttachment{AttachmentId: id, AttachTime: at, DeviceIndex: &index, InstanceOwnerId: owner, Status: "attached"}
}

func (c *call) taskInterface(r store.Reader, t state.Task) (NetworkInterface, bool) {
	eni := t.Observed.ENI
	if eni.ID == "" || eni.PrivateIPv4 == "" || t.Observed.Status >= state.TaskStopped {
		return NetworkInterface{}, false
	}
	var named []string
	if t.Spec.Network != nil {
		named = t.Spec.Network.SecurityGroups
	}
	s, _ := store.Subnets.Get(r, c.scope.Key(t.Placement.SubnetID))
	out := c.shape(r, eni.ID, s, eni.PrivateIPv4, named)
	out.MacAddress, out.PrivateDnsName, out.RequesterManaged = eni.MAC, eni.PrivateDNS, true
	out.PrivateIpAddresses[0].PrivateDnsName = eni.PrivateDNS
	out.Description = "arn:aws:ecs:" + c.scope.Region + ":" + c.scope.Account + ":attachment/" + t.Spec.AttachmentID
	out.Attachment = attachment(state.DerivedID("eni-attach", eni.ID), c.scope.Account, &t.CreatedAt, 1)
	return out, true
}

func (c *call) balancerInterfaces(r store.Reader, id string, b state.LoadBalancer) (out []NetworkInterface) {
	for _, z := range b.Zones {
		if !z.Address.IsValid() {
			continue
		}
		s, ok := store.Subnets.Get(r, c.scope.Key(z.Subnet))
		if !ok {
			s = subnetRecord{ID: z.Subnet, VPCID: b.VPCID, AvailabilityZone: z.Zone}
		}
		eni := state.DerivedID("eni", id+" "+z.Zone)
		n := c.shape(r, eni, s, z.Address.String(), b.SecurityGroups)
		n.Description, n.RequesterId, n.RequesterManaged, n.MacAddress = "ELB "+id, "amazon-elb", true, hardware(z.Address)
		n.Attachment = attachment(state.DerivedID("eni-attach", eni), "amazon-elb", &b.CreatedAt, 1)
		if b.Type == "network" {
			n.InterfaceType = "network_load_balancer"
		}
		out = append(out, n)
	}
	return out
}

func (c *call) interfaceShape(r store.Reader, n interfaceRecord) NetworkInterface {
	s, _ := store.Subnets.Get(r, c.scope.Key(n.SubnetID))
	out := c.shape(r, n.ID, s, n.Address.String(), n.Groups)
	out.MacAddress, out.Description, out.InterfaceType, out.TagSet, out.Status = n.MAC, n.Description, n.Type, listTags(n.Tags), "available"
	if n.Type == "nat_gateway" {
		out.Groups, out.Status, out.RequesterManaged, out.SourceDestCheck = []GroupIdentifier{}, "in-use", true, false
		out.Attachment = attachment(state.DerivedID("eni-attach", n.ID), "amazon-aws", &n.CreatedAt, 1)
	}
	return out
}

// hardware is the hardware address that goes with an address.
func hardware(a netip.Addr) string {
	b := a.As4()
	return fmt.Sprintf("0a:58:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3])
}

// newInterface chooses an address of a subnet, or takes the one that is asked
// for.
func (c *call) newInterface(r store.Reader, s subnetRecord, asked string) (interfaceRecord, error) {
	used := map[netip.Addr]bool{}
	for _, n := range c.networkInterfaces(r) {
		if a, err := netip.ParseAddr(n.PrivateIpAddress); err == nil {
			used[a] = true
		}
	}
	n := interfaceRecord{ID: c.id("eni"), SubnetID: s.ID, VPCID: s.VPCID, Type: "interface", CreatedAt: c.cfg.Now().UTC()}
	if asked != "" {
		a, err := netip.ParseAddr(asked)
		switch {
		case err != nil || !a.Is4() || !s.CIDR.Contains(a):
			return n, invalid("Address %s does not fall within the subnet's address range", asked)
		case used[a]:
			return n, wire.Errorf("InvalidIPAddress.InUse", "Address %s is in use.", asked)
		case state.BalancerRange(s.CIDR).Contains(a):
			return n, invalid("Address %s is in the part of the subnet that is kept for load balancers, %s", asked, state.BalancerRange(s.CIDR))
		}
		n.Address, n.MAC = a, hardware(a)
		return n, nil
	}
	a, ok := inSubnet(s, used)
	if !ok {
		return n, wire.Errorf("InsufficientFreeAddressesInSubnet", "The subnet %s has no free addresses.", s.ID)
	}
	n.Address, n.MAC = a, hardware(a)
	return n, nil
}

// CreateNetworkInterfaceInput is the SDK's, as far as it is served.
type CreateNetworkInterfaceInput struct {
	SubnetId          string
	Description       string
	Groups            []string `ec2:"SecurityGroupId"`
	PrivateIpAddress  string
	InterfaceType     string
	ClientToken       string
	TagSpecifications []TagSpecification `ec2:"TagSpecification"`
	DryRun            bool
}

// CreateNetworkInterfaceOutput is the SDK's.
type CreateNetworkInterfaceOutput struct {
	ClientToken      string
	NetworkInterface *NetworkInterface
}

// createNetworkInterface keeps an address of a subnet. There is nothing it
// could be attached to.
//
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkInterface.html
func createNetworkInterface(c *call, in *CreateNetworkInterfaceInput) (*CreateNetworkInterfaceOutput, error) {
	if in.InterfaceType != "" && in.InterfaceType != "interface" {
		return nil, refused("Hatoba has interfaces of the type interface only.")
	}
	tags, err := tagsOf(in.TagSpecifications, "network-interface")
	if err != nil {
		return nil, err
	}
	out := &CreateNetworkInterfaceOutput{ClientToken: in.ClientToken}
	return out, c.update(func(w store.Writer) error {
		s, err := subnets.get(c, w, "subnetId", in.SubnetId)
		if err != nil {
			return err
		}
		if err := c.checkGroups(w, s.VPCID, in.Groups); err != nil {
			return err
		}
		ids := c.effectiveGroups(w, s.VPCID, in.Groups)
		n, made, err := interfaces.made(c, w, in.ClientToken, func(o interfaceRecord) (string, bool) {
			return o.ClientToken, o.SubnetID == s.ID && o.Description == in.Description && slices.Equal(o.Groups, ids) && maps.Equal(o.Tags, tags) &&
				(in.PrivateIpAddress == "" || in.PrivateIpAddress == o.Address.String())
		})
		if err != nil {
			return err
		}
		if !made {
			if n, err = c.newInterface(w, s, in.PrivateIpAddress); err != nil {
				return err
			}
			n.Description, n.Groups, n.Tags, n.ClientToken = in.Description, ids, tags, in.ClientToken
			if err := store.NetworkInterfaces.Put(w, c.scope.Key(n.ID), n); err != nil {
				return err
			}
		}
		shape := c.interfaceShape(w, n)
		out.NetworkInterface = &shape
		return nil
	})
}

const maxInterfaceGroups = 5

func (c *call) checkGroups(r store.Reader, vpc string, ids []string) error {
	if len(ids) > maxInterfaceGroups {
		return wire.Errorf("SecurityGroupsPerInterfaceLimitExceeded", "The maximum number of security groups per interface has been reached.")
	}
	for _, id := range ids {
		g, err := groups.get(c, r, "groupId", id)
		if err != nil {
			return err
		}
		if g.VPCID != vpc {
			return invalid("You have specified two resources that belong to different networks.")
		}
	}
	return nil
}

// DeleteNetworkInterfaceInput is the SDK's.
type DeleteNetworkInterfaceInput struct {
	NetworkInterfaceId string
	DryRun             bool
}

// DeleteNetworkInterfaceOutput is the SDK's.
type DeleteNetworkInterfaceOutput struct{}

func deleteNetworkInterface(c *call, in *DeleteNetworkInterfaceInput) (*DeleteNetworkInterfaceOutput, error) {
	return &DeleteNetworkInterfaceOutput{}, c.update(func(w store.Writer) error {
		inUse := wire.Errorf("InvalidParameterValue", "Network interface '%s' is currently in use.", in.NetworkInterfaceId)
		n, err := interfaces.get(c, w, "networkInterfaceId", in.NetworkInterfaceId)
		if err != nil {
			all := c.networkInterfaces(w)
			if slices.ContainsFunc(all, func(o NetworkInterface) bool { return o.NetworkInterfaceId == in.NetworkInterfaceId }) {
				return inUse
			}
			return err
		}
		if n.Type != "interface" {
			return inUse
		}
		store.NetworkInterfaces.Delete(w, c.scope.Key(n.ID))
		return nil
	})
}
