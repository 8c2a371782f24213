package ec2

import (
	"maps"
	"time"

	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// NatGateway is a NAT gateway as it is described.
type NatGateway struct {
	NatGatewayId        string
	CreateTime          *time.Time
	DeleteTime          *time.Time
	ConnectivityType    string
	NatGatewayAddresses []NatGatewayAddress `ec2:"natGatewayAddressSet"`
	State               string
	SubnetId            string
	VpcId               string
	Tags                []Tag `ec2:"tagSet"`
}

// NatGatewayAddress is an address of a NAT gateway.
type NatGatewayAddress struct {
	AllocationId       string
	AssociationId      string
	IsPrimary          bool
	NetworkInterfaceId string
	PrivateIp          string
	PublicIp           string
	Status             string
}

func (c *call) natShape(r store.Reader, n natRecord) NatGateway {
	out := NatGateway{
		NatGatewayId: n.ID, CreateTime: &n.CreatedAt, DeleteTime: n.DeletedAt, ConnectivityType: n.Connectivity, State: "available",
		SubnetId: n.SubnetID, VpcId: n.VPCID, Tags: listTags(n.Tags), NatGatewayAddresses: []NatGatewayAddress{},
	}
	if n.DeletedAt != nil {
		out.State = "deleted"
		return out
	}
	eni, _ := store.NetworkInterfaces.Get(r, c.scope.Key(n.Interface))
	a := NatGatewayAddress{NetworkInterfaceId: n.Interface, PrivateIp: eni.Address.String(), IsPrimary: true, Status: "succeeded", AllocationId: n.Allocation, AssociationId: n.Association}
	if e, ok := store.Addresses.Get(r, c.scope.Key(n.Allocation)); ok {
		a.PublicIp = e.PublicIP.String()
	}
	out.NatGatewayAddresses = append(out.NatGatewayAddresses, a)
	return out
}

const (
	maxNATs      = 5         // of a zone
	natRemembers = time.Hour // how long one is described that was deleted
)

// CreateNatGatewayInput is the SDK's, as far as it is served.
type CreateNatGatewayInput struct {
	SubnetId          string
	AllocationId      string
	ConnectivityType  string
	PrivateIpAddress  string
	ClientToken       string
	TagSpecifications []TagSpecification `ec2:"TagSpecification"`
	DryRun            bool
}

// CreateNatGatewayOutput is the SDK's.
type CreateNatGatewayOutput struct {
	ClientToken string
	NatGateway  *NatGateway
}

// createNatGateway makes a gateway that is there at once. The machine itself
// translates what leaves a VPC, so it carries nothing.
//
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNatGateway.html
func createNatGateway(c *call, in *CreateNatGatewayInput) (*CreateNatGatewayOutput, error) {
	connectivity := in.ConnectivityType
	if connectivity == "" {
		connectivity = "public"
	}
	switch {
	case connectivity != "public" && connectivity != "private":
		return nil, invalid("Value (%s) for parameter connectivityType is invalid.", in.ConnectivityType)
	case connectivity == "public" && in.AllocationId == "":
		return nil, missingParameter("AllocationId")
	case connectivity == "private" && in.AllocationId != "":
		return nil, badCombination("AllocationId cannot be used with a private NAT gateway")
	}
	tags, err := tagsOf(in.TagSpecifications, "natgateway")
	if err != nil {
		return nil, err
	}
	out := &CreateNatGatewayOutput{ClientToken: in.ClientToken}
	return out, c.update(func(w store.Writer) error {
		n, made, err := nats.made(c, w, in.ClientToken, func(o natRecord) (string, bool) {
			if !c.remembered(o) {
				return "", false
			}
			return o.ClientToken, o.SubnetID == in.SubnetId && o.Allocation == in.AllocationId && o.Connectivity == connectivity && maps.Equal(o.Tags, tags)
		})
		if err != nil {
			return err
		}
		if !made {
			n = natRecord{ID: c.id("nat"), SubnetID: in.SubnetId, Connectivity: connectivity, CreatedAt: c.cfg.Now().UTC(), Tags: tags, ClientToken: in.ClientToken}
			if err := c.placeNAT(w, &n, in); err != nil {
				return err
			}
			if err := store.NATGateways.Put(w, c.scope.Key(n.ID), n); err != nil {
				return err
			}
		}
		shape := c.natShape(w, n)
		out.NatGateway = &shape
		return nil
	})
}

// placeNAT gives a gateway its subnet, address and interface.
func (c *call) placeNAT(w store.Writer, n *natRecord, in *CreateNatGatewayInput) error {
	s, err := subnets.get(c, w, "SubnetId", in.SubnetId)
	if err != nil {
		return err
	}
	n.VPCID = s.VPCID
	inZone := nats.all(c, w, func(o natRecord) bool {
		other, _ := store.Subnets.Get(w, c.scope.Key(o.SubnetID))
		return o.DeletedAt == nil && other.AvailabilityZone == s.AvailabilityZone
	})
	if len(inZone) >= maxNATs {
		return wire.Errorf("NatGatewayLimitExceeded", "The maximum number of NAT gateways has been reached.")
	}
	if in.AllocationId != "" {
		e, err := addresses.get(c, w, "AllocationId", in.AllocationId)
		if err != nil {
			return err
		}
		if _, held := c.holder(w, e.ID); held {
			return wire.Errorf("Resource.AlreadyAssociated", "resource %s is already associated with associate-id", e.ID)
		}
		if !gateways.any(c, w, func(g gatewayRecord) bool { return g.VPCID == s.VPCID }) {
			return wire.Errorf("Gateway.NotAttached", "Network %s has no Internet gateway attached", s.VPCID)
		}
		n.Allocation, n.Association = e.ID, c.id("eipassoc")
	}
	eni, err := c.newInterface(w, s, in.PrivateIpAddress)
	if err != nil {
		return err
	}
	eni.Type, eni.Description = "nat_gateway", "Interface for NAT Gateway "+n.ID
	n.Interface = eni.ID
	return store.NetworkInterfaces.Put(w, c.scope.Key(eni.ID), eni)
}

// DescribeNatGatewaysInput is the SDK's.
type DescribeNatGatewaysInput struct {
	Filter        []Filter
	NatGatewayIds []string `ec2:"NatGatewayId"`
	NextToken     string
	MaxResults    *int32
	DryRun        bool
}

// DescribeNatGatewaysOutput is the SDK's.
type DescribeNatGatewaysOutput struct {
	NatGateways []NatGateway `ec2:"natGatewaySet"`
	NextToken   string
}

func describeNatGateways(c *call, in *DescribeNatGatewaysInput) (*DescribeNatGatewaysOutput, error) {
	var all []NatGateway
	err := c.view(func(r store.Reader) error {
		for _, n := range nats.all(c, r, c.remembered) {
			all = append(all, c.natShape(r, n))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	l := listing[NatGateway]{
		name: "DescribeNatGateways", idList: "natGatewayIds", least: 5, notFound: nats.notFound,
		id: func(n NatGateway) string { return n.NatGatewayId }, tags: func(n NatGateway) []Tag { return n.Tags },
		filters: map[string]func(NatGateway) []string{
			"nat-gateway-id": one(func(n NatGateway) string { return n.NatGatewayId }),
			"state":          one(func(n NatGateway) string { return n.State }),
			"subnet-id":      one(func(n NatGateway) string { return n.SubnetId }),
			"vpc-id":         one(func(n NatGateway) string { return n.VpcId }),
		},
	}
	out := &DescribeNatGatewaysOutput{}
	out.NatGateways, out.NextToken, err = l.page(all, wanted{in.NatGatewayIds, in.Filter, in.MaxResults, in.NextToken})
	return out, err
}

func (c *call) remembered(n natRecord) bool {
	return n.DeletedAt == nil || c.cfg.Now().Sub(*n.DeletedAt) < natRemembers
}

// DeleteNatGatewayInput is the SDK's.
type DeleteNatGatewayInput struct {
	NatGatewayId string
	DryRun       bool
}

// DeleteNatGatewayOutput is the SDK's.
type DeleteNatGatewayOutput struct{ NatGatewayId string }

// deleteNatGateway takes a gateway away, which is described as deleted for an
// hour. Those whose hour is over go with it.
func deleteNatGateway(c *call, in *DeleteNatGatewayInput) (*DeleteNatGatewayOutput, error) {
	return &DeleteNatGatewayOutput{in.NatGatewayId}, c.update(func(w store.Writer) error {
		n, err := nats.get(c, w, "NatGatewayId", in.NatGatewayId)
		switch {
		case err != nil:
			return err
		case !c.remembered(n):
			return nats.notFound(n.ID)
		case n.DeletedAt != nil:
			return nil
		}
		for _, o := range nats.all(c, w, func(o natRecord) bool { return !c.remembered(o) }) {
			store.NATGateways.Delete(w, c.scope.Key(o.ID))
		}
		store.NetworkInterfaces.Delete(w, c.scope.Key(n.Interface))
		now := c.cfg.Now().UTC()
		n.DeletedAt = &now
		return store.NATGateways.Put(w, c.scope.Key(n.ID), n)
	})
}
