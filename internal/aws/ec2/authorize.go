package ec2

import (
	"slices"

	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// maxRules is how many rules a group can have in one direction.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
const maxRules = 60

// AuthorizeSecurityGroupIngressInput is the SDK's.
type AuthorizeSecurityGroupIngressInput struct {
	GroupId                    string
	GroupName                  string
	IpPermissions              []IpPermission
	IpProtocol                 string
	FromPort                   *int32
	ToPort                     *int32
	CidrIp                     string
	SourceSecurityGroupName    string
	SourceSecurityGroupOwnerId string
	TagSpecifications          []TagSpecification `ec2:"TagSpecification"`
	DryRun                     bool
}

// AuthorizeSecurityGroupIngressOutput is the SDK's.
type AuthorizeSecurityGroupIngressOutput struct {
	Return             bool
	SecurityGroupRules []SecurityGroupRule `ec2:"securityGroupRuleSet"`
}

// AuthorizeSecurityGroupEgressInput is the SDK's.
type AuthorizeSecurityGroupEgressInput AuthorizeSecurityGroupIngressInput

// AuthorizeSecurityGroupEgressOutput is the SDK's.
type AuthorizeSecurityGroupEgressOutput AuthorizeSecurityGroupIngressOutput

func authorizeIngress(c *call, in *AuthorizeSecurityGroupIngressInput) (*AuthorizeSecurityGroupIngressOutput, error) {
	return c.authorize(in, false)
}

func authorizeEgress(c *call, in *AuthorizeSecurityGroupEgressInput) (*AuthorizeSecurityGroupEgressOutput, error) {
	if in.GroupName != "" {
		return nil, unknownParameter("GroupName")
	}
	out, err := c.authorize((*AuthorizeSecurityGroupIngressInput)(in), true)
	return (*AuthorizeSecurityGroupEgressOutput)(out), err
}

// authorize adds rules to a group, all or none.
//
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html
func (c *call) authorize(in *AuthorizeSecurityGroupIngressInput, egress bool) (*AuthorizeSecurityGroupIngressOutput, error) {
	tags, err := tagsOf(in.TagSpecifications, "security-group-rule")
	if err != nil {
		return nil, err
	}
	permissions, err := single(in.IpPermissions, in.IpProtocol, in.FromPort, in.ToPort, in.CidrIp, in.SourceSecurityGroupName, in.SourceSecurityGroupOwnerId)
	if err != nil {
		return nil, err
	}
	out := &AuthorizeSecurityGroupIngressOutput{}
	return out, c.update(func(w store.Writer) error {
		*out = AuthorizeSecurityGroupIngressOutput{Return: true}
		g, err := c.group(w, in.GroupId, in.GroupName)
		if err != nil {
			return err
		}
		rules, err := c.rulesOf(w, g, permissions, egress)
		if err != nil {
			return err
		}
		c.rule(&g)
		for _, rule := range rules {
			if slices.ContainsFunc(g.Rules, rule.SameAs) {
				return wire.Errorf("InvalidPermission.Duplicate", "the specified rule \"%s\" already exists", ruleWords(rule))
			}
			rule.ID, rule.Tags = c.id("sgr"), tags
			g.Rules = append(g.Rules, rule)
			out.SecurityGroupRules = append(out.SecurityGroupRules, c.ruleShape(g, rule))
		}
		if count(g.Rules, egress) > maxRules {
			return wire.Errorf("RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached.")
		}
		return store.SecurityGroups.Put(w, c.scope.Key(g.ID), g)
	})
}

// rule gives a group rules of its own, to be changed.
func (c *call) rule(g *groupRecord) {
	g.Rules, g.Ruled = slices.Clone(g.Permissions(c.scope.Account)), true
}

func count(rules []ruleRecord, egress bool) (n int) {
	for _, r := range rules {
		if r.Egress == egress {
			n++
		}
	}
	return n
}

// single makes a permission of the parameters that describe just one.
func single(permissions []IpPermission, protocol string, from, to *int32, cidr, group, owner string) ([]IpPermission, error) {
	lone := protocol != "" || from != nil || to != nil || cidr != "" || group != "" || owner != ""
	switch {
	case lone && len(permissions) > 0:
		return nil, badCombination("The parameter ipPermissions may not be used with the parameters of a single permission")
	case !lone && len(permissions) == 0:
		return nil, missingParameter("ipPermissions")
	case !lone:
		return permissions, nil
	}
	p := IpPermission{IpProtocol: protocol, FromPort: from, ToPort: to}
	if cidr != "" {
		p.IpRanges = []IpRange{{CidrIp: cidr}}
	}
	if group != "" {
		if protocol == "" {
			p.IpProtocol = "-1"
		}
		p.UserIdGroupPairs = []UserIdGroupPair{{GroupName: group, UserId: owner}}
	}
	return []IpPermission{p}, nil
}

// ruleWords tells a rule as AWS does in its errors.
func ruleWords(r ruleRecord) string {
	peer := r.Group
	if peer == "" {
		peer = r.CIDR.String()
	}
	ports := "ALL"
	if r.Protocol == "tcp" || r.Protocol == "udp" {
		ports = "from port: " + number(r.From) + ", to port: " + number(r.To)
	}
	protocol := r.Protocol
	if protocol == "-1" {
		protocol, ports = "ALL", "ALL"
	}
	if ports == "ALL" {
		return "peer: " + peer + ", " + protocol + ", ALLOW"
	}
	return "peer: " + peer + ", " + upper(protocol) + ", " + ports + ", ALLOW"
}
