package ec2

import (
	"net/netip"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// Vpc is a VPC as it is described.
type Vpc struct {
	VpcId                   string
	OwnerId                 string
	State                   string
	CidrBlock               string
	CidrBlockAssociationSet []VpcCidrBlockAssociation
	DhcpOptionsId           string
	InstanceTenancy         string
	IsDefault               bool
	Tags                    []Tag `ec2:"tagSet"`
}

// VpcCidrBlockAssociation is a range of a VPC.
type VpcCidrBlockAssociation struct {
	AssociationId  string
	CidrBlock      string
	CidrBlockState VpcCidrBlockState
}

// VpcCidrBlockState is how far a range is.
type VpcCidrBlockState struct{ State string }

func (c *call) vpcShape(v vpcRecord) Vpc {
	tenancy := v.Tenancy
	if tenancy == "" {
		tenancy = "default"
	}
	return Vpc{
		VpcId: v.ID, OwnerId: c.scope.Account, State: "available", CidrBlock: v.CIDR.String(),
		CidrBlockAssociationSet: []VpcCidrBlockAssociation{{
			AssociationId: state.DerivedID("vpc-cidr-assoc", v.ID), CidrBlock: v.CIDR.String(), CidrBlockState: VpcCidrBlockState{"associated"},
		}},
		DhcpOptionsId: state.DerivedID("dopt", c.scope.Account+c.scope.Region), InstanceTenancy: tenancy, IsDefault: v.IsDefault, Tags: listTags(v.Tags),
	}
}

const maxVPCs = 5

// CreateVpcInput is the SDK's, as far as it is served.
type CreateVpcInput struct {
	CidrBlock         string
	InstanceTenancy   string
	TagSpecifications []TagSpecification `ec2:"TagSpecification"`
	DryRun            bool
}

// CreateVpcOutput is the SDK's.
type CreateVpcOutput struct{ Vpc *Vpc }

// createVpc makes a VPC with its main route table and its default security
// group. On the machine it takes its place when its first task comes.
//
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpc.html
func createVpc(c *call, in *CreateVpcInput) (*CreateVpcOutput, error) {
	if in.CidrBlock == "" {
		return nil, missingParameter("cidrBlock")
	}
	cidr, err := block(in.CidrBlock, "CidrBlock")
	switch {
	case err != nil:
		return nil, err
	case cidr.Bits() < 16 || cidr.Bits() > 28:
		return nil, wire.Errorf("InvalidVpc.Range", "The CIDR '%s' is invalid.", in.CidrBlock)
	case in.InstanceTenancy != "" && in.InstanceTenancy != "default" && in.InstanceTenancy != "dedicated":
		return nil, invalid("Value (%s) for parameter instanceTenancy is invalid.", in.InstanceTenancy)
	case in.InstanceTenancy == "dedicated":
		return nil, refused("Dedicated tenancy is not there on machines of your own: leave InstanceTenancy out.")
	}
	tags, err := tagsOf(in.TagSpecifications, "vpc")
	if err != nil {
		return nil, err
	}
	v := vpcRecord{ID: c.id("vpc"), CIDR: cidr, Tags: tags, DNSHostnames: new(bool)}
	err = c.update(func(w store.Writer) error {
		if len(vpcs.all(c, w, nil)) >= maxVPCs {
			return wire.Errorf("VpcLimitExceeded", "The maximum number of VPCs has been reached.")
		}
		if err := store.VPCs.Put(w, c.scope.Key(v.ID), v); err != nil {
			return err
		}
		table := tableRecord{ID: c.id("rtb"), VPCID: v.ID, Associations: []state.RouteTableAssociation{{ID: c.id("rtbassoc"), Main: true}}}
		if err := store.RouteTables.Put(w, c.scope.Key(table.ID), table); err != nil {
			return err
		}
		g := groupRecord{ID: c.id("sg"), Name: "default", Description: "default VPC security group", VPCID: v.ID, IsDefault: true, Ruled: true}
		g.Rules = state.DefaultRules(g.ID, c.scope.Account, func(int) string { return c.id("sgr") })
		return store.SecurityGroups.Put(w, c.scope.Key(g.ID), g)
	})
	if err != nil {
		return nil, err
	}
	shape := c.vpcShape(v)
	return &CreateVpcOutput{&shape}, nil
}

// block reads an IPv4 range. Bits behind the mask are cut off, as AWS does.
func block(text, parameter string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil || !p.Addr().Is4() {
		return p, invalid("Value (%s) for parameter %s is invalid. This is not a valid CIDR block.", text, parameter)
	}
	return p.Masked(), nil
}

// DescribeVpcsInput is the SDK's.
type DescribeVpcsInput struct {
	Filters    []Filter `ec2:"Filter"`
	VpcIds     []string `ec2:"VpcId"`
	NextToken  string
	MaxResults *int32
	DryRun     bool
}

// DescribeVpcsOutput is the SDK's.
type DescribeVpcsOutput struct {
	Vpcs      []Vpc `ec2:"vpcSet"`
	NextToken string
}

func vpcListing() listing[Vpc] {
	cidr := one(func(v Vpc) string { return v.CidrBlock })
	isDefault := yesNo(func(v Vpc) bool { return v.IsDefault })
	ranges := func(v Vpc) []VpcCidrBlockAssociation { return v.CidrBlockAssociationSet }
	return listing[Vpc]{
		name: "DescribeVpcs", idList: "vpcIds", least: 5, id: func(v Vpc) string { return v.VpcId }, notFound: vpcs.notFound,
		tags: func(v Vpc) []Tag { return v.Tags },
		filters: map[string]func(Vpc) []string{
			"cidr": cidr, "cidrBlock": cidr, "cidr-block": cidr,
			"cidr-block-association.cidr-block":     cidr,
			"cidr-block-association.association-id": each(ranges, func(a VpcCidrBlockAssociation) string { return a.AssociationId }),
			"cidr-block-association.state":          each(ranges, func(a VpcCidrBlockAssociation) string { return a.CidrBlockState.State }),
			"dhcp-options-id":                       one(func(v Vpc) string { return v.DhcpOptionsId }),
			"is-default":                            isDefault, "isDefault": isDefault,
			"owner-id": one(func(v Vpc) string { return v.OwnerId }),
			"state":    one(func(v Vpc) string { return v.State }),
			"vpc-id":   one(func(v Vpc) string { return v.VpcId }),

			"ipv6-cidr-block-association.ipv6-cidr-block": none[Vpc], "ipv6-cidr-block-association.ipv6-pool": none[Vpc],
			"ipv6-cidr-block-association.association-id": none[Vpc], "ipv6-cidr-block-association.state": none[Vpc],
		},
	}
}

func describeVpcs(c *call, in *DescribeVpcsInput) (*DescribeVpcsOutput, error) {
	var all []Vpc
	err := c.view(func(r store.Reader) error {
		for _, v := range vpcs.all(c, r, nil) {
			all = append(all, c.vpcShape(v))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &DescribeVpcsOutput{}
	out.Vpcs, out.NextToken, err = vpcListing().page(all, wanted{in.VpcIds, in.Filters, in.MaxResults, in.NextToken})
	return out, err
}

// DeleteVpcInput is the SDK's.
type DeleteVpcInput struct {
	VpcId  string
	DryRun bool
}

// DeleteVpcOutput is the SDK's, with what AWS answers.
type DeleteVpcOutput struct{}

// deleteVpc takes a VPC away with its main route table and its default group;
// everything else in it must be gone.
func deleteVpc(c *call, in *DeleteVpcInput) (*DeleteVpcOutput, error) {
	return &DeleteVpcOutput{}, c.update(func(w store.Writer) error {
		v, err := vpcs.get(c, w, "vpcId", in.VpcId)
		if err != nil {
			return err
		}
		if v.IsDefault {
			return wire.Errorf("OperationNotPermitted", "The default VPC is kept: tasks whose subnets nobody made are in it.")
		}
		used := subnets.any(c, w, func(s subnetRecord) bool { return s.VPCID == v.ID }) ||
			groups.any(c, w, func(g groupRecord) bool { return g.VPCID == v.ID && !g.IsDefault }) ||
			tables.any(c, w, func(t tableRecord) bool { return t.VPCID == v.ID && !t.Main() }) ||
			gateways.any(c, w, func(g gatewayRecord) bool { return g.VPCID == v.ID })
		if used {
			return dependency("vpc", v.ID)
		}
		for _, t := range tables.all(c, w, func(t tableRecord) bool { return t.VPCID == v.ID }) {
			store.RouteTables.Delete(w, c.scope.Key(t.ID))
		}
		for _, g := range groups.all(c, w, func(g groupRecord) bool { return g.VPCID == v.ID }) {
			if referenced(c, w, g) {
				return dependency("vpc", v.ID)
			}
			store.SecurityGroups.Delete(w, c.scope.Key(g.ID))
		}
		store.VPCs.Delete(w, c.scope.Key(v.ID))
		return nil
	})
}
