package ec2

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"

	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// IpPermission is what rules with the same protocol and ports have in common.
type IpPermission struct {
	IpProtocol       string
	FromPort         *int32
	ToPort           *int32
	UserIdGroupPairs []UserIdGroupPair `ec2:"groups"`
	IpRanges         []IpRange
	Ipv6Ranges       []Ipv6Range
	PrefixListIds    []PrefixListId
}

// UserIdGroupPair names a group.
type UserIdGroupPair struct {
	Description string
	UserId      string
	GroupName   string
	GroupId     string
	VpcId       string
}

// IpRange is an IPv4 range.
type IpRange struct {
	Description string
	CidrIp      string
}

// Ipv6Range is an IPv6 range.
type Ipv6Range struct {
	Description string
	CidrIpv6    string
}

// PrefixListId names a prefix list.
type PrefixListId struct {
	Description  string
	PrefixListId string
}

// permissionsOf gathers rules as DescribeSecurityGroups shows them.
func permissionsOf(rules []ruleRecord, egress bool) []IpPermission {
	out := []IpPermission{}
	at := map[string]int{}
	for _, r := range rules {
		if r.Egress != egress {
			continue
		}
		key := r.Protocol + " " + strconv.Itoa(int(r.From)) + " " + strconv.Itoa(int(r.To))
		i, ok := at[key]
		if !ok {
			i, at[key] = len(out), len(out)
			p := IpPermission{IpProtocol: r.Protocol, UserIdGroupPairs: []UserIdGroupPair{}, IpRanges: []IpRange{}, Ipv6Ranges: []Ipv6Range{}, PrefixListIds: []PrefixListId{}}
			if r.Protocol != "-1" {
				p.FromPort, p.ToPort = &r.From, &r.To
			}
			out = append(out, p)
		}
		p := &out[i]
		switch {
		case r.Group != "":
			p.UserIdGroupPairs = append(p.UserIdGroupPairs, UserIdGroupPair{Description: r.Description, UserId: r.GroupOwner, GroupId: r.Group})
		case r.CIDR.Addr().Is4():
			p.IpRanges = append(p.IpRanges, IpRange{r.Description, r.CIDR.String()})
		default:
			p.Ipv6Ranges = append(p.Ipv6Ranges, Ipv6Range{r.Description, r.CIDR.String()})
		}
	}
	return out
}

