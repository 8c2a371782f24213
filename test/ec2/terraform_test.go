package ec2

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/hatoba/hatoba/internal/aws/ec2"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
)

// world is the service over a store.
type world struct {
	*sdk.Client
	store store.Store
	now   time.Time
}

func newWorld(t *testing.T) *world {
	w := &world{store: mem.New(), now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	id := func() string {
		b := make([]byte, 8)
		_, _ = rand.Read(b)
		return "0" + hex.EncodeToString(b)
	}
	w.Client = client(t, ec2.New(ec2.Config{
		Store: w.store, NewID: id, VPCRange: netip.MustParsePrefix("172.31.0.0/16"), Now: func() time.Time { return w.now },
	}).Describe())
	return w
}

func must[T any](t *testing.T) func(T, error) T {
	return func(out T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

func ok[T any](t *testing.T, out T, err error) T { t.Helper(); return must[T](t)(out, err) }

func by(name string, values ...string) types.Filter {
	return types.Filter{Name: &name, Values: values}
}

func tags(kind types.ResourceType, name string) []types.TagSpecification {
	return []types.TagSpecification{{ResourceType: kind, Tags: []types.Tag{{Key: aws.String("Name"), Value: &name}}}}
}

// TestModule makes, reads and takes away what Terraform's common vpc module
// does, in its order.
func TestModule(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	before := w.count(t)

	out, err := w.CreateVpc(ctx, &sdk.CreateVpcInput{CidrBlock: aws.String("10.1.0.0/16"), InstanceTenancy: "default", AmazonProvidedIpv6CidrBlock: aws.Bool(false), TagSpecifications: tags("vpc", "demo")})
	vpc := ok(t, out, err).Vpc.VpcId
	_, err = w.ModifyVpcAttribute(ctx, &sdk.ModifyVpcAttributeInput{VpcId: vpc, EnableDnsHostnames: &types.AttributeBooleanValue{Value: aws.Bool(true)}})
	ok(t, 0, err)
	attr, err := w.DescribeVpcAttribute(ctx, &sdk.DescribeVpcAttributeInput{VpcId: vpc, Attribute: "enableDnsHostnames"})
	if !*ok(t, attr, err).EnableDnsHostnames.Value {
		t.Error("enableDnsHostnames is not true")
	}
	found, err := w.DescribeVpcs(ctx, &sdk.DescribeVpcsInput{Filters: []types.Filter{by("tag:Name", "de*"), by("isDefault", "false")}})
	if v := ok(t, found, err).Vpcs; len(v) != 1 || *v[0].VpcId != *vpc || *v[0].CidrBlock != "10.1.0.0/16" {
		t.Errorf("found %v", v)
	}
	main, err := w.DescribeRouteTables(ctx, &sdk.DescribeRouteTablesInput{Filters: []types.Filter{by("association.main", "true"), by("vpc-id", *vpc)}})
	if r := ok(t, main, err).RouteTables; len(r) != 1 || len(r[0].Routes) != 1 || *r[0].Routes[0].GatewayId != "local" {
		t.Errorf("main route table %v", r)
	}
	acl, err := w.DescribeNetworkAcls(ctx, &sdk.DescribeNetworkAclsInput{Filters: []types.Filter{by("default", "true"), by("vpc-id", *vpc)}})
	if len(ok(t, acl, err).NetworkAcls) != 1 {
		t.Error("no default acl")
	}
	sg, err := w.DescribeSecurityGroups(ctx, &sdk.DescribeSecurityGroupsInput{Filters: []types.Filter{by("group-name", "default"), by("vpc-id", *vpc)}})
	if g := ok(t, sg, err).SecurityGroups; len(g) != 1 || *g[0].IpPermissions[0].UserIdGroupPairs[0].GroupId != *g[0].GroupId || *g[0].IpPermissionsEgress[0].IpRanges[0].CidrIp != "0.0.0.0/0" {
		t.Errorf("default group %+v", g)
	}

	igw, err := w.CreateInternetGateway(ctx, &sdk.CreateInternetGatewayInput{TagSpecifications: tags("internet-gateway", "demo")})
	gateway := ok(t, igw, err).InternetGateway.InternetGatewayId
	_, err = w.AttachInternetGateway(ctx, &sdk.AttachInternetGatewayInput{InternetGatewayId: gateway, VpcId: vpc})
	ok(t, 0, err)
	var subnets []*string
	for i, cidr := range []string{"10.1.0.0/24", "10.1.1.0/24"} {
		s, err := w.CreateSubnet(ctx, &sdk.CreateSubnetInput{VpcId: vpc, CidrBlock: &cidr, AvailabilityZone: aws.String("eu-west-1" + string(rune('a'+i)))})
		subnets = append(subnets, ok(t, s, err).Subnet.SubnetId)
	}
	_, err = w.ModifySubnetAttribute(ctx, &sdk.ModifySubnetAttributeInput{SubnetId: subnets[0], MapPublicIpOnLaunch: &types.AttributeBooleanValue{Value: aws.Bool(true)}})
	ok(t, 0, err)
	described, err := w.DescribeSubnets(ctx, &sdk.DescribeSubnetsInput{SubnetIds: []string{*subnets[0]}})
	if s := ok(t, described, err).Subnets[0]; !*s.MapPublicIpOnLaunch || *s.AvailableIpAddressCount != 251 || *s.AvailabilityZoneId != "euw1-az1" {
		t.Errorf("subnet %+v", s)
	}

	eip, err := w.AllocateAddress(ctx, &sdk.AllocateAddressInput{Domain: "vpc"})
	allocation := ok(t, eip, err).AllocationId
	nat, err := w.CreateNatGateway(ctx, &sdk.CreateNatGatewayInput{SubnetId: subnets[0], AllocationId: allocation, ConnectivityType: "public"})
	gw := ok(t, nat, err).NatGateway
	if gw.State != "available" || *gw.NatGatewayAddresses[0].PublicIp != *eip.PublicIp {
		t.Errorf("nat gateway %+v", gw)
	}
	_, err = w.DetachInternetGateway(ctx, &sdk.DetachInternetGatewayInput{InternetGatewayId: gateway, VpcId: vpc})
	wantCode(t, err, "DependencyViolation", "mapped public address")
	table, err := w.CreateRouteTable(ctx, &sdk.CreateRouteTableInput{VpcId: vpc})
	rtb := ok(t, table, err).RouteTable.RouteTableId
	_, err = w.CreateRoute(ctx, &sdk.CreateRouteInput{RouteTableId: rtb, DestinationCidrBlock: aws.String("0.0.0.0/0"), NatGatewayId: gw.NatGatewayId})
	ok(t, 0, err)
	assoc, err := w.AssociateRouteTable(ctx, &sdk.AssociateRouteTableInput{RouteTableId: rtb, SubnetId: subnets[1]})
	ok(t, 0, err)
	_, err = w.ReplaceRoute(ctx, &sdk.ReplaceRouteInput{RouteTableId: rtb, DestinationCidrBlock: aws.String("0.0.0.0/0"), GatewayId: gateway})
	ok(t, 0, err)
	_, err = w.DeleteRouteTable(ctx, &sdk.DeleteRouteTableInput{RouteTableId: rtb})
	wantCode(t, err, "DependencyViolation", "routeTable")
	_, err = w.DeleteSubnet(ctx, &sdk.DeleteSubnetInput{SubnetId: subnets[0]})
	wantCode(t, err, "DependencyViolation", "subnet")

	// Away again.
	_, err = w.DeleteVpc(ctx, &sdk.DeleteVpcInput{VpcId: vpc})
	wantCode(t, err, "DependencyViolation", *vpc)
	_, err = w.DisassociateRouteTable(ctx, &sdk.DisassociateRouteTableInput{AssociationId: assoc.AssociationId})
	ok(t, 0, err)
	_, err = w.DeleteRoute(ctx, &sdk.DeleteRouteInput{RouteTableId: rtb, DestinationCidrBlock: aws.String("0.0.0.0/0")})
	ok(t, 0, err)
	_, err = w.DeleteRouteTable(ctx, &sdk.DeleteRouteTableInput{RouteTableId: rtb})
	ok(t, 0, err)
	_, err = w.ReleaseAddress(ctx, &sdk.ReleaseAddressInput{AllocationId: allocation})
	wantCode(t, err, "InvalidIPAddress.InUse", "")
	_, err = w.DeleteNatGateway(ctx, &sdk.DeleteNatGatewayInput{NatGatewayId: gw.NatGatewayId})
	ok(t, 0, err)
	gone, err := w.DescribeNatGateways(ctx, &sdk.DescribeNatGatewaysInput{NatGatewayIds: []string{*gw.NatGatewayId}})
	if ok(t, gone, err).NatGateways[0].State != "deleted" {
		t.Error("the nat gateway is not deleted")
	}
	_, err = w.ReleaseAddress(ctx, &sdk.ReleaseAddressInput{AllocationId: allocation})
	ok(t, 0, err)
	for _, s := range subnets {
		_, err = w.DeleteSubnet(ctx, &sdk.DeleteSubnetInput{SubnetId: s})
		ok(t, 0, err)
	}
	_, err = w.DetachInternetGateway(ctx, &sdk.DetachInternetGatewayInput{InternetGatewayId: gateway, VpcId: vpc})
	ok(t, 0, err)
	_, err = w.DeleteInternetGateway(ctx, &sdk.DeleteInternetGatewayInput{InternetGatewayId: gateway})
	ok(t, 0, err)
	_, err = w.DeleteVpc(ctx, &sdk.DeleteVpcInput{VpcId: vpc})
	ok(t, 0, err)
	_, err = w.DescribeVpcs(ctx, &sdk.DescribeVpcsInput{VpcIds: []string{*vpc}})
	wantCode(t, err, "InvalidVpcID.NotFound", *vpc)
	w.now = w.now.Add(2 * time.Hour)
	if after := w.count(t); after != before {
		t.Errorf("%d things are left of %d", after, before)
	}
}

// count counts what is described.
func (w *world) count(t *testing.T) int {
	ctx := context.Background()
	v, err := w.DescribeVpcs(ctx, &sdk.DescribeVpcsInput{})
	n := len(ok(t, v, err).Vpcs)
	s, err := w.DescribeSubnets(ctx, &sdk.DescribeSubnetsInput{})
	n += len(ok(t, s, err).Subnets)
	g, err := w.DescribeSecurityGroupRules(ctx, &sdk.DescribeSecurityGroupRulesInput{})
	n += len(ok(t, g, err).SecurityGroupRules)
	r, err := w.DescribeRouteTables(ctx, &sdk.DescribeRouteTablesInput{})
	n += len(ok(t, r, err).RouteTables)
	i, err := w.DescribeInternetGateways(ctx, &sdk.DescribeInternetGatewaysInput{})
	n += len(ok(t, i, err).InternetGateways)
	e, err := w.DescribeNetworkInterfaces(ctx, &sdk.DescribeNetworkInterfacesInput{})
	n += len(ok(t, e, err).NetworkInterfaces)
	a, err := w.DescribeNatGateways(ctx, &sdk.DescribeNatGatewaysInput{})
	return n + len(ok(t, a, err).NatGateways)
}

func TestSecurityGroupRules(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	out, err := w.CreateVpc(ctx, &sdk.CreateVpcInput{CidrBlock: aws.String("10.1.0.0/16")})
	vpc := ok(t, out, err).Vpc.VpcId
	made, err := w.CreateSecurityGroup(ctx, &sdk.CreateSecurityGroupInput{GroupName: aws.String("web"), Description: aws.String("web"), VpcId: vpc})
	group := ok(t, made, err).GroupId
	_, err = w.CreateSecurityGroup(ctx, &sdk.CreateSecurityGroupInput{GroupName: aws.String("web"), Description: aws.String("web"), VpcId: vpc})
	wantCode(t, err, "InvalidGroup.Duplicate", "web")

	// Terraform takes the default egress away, of IPv6 too.
	all := types.IpPermission{IpProtocol: aws.String("-1"), IpRanges: []types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}}
	_, err = w.RevokeSecurityGroupEgress(ctx, &sdk.RevokeSecurityGroupEgressInput{GroupId: group, IpPermissions: []types.IpPermission{all}})
	ok(t, 0, err)
	_, err = w.RevokeSecurityGroupEgress(ctx, &sdk.RevokeSecurityGroupEgressInput{GroupId: group, IpPermissions: []types.IpPermission{{IpProtocol: aws.String("-1"), Ipv6Ranges: []types.Ipv6Range{{CidrIpv6: aws.String("::/0")}}}}})
	wantCode(t, err, "InvalidPermission.NotFound", "")

	web := types.IpPermission{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(80), ToPort: aws.Int32(81),
		IpRanges:         []types.IpRange{{CidrIp: aws.String("10.0.0.7/8"), Description: aws.String("inside")}},
		UserIdGroupPairs: []types.UserIdGroupPair{{GroupId: group}}}
	rules, err := w.AuthorizeSecurityGroupIngress(ctx, &sdk.AuthorizeSecurityGroupIngressInput{GroupId: group, IpPermissions: []types.IpPermission{web}, TagSpecifications: tags("security-group-rule", "x")})
	if r := ok(t, rules, err).SecurityGroupRules; len(r) != 2 || *r[0].CidrIpv4 != "10.0.0.0/8" || *r[0].FromPort != 80 || *r[1].ReferencedGroupInfo.GroupId != *group {
		t.Errorf("rules %+v", r)
	}
	_, err = w.AuthorizeSecurityGroupIngress(ctx, &sdk.AuthorizeSecurityGroupIngressInput{GroupId: group, IpPermissions: []types.IpPermission{web}})
	wantCode(t, err, "InvalidPermission.Duplicate", "peer: 10.0.0.0/8, TCP, from port: 80, to port: 81, ALLOW")
	g, err := w.DescribeSecurityGroups(ctx, &sdk.DescribeSecurityGroupsInput{GroupIds: []string{*group}, Filters: []types.Filter{by("ip-permission.cidr", "10.*"), by("ip-permission.from-port", "80")}})
	if p := ok(t, g, err).SecurityGroups[0]; len(p.IpPermissions) != 1 || len(p.IpPermissions[0].IpRanges) != 1 || len(p.IpPermissionsEgress) != 0 {
		t.Errorf("group %+v", p)
	}
	first := rules.SecurityGroupRules[0].SecurityGroupRuleId
	_, err = w.ModifySecurityGroupRules(ctx, &sdk.ModifySecurityGroupRulesInput{GroupId: group, SecurityGroupRules: []types.SecurityGroupRuleUpdate{{
		SecurityGroupRuleId: first, SecurityGroupRule: &types.SecurityGroupRuleRequest{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(443), ToPort: aws.Int32(443), CidrIpv4: aws.String("0.0.0.0/0")}}}})
	ok(t, 0, err)
	r, err := w.DescribeSecurityGroupRules(ctx, &sdk.DescribeSecurityGroupRulesInput{Filters: []types.Filter{by("group-id", *group), by("tag:Name", "x")}})
	if got := ok(t, r, err).SecurityGroupRules; len(got) != 2 || !slices.ContainsFunc(got, func(r types.SecurityGroupRule) bool {
		return *r.SecurityGroupRuleId == *first && *r.FromPort == 443 && *r.CidrIpv4 == "0.0.0.0/0"
	}) {
		t.Errorf("rules %+v", got)
	}
	_, err = w.RevokeSecurityGroupIngress(ctx, &sdk.RevokeSecurityGroupIngressInput{GroupId: group, SecurityGroupRuleIds: []string{*first}, IpProtocol: aws.String("tcp"), FromPort: aws.Int32(80), ToPort: aws.Int32(81), CidrIp: aws.String("10.0.0.0/8")})
	wantCode(t, err, "InvalidParameterCombination", "securityGroupRuleIds")
	revoked, err := w.RevokeSecurityGroupIngress(ctx, &sdk.RevokeSecurityGroupIngressInput{GroupId: group, SecurityGroupRuleIds: []string{*first}})
	if got := ok(t, revoked, err).RevokedSecurityGroupRules; len(got) != 1 || *got[0].ToPort != 443 {
		t.Errorf("revoked %+v", got)
	}
	for _, bad := range []struct {
		p    types.IpPermission
		code string
	}{
		{types.IpPermission{IpProtocol: aws.String("tcp"), IpRanges: all.IpRanges}, "MissingParameter"},
		{types.IpPermission{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(9), ToPort: aws.Int32(8), IpRanges: all.IpRanges}, "InvalidParameterValue"},
		{types.IpPermission{IpProtocol: aws.String("nope"), IpRanges: all.IpRanges}, "InvalidParameterValue"},
		{types.IpPermission{IpProtocol: aws.String("-1"), IpRanges: []types.IpRange{{CidrIp: aws.String("10.0.0.0")}}}, "InvalidParameterValue"},
		{types.IpPermission{IpProtocol: aws.String("-1"), UserIdGroupPairs: []types.UserIdGroupPair{{GroupId: aws.String("sg-0123456789abcdef0")}}}, "InvalidGroup.NotFound"},
		{types.IpPermission{IpProtocol: aws.String("-1"), PrefixListIds: []types.PrefixListId{{PrefixListId: aws.String("pl-1")}}}, "InvalidPrefixListID.NotFound"},
	} {
		_, err = w.AuthorizeSecurityGroupIngress(ctx, &sdk.AuthorizeSecurityGroupIngressInput{GroupId: group, IpPermissions: []types.IpPermission{bad.p}})
		wantCode(t, err, bad.code, "")
	}
}

// The default VPC's own group shows AWS's rules, and has rules of its own once
// somebody changes them.
func TestDefaultGroup(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	g, err := w.DescribeSecurityGroups(ctx, &sdk.DescribeSecurityGroupsInput{GroupNames: []string{"default"}})
	group := ok(t, g, err).SecurityGroups[0]
	if len(group.IpPermissions) != 1 || len(group.IpPermissionsEgress) != 1 {
		t.Fatalf("default group %+v", group)
	}
	none, err := w.RevokeSecurityGroupIngress(ctx, &sdk.RevokeSecurityGroupIngressInput{GroupId: group.GroupId, IpProtocol: aws.String("tcp"), FromPort: aws.Int32(1), ToPort: aws.Int32(2), CidrIp: aws.String("10.0.0.0/8")})
	if len(ok(t, none, err).UnknownIpPermissions) != 1 {
		t.Error("what is not there is not told")
	}
	before, err := w.DescribeSecurityGroupRules(ctx, &sdk.DescribeSecurityGroupRulesInput{})
	ok(t, 0, err)
	_, err = w.CreateTags(ctx, &sdk.CreateTagsInput{Resources: []string{*before.SecurityGroupRules[0].SecurityGroupRuleId, *group.GroupId}, Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}})
	ok(t, 0, err)
	all, err := w.DescribeTags(ctx, &sdk.DescribeTagsInput{Filters: []types.Filter{by("key", "k")}})
	if len(ok(t, all, err).Tags) != 2 {
		t.Errorf("tags %+v", all.Tags)
	}
	_, err = w.DeleteTags(ctx, &sdk.DeleteTagsInput{Resources: []string{*group.GroupId}, Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("other")}}})
	ok(t, 0, err)
	_, err = w.DeleteSecurityGroup(ctx, &sdk.DeleteSecurityGroupInput{GroupId: group.GroupId})
	wantCode(t, err, "CannotDelete", "")
}

