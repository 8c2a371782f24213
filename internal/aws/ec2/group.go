package ec2

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// SecurityGroup is a security group as it is described.
type SecurityGroup struct {
	GroupId             string
	SecurityGroupArn    string
	GroupName           string
	Description         string `ec2:"groupDescription"`
	OwnerId             string
	VpcId               string
	IpPermissions       []IpPermission
	IpPermissionsEgress []IpPermission
	Tags                []Tag `ec2:"tagSet"`
}

func (c *call) groupShape(g groupRecord) SecurityGroup {
	rules := g.Permissions(c.scope.Account)
	return SecurityGroup{
		GroupId: g.ID, SecurityGroupArn: c.arn("security-group", g.ID), GroupName: g.Name, Description: g.Description,
		OwnerId: c.scope.Account, VpcId: g.VPCID, Tags: listTags(g.Tags),
		IpPermissions: permissionsOf(rules, false), IpPermissionsEgress: permissionsOf(rules, true),
	}
}

const maxGroups = 2500 // of a region

var (
	groupName = regexp.MustCompile(`^[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}$`)
	groupText = regexp.MustCompile(`^[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{0,255}$`)
)

// CreateSecurityGroupInput is the SDK's.
type CreateSecurityGroupInput struct {
	Description       string `ec2:"GroupDescription"`
	GroupName         string
	VpcId             string
	TagSpecifications []TagSpecification `ec2:"TagSpecification"`
	DryRun            bool
}

// CreateSecurityGroupOutput is the SDK's.
type CreateSecurityGroupOutput struct {
	GroupId          string
	SecurityGroupArn string
	Tags             []Tag `ec2:"tagSet"`
}

// createSecurityGroup makes a group that lets nothing in and everything out.
//
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
func createSecurityGroup(c *call, in *CreateSecurityGroupInput) (*CreateSecurityGroupOutput, error) {
	switch {
	case in.GroupName == "":
		return nil, missingParameter("groupName")
	case in.Description == "":
		return nil, missingParameter("GroupDescription")
	case !groupName.MatchString(in.GroupName):
		return nil, invalid("Value (%s) for parameter groupName is invalid. Character sets beyond ASCII are not supported.", in.GroupName)
	case !groupText.MatchString(in.Description):
		return nil, invalid("Value (%s) for parameter GroupDescription is invalid. Character sets beyond ASCII are not supported.", in.Description)
	case strings.HasPrefix(in.GroupName, "sg-"):
		return nil, invalid("Value (%s) for parameter groupName is invalid. Group names may not be in the format sg-*.", in.GroupName)
	case in.GroupName == "default":
		return nil, wire.Errorf("InvalidGroup.Reserved", "The security group 'default' is reserved")
	}
	tags, err := tagsOf(in.TagSpecifications, "security-group")
	if err != nil {
		return nil, err
	}
	g := groupRecord{ID: c.id("sg"), Name: in.GroupName, Description: in.Description, Tags: tags, Ruled: true}
	g.Rules = []ruleRecord{state.EgressToAll(c.id("sgr"))}
	err = c.update(func(w store.Writer) error {
		v, err := c.groupVPC(w, in.VpcId)
		if err != nil {
			return err
		}
		g.VPCID = v.ID
		if len(groups.all(c, w, nil)) >= maxGroups {
			return wire.Errorf("SecurityGroupLimitExceeded", "The maximum number of security groups has been reached.")
		}
		if groups.any(c, w, func(o groupRecord) bool { return o.VPCID == v.ID && o.Name == g.Name }) {
			return wire.Errorf("InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", g.Name, v.ID)
		}
		return store.SecurityGroups.Put(w, c.scope.Key(g.ID), g)
	})
	if err != nil {
		return nil, err
	}
	return &CreateSecurityGroupOutput{GroupId: g.ID, SecurityGroupArn: c.arn("security-group", g.ID), Tags: listTags(tags)}, nil
}

// groupVPC is the VPC a request names, else the default one.
func (c *call) groupVPC(r store.Reader, id string) (vpcRecord, error) {
	if id != "" {
		return vpcs.get(c, r, "vpcId", id)
	}
	for _, v := range vpcs.all(c, r, func(v vpcRecord) bool { return v.IsDefault }) {
		return v, nil
	}
	return vpcRecord{}, wire.Errorf("VPCIdNotSpecified", "No default VPC for this user")
}

// DescribeSecurityGroupsInput is the SDK's.
type DescribeSecurityGroupsInput struct {
	Filters    []Filter `ec2:"Filter"`
	GroupIds   []string `ec2:"GroupId"`
	GroupNames []string `ec2:"GroupName"`
	NextToken  string
	MaxResults *int32
	DryRun     bool
}

// DescribeSecurityGroupsOutput is the SDK's.
type DescribeSecurityGroupsOutput struct {
	SecurityGroups []SecurityGroup `ec2:"securityGroupInfo"`
	NextToken      string
}

func groupListing() listing[SecurityGroup] {
	l := listing[SecurityGroup]{
		name: "DescribeSecurityGroups", idList: "groupIds", least: 5, id: func(g SecurityGroup) string { return g.GroupId }, notFound: groups.notFound,
		tags: func(g SecurityGroup) []Tag { return g.Tags },
		filters: map[string]func(SecurityGroup) []string{
			"description": one(func(g SecurityGroup) string { return g.Description }),
			"group-id":    one(func(g SecurityGroup) string { return g.GroupId }),
			"group-name":  one(func(g SecurityGroup) string { return g.GroupName }),
			"owner-id":    one(func(g SecurityGroup) string { return g.OwnerId }),
			"vpc-id":      one(func(g SecurityGroup) string { return g.VpcId }),
		},
	}
	for prefix, of := range map[string]func(SecurityGroup) []IpPermission{
		"":        func(g SecurityGroup) []IpPermission { return g.IpPermissions },
		"egress.": func(g SecurityGroup) []IpPermission { return g.IpPermissionsEgress },
	} {
		for name, read := range permissionFilters() {
			l.filters[prefix+"ip-permission."+name] = func(g SecurityGroup) (out []string) {
				for _, p := range of(g) {
					out = append(out, read(p)...)
				}
				return out
			}
		}
	}
	return l
}

