package ec2

import (
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// InternetGateway is an internet gateway as it is described.
type InternetGateway struct {
	InternetGatewayId string
	OwnerId           string
	Attachments       []InternetGatewayAttachment `ec2:"attachmentSet"`
	Tags              []Tag                       `ec2:"tagSet"`
}

// InternetGatewayAttachment is the VPC a gateway is attached to.
type InternetGatewayAttachment struct {
	State string
	VpcId string
}

func (c *call) gatewayShape(g gatewayRecord) InternetGateway {
	out := InternetGateway{InternetGatewayId: g.ID, OwnerId: c.scope.Account, Attachments: []InternetGatewayAttachment{}, Tags: listTags(g.Tags)}
	if g.VPCID != "" {
		out.Attachments = append(out.Attachments, InternetGatewayAttachment{State: "available", VpcId: g.VPCID})
	}
	return out
}

const maxGateways = 5

// CreateInternetGatewayInput is the SDK's.
type CreateInternetGatewayInput struct {
	TagSpecifications []TagSpecification `ec2:"TagSpecification"`
	DryRun            bool
}

// CreateInternetGatewayOutput is the SDK's.
type CreateInternetGatewayOutput struct{ InternetGateway *InternetGateway }

func createInternetGateway(c *call, in *CreateInternetGatewayInput) (*CreateInternetGatewayOutput, error) {
	tags, err := tagsOf(in.TagSpecifications, "internet-gateway")
	if err != nil {
		return nil, err
	}
	g := gatewayRecord{ID: c.id("igw"), Tags: tags}
	shape := c.gatewayShape(g)
	return &CreateInternetGatewayOutput{&shape}, c.update(func(w store.Writer) error {
		if len(gateways.all(c, w, nil)) >= maxGateways {
			return wire.Errorf("InternetGatewayLimitExceeded", "The maximum number of internet gateways has been reached.")
		}
		return store.InternetGateways.Put(w, c.scope.Key(g.ID), g)
	})
}

// AttachInternetGatewayInput is the SDK's.
type AttachInternetGatewayInput struct {
	InternetGatewayId string
	VpcId             string
	DryRun            bool
}

// AttachInternetGatewayOutput is the SDK's.
type AttachInternetGatewayOutput struct{}

func attachInternetGateway(c *call, in *AttachInternetGatewayInput) (*AttachInternetGatewayOutput, error) {
	return &AttachInternetGatewayOutput{}, c.update(func(w store.Writer) error {
		g, v, err := c.ends(w, in.InternetGatewayId, in.VpcId)
		switch {
		case err != nil:
			return err
		case g.VPCID != "":
			return wire.Errorf("Resource.AlreadyAssociated", "resource %s is already attached to network %s", g.ID, g.VPCID)
		case gateways.any(c, w, func(o gatewayRecord) bool { return o.VPCID == v.ID }):
			return invalid("Network %s already has an internet gateway attached", v.ID)
		}
		g.VPCID = v.ID
		return store.InternetGateways.Put(w, c.scope.Key(g.ID), g)
	})
}

// ends are the gateway and the VPC that a request names.
func (c *call) ends(r store.Reader, gateway, vpc string) (g gatewayRecord, v vpcRecord, err error) {
	if g, err = gateways.get(c, r, "internetGatewayId", gateway); err == nil {
		v, err = vpcs.get(c, r, "vpcId", vpc)
	}
	return g, v, err
}

// DetachInternetGatewayInput is the SDK's.
type DetachInternetGatewayInput AttachInternetGatewayInput

// DetachInternetGatewayOutput is the SDK's.
type DetachInternetGatewayOutput struct{}

// detachInternetGateway takes a gateway from its VPC, unless addresses are
// mapped there.
func detachInternetGateway(c *call, in *DetachInternetGatewayInput) (*DetachInternetGatewayOutput, error) {
	return &DetachInternetGatewayOutput{}, c.update(func(w store.Writer) error {
		g, v, err := c.ends(w, in.InternetGatewayId, in.VpcId)
		switch {
		case err != nil:
			return err
		case g.VPCID != v.ID:
			return wire.Errorf("Gateway.NotAttached", "resource %s is not attached to network %s", g.ID, v.ID)
		case nats.any(c, w, func(n natRecord) bool { return n.VPCID == v.ID && n.DeletedAt == nil && n.Allocation != "" }):
			return wire.Errorf("DependencyViolation", "Network %s has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.", v.ID)
		}
		g.VPCID = ""
		return store.InternetGateways.Put(w, c.scope.Key(g.ID), g)
	})
}

// DeleteInternetGatewayInput is the SDK's.
type DeleteInternetGatewayInput struct {
	InternetGatewayId string
	DryRun            bool
}

// DeleteInternetGatewayOutput is the SDK's.
type DeleteInternetGatewayOutput struct{}

func deleteInternetGateway(c *call, in *DeleteInternetGatewayInput) (*DeleteInternetGatewayOutput, error) {
	return &DeleteInternetGatewayOutput{}, c.update(func(w store.Writer) error {
		g, err := gateways.get(c, w, "internetGatewayId", in.InternetGatewayId)
		if err != nil {
			return err
		}
		if g.VPCID != "" {
			return dependency("internetGateway", g.ID)
		}
		store.InternetGateways.Delete(w, c.scope.Key(g.ID))
		return nil
	})
}

// DescribeInternetGatewaysInput is the SDK's.
type DescribeInternetGatewaysInput struct {
	Filters            []Filter `ec2:"Filter"`
	InternetGatewayIds []string `ec2:"internetGatewayId"`
	NextToken          string
	MaxResults         *int32
	DryRun             bool
}

// DescribeInternetGatewaysOutput is the SDK's.
type DescribeInternetGatewaysOutput struct {
	InternetGateways []InternetGateway `ec2:"internetGatewaySet"`
	NextToken        string
}

func describeInternetGateways(c *call, in *DescribeInternetGatewaysInput) (*DescribeInternetGatewaysOutput, error) {
	var all []InternetGateway
	err := c.view(func(r store.Reader) error {
		for _, g := range gateways.all(c, r, nil) {
			all = append(all, c.gatewayShape(g))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	attached := func(g InternetGateway) []InternetGatewayAttachment { return g.Attachments }
	l := listing[InternetGateway]{
		name: "DescribeInternetGateways", idList: "internetGatewayIds", least: 5, notFound: gateways.notFound,
		id: func(g InternetGateway) string { return g.InternetGatewayId }, tags: func(g InternetGateway) []Tag { return g.Tags },
		filters: map[string]func(InternetGateway) []string{
			"attachment.state":    each(attached, func(a InternetGatewayAttachment) string { return a.State }),
			"attachment.vpc-id":   each(attached, func(a InternetGatewayAttachment) string { return a.VpcId }),
			"internet-gateway-id": one(func(g InternetGateway) string { return g.InternetGatewayId }),
			"owner-id":            one(func(g InternetGateway) string { return g.OwnerId }),
		},
	}
	out := &DescribeInternetGatewaysOutput{}
	out.InternetGateways, out.NextToken, err = l.page(all, wanted{in.InternetGatewayIds, in.Filters, in.MaxResults, in.NextToken})
	return out, err
}