func TestErrors(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	_, err := w.CreateVpc(ctx, &sdk.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/8")})
	wantCode(t, err, "InvalidVpc.Range", "10.0.0.0/8")
	_, err = w.CreateVpc(ctx, &sdk.CreateVpcInput{CidrBlock: aws.String("10.1.0.0/16"), DryRun: aws.Bool(true)})
	wantCode(t, err, "DryRunOperation", "")
	v, err := w.DescribeVpcs(ctx, &sdk.DescribeVpcsInput{})
	if len(ok(t, v, err).Vpcs) != 1 {
		t.Error("a dry run made something")
	}
	vpc := v.Vpcs[0].VpcId
	_, err = w.DescribeVpcs(ctx, &sdk.DescribeVpcsInput{Filters: []types.Filter{by("colour", "red")}})
	wantCode(t, err, "InvalidParameterValue", "The filter 'colour' is invalid")
	_, err = w.CreateSubnet(ctx, &sdk.CreateSubnetInput{VpcId: vpc, CidrBlock: aws.String("172.31.0.0/24")})
	wantCode(t, err, "InvalidSubnet.Conflict", "")
	_, err = w.CreateSubnet(ctx, &sdk.CreateSubnetInput{VpcId: vpc, CidrBlock: aws.String("10.0.0.0/24")})
	wantCode(t, err, "InvalidSubnet.Range", "")
	_, err = w.CreateSubnet(ctx, &sdk.CreateSubnetInput{VpcId: vpc, CidrBlock: aws.String("172.31.200.0/24"), AvailabilityZone: aws.String("eu-west-1z")})
	wantCode(t, err, "InvalidParameterValue", "availabilityZone")
	_, err = w.DescribeSubnets(ctx, &sdk.DescribeSubnetsInput{SubnetIds: []string{"subnet-0123456789abcdef0"}})
	wantCode(t, err, "InvalidSubnetID.NotFound", "subnet-0123456789abcdef0")
	_, err = w.DescribeVpcs(ctx, &sdk.DescribeVpcsInput{VpcIds: []string{"vpc-x"}})
	wantCode(t, err, "InvalidVpcID.Malformed", "vpc-x")
	_, err = w.DeleteVpc(ctx, &sdk.DeleteVpcInput{VpcId: vpc})
	wantCode(t, err, "OperationNotPermitted", "")
	_, err = w.DescribeSubnets(ctx, &sdk.DescribeSubnetsInput{MaxResults: aws.Int32(2)})
	wantCode(t, err, "InvalidParameterValue", "maxResults")
}

func TestPages(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	v, err := w.CreateVpc(ctx, &sdk.CreateVpcInput{CidrBlock: aws.String("10.1.0.0/16")})
	vpc := ok(t, v, err).Vpc.VpcId
	for i := range 12 {
		_, err := w.CreateSubnet(ctx, &sdk.CreateSubnetInput{VpcId: vpc, CidrBlock: aws.String(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 1, byte(i)}), 24).String())})
		ok(t, 0, err)
	}
	seen := map[string]bool{}
	pages := sdk.NewDescribeSubnetsPaginator(w, &sdk.DescribeSubnetsInput{MaxResults: aws.Int32(5), Filters: []types.Filter{by("vpc-id", *vpc)}})
	for pages.HasMorePages() {
		p, err := pages.NextPage(ctx)
		for _, s := range ok(t, p, err).Subnets {
			seen[*s.SubnetId] = true
		}
	}
	if len(seen) != 12 {
		t.Errorf("%d subnets on all pages", len(seen))
	}
	_, err = w.DescribeSubnets(ctx, &sdk.DescribeSubnetsInput{NextToken: aws.String("x")})
	wantCode(t, err, "InvalidParameterValue", "NextToken")
}