func permissionFilters() map[string]func(IpPermission) []string {
	pairs := func(p IpPermission) []UserIdGroupPair { return p.UserIdGroupPairs }
	port := func(n *int32) []string {
		if n == nil {
			return nil
		}
		return []string{strconv.Itoa(int(*n))}
	}
	return map[string]func(IpPermission) []string{
		"cidr":           each(func(p IpPermission) []IpRange { return p.IpRanges }, func(r IpRange) string { return r.CidrIp }),
		"ipv6-cidr":      each(func(p IpPermission) []Ipv6Range { return p.Ipv6Ranges }, func(r Ipv6Range) string { return r.CidrIpv6 }),
		"from-port":      func(p IpPermission) []string { return port(p.FromPort) },
		"to-port":        func(p IpPermission) []string { return port(p.ToPort) },
		"group-id":       each(pairs, func(g UserIdGroupPair) string { return g.GroupId }),
		"group-name":     each(pairs, func(g UserIdGroupPair) string { return g.GroupName }),
		"user-id":        each(pairs, func(g UserIdGroupPair) string { return g.UserId }),
		"protocol":       one(func(p IpPermission) string { return p.IpProtocol }),
		"prefix-list-id": none[IpPermission],
	}
}

func describeSecurityGroups(c *call, in *DescribeSecurityGroupsInput) (*DescribeSecurityGroupsOutput, error) {
	var all []SecurityGroup
	ids := in.GroupIds
	err := c.view(func(r store.Reader) error {
		named := map[string]bool{}
		for _, g := range groups.all(c, r, nil) {
			all = append(all, c.groupShape(g))
			if v, _ := store.VPCs.Get(r, c.scope.Key(g.VPCID)); v.IsDefault && slices.Contains(in.GroupNames, g.Name) { // names are of the default VPC
				ids, named[g.Name] = append(ids, g.ID), true
			}
		}
		for _, name := range in.GroupNames {
			if !named[name] {
				return wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist in default VPC", name)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &DescribeSecurityGroupsOutput{}
	out.SecurityGroups, out.NextToken, err = groupListing().page(all, wanted{ids, in.Filters, in.MaxResults, in.NextToken})
	return out, err
}

// DeleteSecurityGroupInput is the SDK's.
type DeleteSecurityGroupInput struct {
	GroupId   string
	GroupName string
	DryRun    bool
}

// DeleteSecurityGroupOutput is the SDK's.
type DeleteSecurityGroupOutput struct {
	Return  bool
	GroupId string
}

// deleteSecurityGroup takes a group away that nothing is in and that no other
// group's rule names.
func deleteSecurityGroup(c *call, in *DeleteSecurityGroupInput) (*DeleteSecurityGroupOutput, error) {
	out := &DeleteSecurityGroupOutput{Return: true}
	return out, c.update(func(w store.Writer) error {
		g, err := c.group(w, in.GroupId, in.GroupName)
		if err != nil {
			return err
		}
		out.GroupId = g.ID
		switch {
		case g.IsDefault:
			return wire.Errorf("CannotDelete", "the specified group: \"%s\" name: \"%s\" cannot be deleted by a user", g.ID, g.Name)
		case c.groupUsed(w, g.ID) || referenced(c, w, g):
			return wire.Errorf("DependencyViolation", "resource %s has a dependent object", g.ID)
		}
		store.SecurityGroups.Delete(w, c.scope.Key(g.ID))
		return nil
	})
}

// group is the one a request names by its id, or by its name in the default VPC.
func (c *call) group(r store.Reader, id, name string) (groupRecord, error) {
	if id != "" || name == "" {
		return groups.get(c, r, "groupId", id)
	}
	v, err := c.groupVPC(r, "")
	if err != nil {
		return groupRecord{}, err
	}
	for _, g := range groups.all(c, r, func(g groupRecord) bool { return g.VPCID == v.ID && g.Name == name }) {
		return g, nil
	}
	return groupRecord{}, wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist in default VPC '%s'", name, v.ID)
}

// referenced tells whether another group's rule names the group.
func referenced(c *call, r store.Reader, g groupRecord) bool {
	return groups.any(c, r, func(o groupRecord) bool {
		return o.ID != g.ID && slices.ContainsFunc(o.Rules, func(rule ruleRecord) bool { return rule.Group == g.ID })
	})
}

// groupUsed tells whether a task, balancer or interface is in a group.
func (c *call) groupUsed(r store.Reader, id string) bool {
	for _, t := range store.Tasks.List(r, c.scope, "") {
		if n := t.Spec.Network; n != nil && t.Observed.Status < state.TaskStopped && slices.Contains(n.SecurityGroups, id) {
			return true
		}
	}
	for _, b := range store.LoadBalancers.List(r, c.scope, "") {
		if slices.Contains(b.SecurityGroups, id) {
			return true
		}
	}
	return interfaces.any(c, r, func(n interfaceRecord) bool { return slices.Contains(n.Groups, id) })
}
