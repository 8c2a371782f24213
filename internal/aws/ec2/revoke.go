package ec2

import (
	"slices"
	"strconv"
	"strings"

	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func number(n int32) string { return strconv.Itoa(int(n)) }

func upper(s string) string { return strings.ToUpper(s) }

// RevokeSecurityGroupIngressInput is the SDK's.
type RevokeSecurityGroupIngressInput struct {
	GroupId                    string
	GroupName                  string
	SecurityGroupRuleIds       []string `ec2:"SecurityGroupRuleId"`
	IpPermissions              []IpPermission
	IpProtocol                 string
	FromPort                   *int32
	ToPort                     *int32
	CidrIp                     string
	SourceSecurityGroupName    string
	SourceSecurityGroupOwnerId string
	DryRun                     bool
}

// RevokeSecurityGroupIngressOutput is the SDK's.
type RevokeSecurityGroupIngressOutput struct {
	Return                    bool
	UnknownIpPermissions      []IpPermission             `ec2:"unknownIpPermissionSet"`
	RevokedSecurityGroupRules []RevokedSecurityGroupRule `ec2:"revokedSecurityGroupRuleSet"`
}

// RevokedSecurityGroupRule is a rule that is no more.
type RevokedSecurityGroupRule struct {
	SecurityGroupRuleId string
	GroupId             string
	IsEgress            bool
	IpProtocol          string
	FromPort            *int32
	ToPort              *int32
	CidrIpv4            string
	CidrIpv6            string
	ReferencedGroupId   string
	Description         string
}

// RevokeSecurityGroupEgressInput is the SDK's.
type RevokeSecurityGroupEgressInput RevokeSecurityGroupIngressInput

// RevokeSecurityGroupEgressOutput is the SDK's.
type RevokeSecurityGroupEgressOutput RevokeSecurityGroupIngressOutput

func revokeIngress(c *call, in *RevokeSecurityGroupIngressInput) (*RevokeSecurityGroupIngressOutput, error) {
	return c.revoke(in, false)
}

func revokeEgress(c *call, in *RevokeSecurityGroupEgressInput) (*RevokeSecurityGroupEgressOutput, error) {
	if in.GroupName != "" {
		return nil, unknownParameter("GroupName")
	}
	out, err := c.revoke((*RevokeSecurityGroupIngressInput)(in), true)
	return (*RevokeSecurityGroupEgressOutput)(out), err
}

// revoke takes rules out of a group, by id or by what they say. In the default
// VPC what is not there is told, elsewhere it is an error. Connections that
// stand go on.
//
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RevokeSecurityGroupIngress.html
func (c *call) revoke(in *RevokeSecurityGroupIngressInput, egress bool) (*RevokeSecurityGroupIngressOutput, error) {
	permissions, err := single(in.IpPermissions, in.IpProtocol, in.FromPort, in.ToPort, in.CidrIp, in.SourceSecurityGroupName, in.SourceSecurityGroupOwnerId)
	switch byID := len(in.SecurityGroupRuleIds) > 0; {
	case byID && len(in.IpPermissions)+len(permissions) > 0:
		return nil, badCombination("The parameter securityGroupRuleIds may not be used with ipPermissions or the parameters of a single permission")
	case !byID && err != nil:
		return nil, err
	}
	out := &RevokeSecurityGroupIngressOutput{}
	return out, c.update(func(w store.Writer) error {
		*out = RevokeSecurityGroupIngressOutput{Return: true}
		g, err := c.group(w, in.GroupId, in.GroupName)
		if err != nil {
			return err
		}
		c.rule(&g)
		gone, err := c.toRevoke(w, g, in.SecurityGroupRuleIds, permissions, egress)
		if err != nil {
			return err
		}
		v, _ := store.VPCs.Get(w, c.scope.Key(g.VPCID))
		for _, rule := range gone {
			i := slices.IndexFunc(g.Rules, rule.SameAs)
			if i < 0 && !v.IsDefault {
				return wire.Errorf("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
			}
			if i < 0 {
				out.UnknownIpPermissions = append(out.UnknownIpPermissions, permissionsOf([]ruleRecord{rule}, egress)...)
				continue
			}
			out.RevokedSecurityGroupRules = append(out.RevokedSecurityGroupRules, revokedShape(g, g.Rules[i]))
			g.Rules = slices.Delete(g.Rules, i, i+1)
		}
		return store.SecurityGroups.Put(w, c.scope.Key(g.ID), g)
	})
}

// toRevoke are the rules that a request means, some perhaps not there.
func (c *call) toRevoke(r store.Reader, g groupRecord, ids []string, permissions []IpPermission, egress bool) ([]ruleRecord, error) {
	if len(ids) == 0 {
		for i := range permissions { // a description does not tell rules apart
			permissions[i] = undescribed(permissions[i])
		}
		return c.rulesOf(r, g, permissions, egress)
	}
	var out []ruleRecord
	for _, id := range ids {
		i := slices.IndexFunc(g.Rules, func(rule ruleRecord) bool { return rule.ID == id && rule.Egress == egress })
		if i < 0 {
			return nil, ruleNotFound(id)
		}
		out = append(out, g.Rules[i])
	}
	return out, nil
}

func undescribed(p IpPermission) IpPermission {
	p.IpRanges, p.Ipv6Ranges, p.UserIdGroupPairs = slices.Clone(p.IpRanges), slices.Clone(p.Ipv6Ranges), slices.Clone(p.UserIdGroupPairs)
	for i := range p.IpRanges {
		p.IpRanges[i].Description = ""
	}
	for i := range p.Ipv6Ranges {
		p.Ipv6Ranges[i].Description = ""
	}
	for i := range p.UserIdGroupPairs {
		p.UserIdGroupPairs[i].Description = ""
	}
	return p
}

func ruleNotFound(id string) error {
	if digits, ok := strings.CutPrefix(id, "sgr-"); !ok || !hexDigits.MatchString(digits) {
		return wire.Errorf("InvalidSecurityGroupRuleId.Malformed", "The security group rule ID '%s' is malformed", id)
	}
	return wire.Errorf("InvalidSecurityGroupRuleId.NotFound", "The security group rule ID '%s' does not exist", id)
}

func revokedShape(g groupRecord, r ruleRecord) RevokedSecurityGroupRule {
	out := RevokedSecurityGroupRule{
		SecurityGroupRuleId: r.ID, GroupId: g.ID, IsEgress: r.Egress, IpProtocol: r.Protocol, FromPort: &r.From, ToPort: &r.To,
		ReferencedGroupId: r.Group, Description: r.Description,
	}
	out.CidrIpv4, out.CidrIpv6 = cidrs(r)
	return out
}

func cidrs(r ruleRecord) (v4, v6 string) {
	switch {
	case r.Group != "":
	case r.CIDR.Addr().Is4():
		v4 = r.CIDR.String()
	default:
		v6 = r.CIDR.String()
	}
	return v4, v6
}