// Interfaces of tasks and balancers follow from their records, and keep what
// they are in from being deleted.
func TestInterfaces(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	s, err := w.DescribeSubnets(ctx, &sdk.DescribeSubnetsInput{})
	subnet := ok(t, s, err).Subnets[0]
	made, err := w.CreateSecurityGroup(ctx, &sdk.CreateSecurityGroupInput{GroupName: aws.String("web"), Description: aws.String("web")})
	group := ok(t, made, err).GroupId
	scope := state.Scope{Account: "123456789012", Region: "eu-west-1"}
	err = w.store.Update(ctx, func(s store.Writer) error {
		task := state.Task{ID: "t", Placement: state.Placement{SubnetID: *subnet.SubnetId}, Observed: state.Observed{ENI: state.ENI{ID: "eni-00000000000000001", PrivateIPv4: "172.31.0.9", MAC: "0a:58:ac:1f:00:09"}}}
		balancer := state.LoadBalancer{Type: "application", SecurityGroups: []string{*group}, Zones: []state.BalancerZone{{Subnet: *subnet.SubnetId, Zone: "eu-west-1a", Address: netip.MustParseAddr("172.31.15.1")}}}
		if err := store.LoadBalancers.Put(s, scope.Key("app/x/0123456789abcdef"), balancer); err != nil {
			return err
		}
		return store.Tasks.Put(s, scope.Key("t"), task)
	})
	ok(t, 0, err)
	n, err := w.CreateNetworkInterface(ctx, &sdk.CreateNetworkInterfaceInput{SubnetId: subnet.SubnetId, Groups: []string{*group}, ClientToken: aws.String("once")})
	eni := ok(t, n, err).NetworkInterface.NetworkInterfaceId
	again, err := w.CreateNetworkInterface(ctx, &sdk.CreateNetworkInterfaceInput{SubnetId: subnet.SubnetId, Groups: []string{*group}, ClientToken: aws.String("once")})
	if *ok(t, again, err).NetworkInterface.NetworkInterfaceId != *eni {
		t.Error("the same token makes another")
	}
	for _, other := range []*sdk.CreateNetworkInterfaceInput{
		{SubnetId: subnet.SubnetId, ClientToken: aws.String("once")},
		{SubnetId: subnet.SubnetId, Groups: []string{*group}, PrivateIpAddress: aws.String("172.31.0.77"), ClientToken: aws.String("once")},
	} {
		_, err = w.CreateNetworkInterface(ctx, other)
		wantCode(t, err, "IdempotentParameterMismatch", "")
	}
	all, err := w.DescribeNetworkInterfaces(ctx, &sdk.DescribeNetworkInterfacesInput{})
	if len(ok(t, all, err).NetworkInterfaces) != 3 {
		t.Errorf("interfaces %+v", all.NetworkInterfaces)
	}
	elb, err := w.DescribeNetworkInterfaces(ctx, &sdk.DescribeNetworkInterfacesInput{Filters: []types.Filter{by("description", "ELB app/x/*"), by("group-id", *group)}})
	if e := ok(t, elb, err).NetworkInterfaces; len(e) != 1 || *e[0].PrivateIpAddress != "172.31.15.1" {
		t.Errorf("interfaces of the balancer %+v", e)
	}
	_, err = w.DeleteNetworkInterface(ctx, &sdk.DeleteNetworkInterfaceInput{NetworkInterfaceId: aws.String("eni-00000000000000001")})
	wantCode(t, err, "InvalidParameterValue", "in use")
	_, err = w.DeleteSecurityGroup(ctx, &sdk.DeleteSecurityGroupInput{GroupId: group})
	wantCode(t, err, "DependencyViolation", *group)
	_, err = w.DeleteNetworkInterface(ctx, &sdk.DeleteNetworkInterfaceInput{NetworkInterfaceId: eni})
	ok(t, 0, err)
	sn, err := w.DescribeSubnets(ctx, &sdk.DescribeSubnetsInput{SubnetIds: []string{*subnet.SubnetId}})
	if *ok(t, sn, err).Subnets[0].AvailableIpAddressCount != *subnet.AvailableIpAddressCount-2 {
		t.Error("addresses in use are not counted")
	}
}

