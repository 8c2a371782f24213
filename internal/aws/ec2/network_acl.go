package ec2

import (
	"strconv"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// NetworkAcl is a network ACL as it is described. A VPC has its default one,
// which lets all pass and cannot be changed.
type NetworkAcl struct {
	NetworkAclId string
	VpcId        string
	OwnerId      string
	IsDefault    bool                    `ec2:"default"`
	Associations []NetworkAclAssociation `ec2:"associationSet"`
	Entries      []NetworkAclEntry       `ec2:"entrySet"`
	Tags         []Tag                   `ec2:"tagSet"`
}

// NetworkAclAssociation is a subnet's.
type NetworkAclAssociation struct {
	NetworkAclAssociationId string
	NetworkAclId            string
	SubnetId                string
}

// NetworkAclEntry is a rule.
type NetworkAclEntry struct {
	CidrBlock  string
	Egress     bool
	Protocol   string
	RuleAction string
	RuleNumber *int32
}

// DescribeNetworkAclsInput is the SDK's.
type DescribeNetworkAclsInput struct {
	Filters       []Filter `ec2:"Filter"`
	NetworkAclIds []string `ec2:"NetworkAclId"`
	NextToken     string
	MaxResults    *int32
	DryRun        bool
}

// DescribeNetworkAclsOutput is the SDK's.
type DescribeNetworkAclsOutput struct {
	NetworkAcls []NetworkAcl `ec2:"networkAclSet"`
	NextToken   string
}

func describeNetworkAcls(c *call, in *DescribeNetworkAclsInput) (*DescribeNetworkAclsOutput, error) {
	var all []NetworkAcl
	err := c.view(func(r store.Reader) error {
		for _, v := range vpcs.all(c, r, nil) {
			all = append(all, c.aclShape(r, v))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	owned := func(a NetworkAcl) []NetworkAclAssociation { return a.Associations }
	entries := func(a NetworkAcl) []NetworkAclEntry { return a.Entries }
	l := listing[NetworkAcl]{
		name: "DescribeNetworkAcls", idList: "networkAclIds", least: 5, id: func(a NetworkAcl) string { return a.NetworkAclId }, tags: func(a NetworkAcl) []Tag { return a.Tags },
		notFound: func(id string) error {
			return wire.Errorf("InvalidNetworkAclID.NotFound", "The networkAcl ID '%s' does not exist", id)
		},
		filters: map[string]func(NetworkAcl) []string{
			"association.association-id": each(owned, func(a NetworkAclAssociation) string { return a.NetworkAclAssociationId }),
			"association.network-acl-id": each(owned, func(a NetworkAclAssociation) string { return a.NetworkAclId }),
			"association.subnet-id":      each(owned, func(a NetworkAclAssociation) string { return a.SubnetId }),
			"default":                    yesNo(func(a NetworkAcl) bool { return a.IsDefault }),
			"entry.cidr":                 each(entries, func(e NetworkAclEntry) string { return e.CidrBlock }),
			"entry.egress":               each(entries, func(e NetworkAclEntry) string { return strconv.FormatBool(e.Egress) }),
			"entry.protocol":             each(entries, func(e NetworkAclEntry) string { return e.Protocol }),
			"entry.rule-action":          each(entries, func(e NetworkAclEntry) string { return e.RuleAction }),
			"entry.rule-number":          each(entries, func(e NetworkAclEntry) string { return number(*e.RuleNumber) }),
			"network-acl-id":             one(func(a NetworkAcl) string { return a.NetworkAclId }),
			"owner-id":                   one(func(a NetworkAcl) string { return a.OwnerId }),
			"vpc-id":                     one(func(a NetworkAcl) string { return a.VpcId }),

			"entry.icmp.code": none[NetworkAcl], "entry.icmp.type": none[NetworkAcl], "entry.ipv6-cidr": none[NetworkAcl], "entry.port-range.from": none[NetworkAcl], "entry.port-range.to": none[NetworkAcl],
		},
	}
	out := &DescribeNetworkAclsOutput{}
	out.NetworkAcls, out.NextToken, err = l.page(all, wanted{in.NetworkAclIds, in.Filters, in.MaxResults, in.NextToken})
	return out, err
}

func (c *call) aclShape(r store.Reader, v vpcRecord) NetworkAcl {
	out := NetworkAcl{NetworkAclId: state.DefaultNetworkACL(v.ID), VpcId: v.ID, OwnerId: c.scope.Account, IsDefault: true, Associations: []NetworkAclAssociation{}, Tags: []Tag{}}
	for _, egress := range []bool{true, false} {
		first, last := int32(100), int32(32767)
		out.Entries = append(out.Entries,
			NetworkAclEntry{CidrBlock: "0.0.0.0/0", Egress: egress, Protocol: "-1", RuleAction: "allow", RuleNumber: &first},
			NetworkAclEntry{CidrBlock: "0.0.0.0/0", Egress: egress, Protocol: "-1", RuleAction: "deny", RuleNumber: &last})
	}
	for _, s := range subnets.all(c, r, func(s subnetRecord) bool { return s.VPCID == v.ID }) {
		out.Associations = append(out.Associations, NetworkAclAssociation{state.DerivedID("aclassoc", s.ID), out.NetworkAclId, s.ID})
	}
	return out
}

// PrefixList is a list of ranges of an AWS service.
type PrefixList struct {
	Cidrs          []string `ec2:"cidrSet"`
	PrefixListId   string
	PrefixListName string
}

// DescribePrefixListsInput is the SDK's.
type DescribePrefixListsInput struct {
	Filters       []Filter `ec2:"Filter"`
	PrefixListIds []string `ec2:"PrefixListId"`
	NextToken     string
	MaxResults    *int32
	DryRun        bool
}

// DescribePrefixListsOutput is the SDK's.
type DescribePrefixListsOutput struct {
	PrefixLists []PrefixList `ec2:"prefixListSet"`
	NextToken   string
}

// describePrefixLists lists none: there are no gateway endpoints here.
func describePrefixLists(c *call, in *DescribePrefixListsInput) (*DescribePrefixListsOutput, error) {
	l := listing[PrefixList]{
		name: "DescribePrefixLists", idList: "prefixListIds", least: 1, id: func(p PrefixList) string { return p.PrefixListId },
		notFound: func(id string) error {
			return wire.Errorf("InvalidPrefixListId.NotFound", "The prefix list ID '%s' does not exist", id)
		},
		filters: map[string]func(PrefixList) []string{
			"prefix-list-id":   one(func(p PrefixList) string { return p.PrefixListId }),
			"prefix-list-name": one(func(p PrefixList) string { return p.PrefixListName }),
		},
	}
	out := &DescribePrefixListsOutput{}
	var err error
	out.PrefixLists, out.NextToken, err = l.page(nil, wanted{in.PrefixListIds, in.Filters, in.MaxResults, in.NextToken})
	return out, err
}