// protocolNames are the names that AWS has for numbers.
var protocolNames = map[string]string{"all": "-1", "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "TCP": "tcp", "UDP": "udp", "ICMP": "icmp"}

// span reads protocol and ports, and puts what is left out in its place.
//
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
func span(protocol string, from, to *int32) (string, int32, int32, error) {
	if name, ok := protocolNames[protocol]; ok {
		protocol = name
	}
	switch protocol {
	case "":
		return "", 0, 0, missingParameter("ipProtocol")
	case "tcp", "udp":
		if from == nil || to == nil {
			return "", 0, 0, wire.Errorf("MissingParameter", "Invalid value 'null' for portRange. Must specify both from and to ports with TCP/UDP.")
		}
		if *from < 0 || *from > 65535 || *to < 0 || *to > 65535 {
			return "", 0, 0, invalid("Invalid value '%d-%d' for portRange. TCP/UDP ports are from 0 to 65535.", *from, *to)
		}
		if *from > *to {
			return "", 0, 0, invalid("Invalid TCP/UDP port range (%d:%d)", *from, *to)
		}
		return protocol, *from, *to, nil
	case "icmp", "icmpv6":
		f, t := int32(-1), int32(-1)
		if from != nil {
			f = *from
		}
		if to != nil {
			t = *to
		}
		if f < -1 || f > 255 || t < -1 || t > 255 || f == -1 && t != -1 {
			return "", 0, 0, invalid("ICMP code (%d) and type (%d) are from -1 to 255, and a code needs a type.", t, f)
		}
		return protocol, f, t, nil
	case "-1":
		return protocol, -1, -1, nil
	}
	n, err := strconv.Atoi(protocol)
	if err != nil || n < 0 || n > 255 {
		return "", 0, 0, invalid("Invalid value '%s' for IP protocol. Unknown protocol.", protocol)
	}
	return strconv.Itoa(n), -1, -1, nil
}

var ruleText = regexp.MustCompile(`^[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{0,255}$`)

func checkDescription(text string) error {
	if !ruleText.MatchString(text) {
		return invalid("Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*")
	}
	return nil
}

// rulesOf takes permissions apart into rules without ids.
func (c *call) rulesOf(r store.Reader, g groupRecord, permissions []IpPermission, egress bool) ([]ruleRecord, error) {
	var out []ruleRecord
	for _, p := range permissions {
		protocol, from, to, err := span(p.IpProtocol, p.FromPort, p.ToPort)
		if err != nil {
			return nil, err
		}
		base := ruleRecord{Egress: egress, Protocol: protocol, From: from, To: to}
		more, err := c.sources(r, g, p, base)
		if err != nil {
			return nil, err
		}
		if len(more) == 0 {
			return nil, missingParameter("ipPermissions.ipRanges, groups or ipv6Ranges")
		}
		for _, rule := range more {
			if err := checkDescription(rule.Description); err != nil {
				return nil, err
			}
			if slices.ContainsFunc(out, rule.SameAs) {
				return nil, invalid("The same permission must not appear multiple times")
			}
			out = append(out, rule)
		}
	}
	return out, nil
}

// sources makes a rule of each range and group of a permission.
func (c *call) sources(r store.Reader, g groupRecord, p IpPermission, base ruleRecord) (out []ruleRecord, err error) {
	for _, x := range p.IpRanges {
		rule := base
		if rule.CIDR, err = block(x.CidrIp, "cidrIp"); err != nil {
			return nil, err
		}
		rule.Description = x.Description
		out = append(out, rule)
	}
	for _, x := range p.Ipv6Ranges {
		rule := base
		cidr, err := netip.ParsePrefix(x.CidrIpv6)
		if err != nil || !cidr.Addr().Is6() || cidr.Addr().Is4In6() {
			return nil, invalid("CIDR block %s is malformed", x.CidrIpv6)
		}
		rule.CIDR, rule.Description = cidr.Masked(), x.Description
		out = append(out, rule)
	}
	for _, x := range p.UserIdGroupPairs {
		rule := base
		other, err := c.pair(r, g, x)
		if err != nil {
			return nil, err
		}
		rule.Group, rule.GroupOwner, rule.Description = other.ID, c.scope.Account, x.Description
		out = append(out, rule)
	}
	for _, x := range p.PrefixListIds {
		return nil, wire.Errorf("InvalidPrefixListID.NotFound", "The prefix list ID '%s' does not exist", x.PrefixListId)
	}
	return out, nil
}

// pair finds the group that a rule names.
func (c *call) pair(r store.Reader, g groupRecord, x UserIdGroupPair) (groupRecord, error) {
	if x.UserId != "" && x.UserId != c.scope.Account {
		return groupRecord{}, refused("Groups of another account (%s) cannot be named: there is no peering.", x.UserId)
	}
	other, err := groupRecord{}, error(nil)
	if x.GroupId == "" && x.GroupName != "" {
		other, err = c.inVPC(r, g.VPCID, x.GroupName)
	} else {
		other, err = groups.get(c, r, "groupId", x.GroupId)
	}
	switch {
	case err != nil:
		return other, err
	case other.VPCID != g.VPCID || x.VpcId != "" && x.VpcId != g.VPCID:
		return other, wire.Errorf("InvalidGroup.NotFound", "You have specified two resources that belong to different networks.")
	}
	return other, nil
}

func (c *call) inVPC(r store.Reader, vpc, name string) (groupRecord, error) {
	for _, g := range groups.all(c, r, func(g groupRecord) bool { return g.VPCID == vpc && g.Name == name }) {
		return g, nil
	}
	return groupRecord{}, wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist", name)
}