// A client token gives the gateway it made, as long as that is described.
func TestTokens(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	s, err := w.DescribeSubnets(ctx, &sdk.DescribeSubnetsInput{})
	subnet := ok(t, s, err).Subnets[0]
	address, err := w.AllocateAddress(ctx, &sdk.AllocateAddressInput{})
	ok(t, 0, err)
	for name, in := range map[string]*sdk.CreateNatGatewayInput{
		"public":  {SubnetId: subnet.SubnetId, AllocationId: address.AllocationId, ClientToken: aws.String("public")},
		"private": {SubnetId: subnet.SubnetId, ConnectivityType: types.ConnectivityTypePrivate, ClientToken: aws.String("private")},
	} {
		create := func() types.NatGateway {
			t.Helper()
			out, err := w.CreateNatGateway(ctx, in)
			return *ok(t, out, err).NatGateway
		}
		made := create()
		if again := create(); *again.NatGatewayId != *made.NatGatewayId {
			t.Errorf("%s: the same token makes another", name)
		}
		_, err = w.DeleteNatGateway(ctx, &sdk.DeleteNatGatewayInput{NatGatewayId: made.NatGatewayId})
		ok(t, 0, err)
		if again := create(); *again.NatGatewayId != *made.NatGatewayId || again.State != types.NatGatewayStateDeleted {
			t.Errorf("%s: a deleted one is told as %s, %s", name, *again.NatGatewayId, again.State)
		}
		w.now = w.now.Add(2 * time.Hour)
		if again := create(); *again.NatGatewayId == *made.NatGatewayId {
			t.Errorf("%s: one that is described no more is told", name)
		}
	}
}
