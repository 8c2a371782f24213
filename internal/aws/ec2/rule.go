package ec2

import (
	"slices"

	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// SecurityGroupRule is a rule as it is described.
type SecurityGroupRule struct {
	SecurityGroupRuleId  string
	SecurityGroupRuleArn string
	GroupId              string
	GroupOwnerId         string
	IsEgress             bool
	IpProtocol           string
	FromPort             *int32
	ToPort               *int32
	CidrIpv4             string
	CidrIpv6             string
	ReferencedGroupInfo  *ReferencedSecurityGroup
	Description          string
	Tags                 []Tag `ec2:"tagSet"`
}

// ReferencedSecurityGroup is the group that a rule names.
type ReferencedSecurityGroup struct {
	GroupId string
	UserId  string
	VpcId   string
}

func (c *call) ruleShape(g groupRecord, r ruleRecord) SecurityGroupRule {
	out := SecurityGroupRule{
		SecurityGroupRuleId: r.ID, SecurityGroupRuleArn: c.arn("security-group-rule", r.ID), GroupId: g.ID, GroupOwnerId: c.scope.Account,
		IsEgress: r.Egress, IpProtocol: r.Protocol, FromPort: &r.From, ToPort: &r.To, Description: r.Description, Tags: listTags(r.Tags),
	}
	out.CidrIpv4, out.CidrIpv6 = cidrs(r)
	if r.Group != "" {
		out.ReferencedGroupInfo = &ReferencedSecurityGroup{GroupId: r.Group, UserId: r.GroupOwner, VpcId: g.VPCID}
	}
	return out
}

// DescribeSecurityGroupRulesInput is the SDK's.
type DescribeSecurityGroupRulesInput struct {
	Filters              []Filter `ec2:"Filter"`
	SecurityGroupRuleIds []string `ec2:"SecurityGroupRuleId"`
	NextToken            string
	MaxResults           *int32
	DryRun               bool
}

// DescribeSecurityGroupRulesOutput is the SDK's.
type DescribeSecurityGroupRulesOutput struct {
	SecurityGroupRules []SecurityGroupRule `ec2:"securityGroupRuleSet"`
	NextToken          string
}

func describeSecurityGroupRules(c *call, in *DescribeSecurityGroupRulesInput) (*DescribeSecurityGroupRulesOutput, error) {
	var all []SecurityGroupRule
	err := c.view(func(r store.Reader) error {
		for _, g := range groups.all(c, r, nil) {
			for _, rule := range g.Permissions(c.scope.Account) {
				all = append(all, c.ruleShape(g, rule))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	l := listing[SecurityGroupRule]{
		name: "DescribeSecurityGroupRules", idList: "securityGroupRuleIds", least: 5, notFound: ruleNotFound,
		id: func(r SecurityGroupRule) string { return r.SecurityGroupRuleId }, tags: func(r SecurityGroupRule) []Tag { return r.Tags },
		filters: map[string]func(SecurityGroupRule) []string{
			"group-id":               one(func(r SecurityGroupRule) string { return r.GroupId }),
			"security-group-rule-id": one(func(r SecurityGroupRule) string { return r.SecurityGroupRuleId }),
		},
	}
	out := &DescribeSecurityGroupRulesOutput{}
	out.SecurityGroupRules, out.NextToken, err = l.page(all, wanted{in.SecurityGroupRuleIds, in.Filters, in.MaxResults, in.NextToken})
	return out, err
}

// SecurityGroupRuleUpdate is what a rule becomes.
type SecurityGroupRuleUpdate struct {
	SecurityGroupRuleId string
	SecurityGroupRule   *SecurityGroupRuleRequest
}

// SecurityGroupRuleRequest is a rule to be.
type SecurityGroupRuleRequest struct {
	IpProtocol        string
	FromPort          *int32
	ToPort            *int32
	CidrIpv4          string
	CidrIpv6          string
	PrefixListId      string
	ReferencedGroupId string
	Description       string
}

// ModifySecurityGroupRulesInput is the SDK's.
type ModifySecurityGroupRulesInput struct {
	GroupId            string
	SecurityGroupRules []SecurityGroupRuleUpdate `ec2:"SecurityGroupRule"`
	DryRun             bool
}

// ModifySecurityGroupRulesOutput is the SDK's.
type ModifySecurityGroupRulesOutput struct{ Return bool }

// modifySecurityGroupRules puts other rules in the place of a group's.
//
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySecurityGroupRules.html
func modifySecurityGroupRules(c *call, in *ModifySecurityGroupRulesInput) (*ModifySecurityGroupRulesOutput, error) {
	if len(in.SecurityGroupRules) == 0 {
		return nil, missingParameter("SecurityGroupRule")
	}
	return &ModifySecurityGroupRulesOutput{Return: true}, c.update(func(w store.Writer) error {
		g, err := groups.get(c, w, "groupId", in.GroupId)
		if err != nil {
			return err
		}
		c.rule(&g)
		for _, u := range in.SecurityGroupRules {
			i := slices.IndexFunc(g.Rules, func(r ruleRecord) bool { return r.ID == u.SecurityGroupRuleId })
			if i < 0 {
				return ruleNotFound(u.SecurityGroupRuleId)
			}
			if u.SecurityGroupRule == nil {
				return missingParameter("SecurityGroupRule.SecurityGroupRule")
			}
			next, err := c.changed(w, g, g.Rules[i], *u.SecurityGroupRule)
			if err != nil {
				return err
			}
			if j := slices.IndexFunc(g.Rules, next.SameAs); j >= 0 && j != i {
				return wire.Errorf("InvalidPermission.Duplicate", "the specified rule \"%s\" already exists", ruleWords(next))
			}
			g.Rules[i] = next
		}
		return store.SecurityGroups.Put(w, c.scope.Key(g.ID), g)
	})
}

// changed is a rule as a request wants it, under its id.
func (c *call) changed(r store.Reader, g groupRecord, old ruleRecord, in SecurityGroupRuleRequest) (ruleRecord, error) {
	p := IpPermission{IpProtocol: in.IpProtocol, FromPort: in.FromPort, ToPort: in.ToPort}
	if in.CidrIpv4 != "" {
		p.IpRanges = []IpRange{{in.Description, in.CidrIpv4}}
	}
	if in.CidrIpv6 != "" {
		p.Ipv6Ranges = []Ipv6Range{{in.Description, in.CidrIpv6}}
	}
	if in.ReferencedGroupId != "" {
		p.UserIdGroupPairs = []UserIdGroupPair{{Description: in.Description, GroupId: in.ReferencedGroupId}}
	}
	if in.PrefixListId != "" {
		p.PrefixListIds = []PrefixListId{{in.Description, in.PrefixListId}}
	}
	rules, err := c.rulesOf(r, g, []IpPermission{p}, old.Egress)
	if err != nil {
		return old, err
	}
	next := rules[0]
	kind := func(r ruleRecord) int {
		switch {
		case r.Group != "":
			return 0
		case r.CIDR.Addr().Is4():
			return 1
		}
		return 2
	}
	if len(rules) > 1 || kind(next) != kind(old) {
		return old, invalid("A security group rule can only be changed to one of the same kind of source or destination.")
	}
	next.ID, next.Tags = old.ID, old.Tags
	return next, nil
}

// SecurityGroupRuleDescription is a rule's new description.
type SecurityGroupRuleDescription struct {
	SecurityGroupRuleId string
	Description         string
}

// UpdateSecurityGroupRuleDescriptionsIngressInput is the SDK's.
type UpdateSecurityGroupRuleDescriptionsIngressInput struct {
	GroupId                       string
	GroupName                     string
	IpPermissions                 []IpPermission
	SecurityGroupRuleDescriptions []SecurityGroupRuleDescription `ec2:"SecurityGroupRuleDescription"`
	DryRun                        bool
}

// UpdateSecurityGroupRuleDescriptionsIngressOutput is the SDK's.
type UpdateSecurityGroupRuleDescriptionsIngressOutput struct{ Return bool }

// UpdateSecurityGroupRuleDescriptionsEgressInput is the SDK's.
type UpdateSecurityGroupRuleDescriptionsEgressInput UpdateSecurityGroupRuleDescriptionsIngressInput

// UpdateSecurityGroupRuleDescriptionsEgressOutput is the SDK's.
type UpdateSecurityGroupRuleDescriptionsEgressOutput struct{ Return bool }

func updateDescriptionsIngress(c *call, in *UpdateSecurityGroupRuleDescriptionsIngressInput) (*UpdateSecurityGroupRuleDescriptionsIngressOutput, error) {
	return &UpdateSecurityGroupRuleDescriptionsIngressOutput{true}, c.describeRules(in, false)
}

func updateDescriptionsEgress(c *call, in *UpdateSecurityGroupRuleDescriptionsEgressInput) (*UpdateSecurityGroupRuleDescriptionsEgressOutput, error) {
	return &UpdateSecurityGroupRuleDescriptionsEgressOutput{true}, c.describeRules((*UpdateSecurityGroupRuleDescriptionsIngressInput)(in), true)
}

// describeRules gives rules, named by id or by what they say, new descriptions.
func (c *call) describeRules(in *UpdateSecurityGroupRuleDescriptionsIngressInput, egress bool) error {
	switch {
	case len(in.IpPermissions) == 0 && len(in.SecurityGroupRuleDescriptions) == 0:
		return missingParameter("ipPermissions")
	case len(in.IpPermissions) > 0 && len(in.SecurityGroupRuleDescriptions) > 0:
		return badCombination("The parameter ipPermissions may not be used with securityGroupRuleDescriptions")
	}
	return c.update(func(w store.Writer) error {
		g, err := c.group(w, in.GroupId, in.GroupName)
		if err != nil {
			return err
		}
		c.rule(&g)
		wantedRules, err := c.rulesOf(w, g, in.IpPermissions, egress)
		if err != nil {
			return err
		}
		for _, rule := range wantedRules {
			i := slices.IndexFunc(g.Rules, rule.SameAs)
			if i < 0 {
				return wire.Errorf("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
			}
			g.Rules[i].Description = rule.Description
		}
		for _, d := range in.SecurityGroupRuleDescriptions {
			i := slices.IndexFunc(g.Rules, func(r ruleRecord) bool { return r.ID == d.SecurityGroupRuleId && r.Egress == egress })
			if i < 0 {
				return ruleNotFound(d.SecurityGroupRuleId)
			}
			if err := checkDescription(d.Description); err != nil {
				return err
			}
			g.Rules[i].Description = d.Description
		}
		return store.SecurityGroups.Put(w, c.scope.Key(g.ID), g)
	})
}
