package elbv2_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/smithy-go"

	"github.com/hatoba/hatoba/internal/aws/elbv2"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
	"github.com/hatoba/hatoba/internal/wire"
)

const account = "123456789012"

var scope = state.Scope{Account: account, Region: "us-east-1"}

type world struct {
	*testing.T
	*sdk.Client
	db      store.Store
	subnets []string
	vpc     string
}

func newWorld(t *testing.T) *world {
	w := &world{T: t, db: mem.New()}
	vpc, subnets, group, err := state.DefaultNetwork(scope, netip.MustParsePrefix("172.31.0.0/16"))
	if err != nil {
		t.Fatal(err)
	}
	w.vpc = vpc.ID
	w.update(func(x store.Writer) error {
		for _, s := range subnets {
			w.subnets = append(w.subnets, s.ID)
			if err := store.Subnets.Put(x, scope.Key(s.ID), s); err != nil {
				return err
			}
		}
		return errors.Join(store.VPCs.Put(x, scope.Key(vpc.ID), vpc), store.SecurityGroups.Put(x, scope.Key(group.ID), group))
	})
	service := elbv2.New(elbv2.Config{Store: w.db})
	handler, err := wire.NewHandler(wire.HandlerConfig{Services: []wire.Service{service.Describe()}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	w.Client = sdk.New(sdk.Options{
		BaseEndpoint: &server.URL, Region: scope.Region,
		Credentials: credentials.NewStaticCredentialsProvider(account, "secret", ""),
	})
	return w
}

func (w *world) update(fn func(store.Writer) error) {
	w.Helper()
	if err := w.db.Update(w.Context(), fn); err != nil {
		w.Fatal(err)
	}
}

// must returns an answer that there has to be.
func must[T any](out T, err error) T {
	if err != nil {
		panic(err)
	}
	return out
}

func (w *world) want(err error, code, text string) {
	w.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), text) {
		w.Errorf("got %v, want %s: …%s…", err, code, text)
	}
}

func (w *world) balancer(name string) types.LoadBalancer {
	w.Helper()
	return must(w.CreateLoadBalancer(w.Context(), &sdk.CreateLoadBalancerInput{Name: &name, Subnets: w.subnets[:2]})).LoadBalancers[0]
}

func (w *world) group(name string) types.TargetGroup {
	w.Helper()
	return must(w.CreateTargetGroup(w.Context(), &sdk.CreateTargetGroupInput{
		Name: &name, Port: aws.Int32(80), Protocol: types.ProtocolEnumHttp, TargetType: types.TargetTypeEnumIp, VpcId: &w.vpc,
	})).TargetGroups[0]
}

func forward(arn *string) []types.Action {
	return []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: arn}}
}

func (w *world) listener(b types.LoadBalancer, port int32, actions []types.Action) types.Listener {
	w.Helper()
	return must(w.CreateListener(w.Context(), &sdk.CreateListenerInput{
		LoadBalancerArn: b.LoadBalancerArn, Port: &port, Protocol: types.ProtocolEnumHttp, DefaultActions: actions,
	})).Listeners[0]
}

func TestLifeOfALoadBalancer(t *testing.T) {
	w := newWorld(t)
	b := w.balancer("web")
	if b.State.Code != types.LoadBalancerStateEnumProvisioning || b.Scheme != "internet-facing" || b.Type != "application" || len(b.SecurityGroups) != 1 || len(b.AvailabilityZones) != 2 {
		t.Errorf("%+v", b)
	}
	if !strings.HasPrefix(*b.DNSName, "web-") || !strings.HasSuffix(*b.DNSName, ".elb.us-east-1.localhost") {
		t.Error(*b.DNSName)
	}
	if again := w.balancer("web"); *again.LoadBalancerArn != *b.LoadBalancerArn {
		t.Error("the same request made another balancer")
	}
	_, err := w.CreateLoadBalancer(t.Context(), &sdk.CreateLoadBalancerInput{Name: aws.String("web"), Subnets: w.subnets[1:3]})
	w.want(err, "DuplicateLoadBalancerName", "with different settings")
	internal := must(w.CreateLoadBalancer(t.Context(), &sdk.CreateLoadBalancerInput{Name: aws.String("inner"), Subnets: w.subnets, Scheme: "internal", Type: "network"})).LoadBalancers[0]
	if !strings.HasPrefix(*internal.DNSName, "internal-inner-") || len(internal.SecurityGroups) != 0 || internal.AvailabilityZones[0].LoadBalancerAddresses[0].PrivateIPv4Address == nil {
		t.Errorf("%+v", internal)
	}
	_, err = w.ModifyLoadBalancerAttributes(t.Context(), &sdk.ModifyLoadBalancerAttributesInput{LoadBalancerArn: b.LoadBalancerArn, Attributes: []types.LoadBalancerAttribute{{Key: aws.String("deletion_protection.enabled"), Value: aws.String("true")}}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.DeleteLoadBalancer(t.Context(), &sdk.DeleteLoadBalancerInput{LoadBalancerArn: b.LoadBalancerArn})
	w.want(err, "OperationNotPermitted", "deletion protection")
	must(w.DeleteLoadBalancer(t.Context(), &sdk.DeleteLoadBalancerInput{LoadBalancerArn: internal.LoadBalancerArn}))
	must(w.DeleteLoadBalancer(t.Context(), &sdk.DeleteLoadBalancerInput{LoadBalancerArn: internal.LoadBalancerArn}))
	_, err = w.DescribeLoadBalancers(t.Context(), &sdk.DescribeLoadBalancersInput{Names: []string{"inner"}})
	w.want(err, "LoadBalancerNotFound", "Load balancers '[inner]' not found")
	if all := must(w.DescribeLoadBalancers(t.Context(), &sdk.DescribeLoadBalancersInput{})); len(all.LoadBalancers) != 1 {
		t.Errorf("%d are left", len(all.LoadBalancers))
	}
}

// Addresses are of the balancer's part of the subnet, and nobody else's.
func TestEveryBalancerHasItsOwnAddresses(t *testing.T) {
	w := newWorld(t)
	for i := range 5 {
		w.balancer(fmt.Sprintf("b%d", i))
	}
	seen := map[netip.Addr]bool{}
	err := w.db.View(t.Context(), func(r store.Reader) error {
		for _, b := range store.LoadBalancers.List(r, scope, "") {
			for _, z := range b.Zones {
				subnet, _ := store.Subnets.Get(r, scope.Key(z.Subnet))
				if seen[z.Address] || !state.BalancerRange(subnet.CIDR).Contains(z.Address) {
					t.Errorf("%s in %s", z.Address, subnet.CIDR)
				}
				seen[z.Address] = true
			}
		}
		return nil
	})
	if err != nil || len(seen) != 10 {
		t.Error(len(seen), err)
	}
}

func TestSubnetsThatStayKeepTheirAddress(t *testing.T) {
	w := newWorld(t)
	w.balancer("first")
	b := w.balancer("web")
	before := w.zones(*b.LoadBalancerArn)
	must(w.SetSubnets(t.Context(), &sdk.SetSubnetsInput{LoadBalancerArn: b.LoadBalancerArn, Subnets: w.subnets}))
	after := w.zones(*b.LoadBalancerArn)
	if len(after) != 3 || after[0] != before[0] || after[1] != before[1] {
		t.Errorf("%v became %v", before, after)
	}
	_, err := w.SetSubnets(t.Context(), &sdk.SetSubnetsInput{LoadBalancerArn: b.LoadBalancerArn, Subnets: w.subnets[:1]})
	w.want(err, "ValidationError", "At least two subnets in two different Availability Zones must be specified")
}

func (w *world) zones(arn string) (out []state.BalancerZone) {
	w.Helper()
	_ = w.db.View(w.Context(), func(r store.Reader) error {
		b, _ := store.LoadBalancers.Get(r, scope.Key(state.LoadBalancerID(arn)))
		out = b.Zones
		return nil
	})
	return out
}

func TestIDsNobodyMadeStandForTheDefaultVPC(t *testing.T) {
	w := newWorld(t)
	made := must(w.CreateLoadBalancer(t.Context(), &sdk.CreateLoadBalancerInput{
		Name: aws.String("theirs"), Subnets: []string{"subnet-11111111", "subnet-22222222", "subnet-33333333"}, SecurityGroups: []string{"sg-44444444"},
	})).LoadBalancers[0]
	zones := map[string]bool{}
	for _, z := range made.AvailabilityZones {
		zones[*z.ZoneName] = true
	}
	if len(zones) != 3 || made.SecurityGroups[0] != "sg-44444444" || *made.VpcId != w.vpc {
		t.Errorf("%+v", made)
	}
}

func TestRefusalsOfLoadBalancers(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		code, text string
		in         sdk.CreateLoadBalancerInput
	}{
		{"OperationNotPermitted", "'gateway' are not supported here", sdk.CreateLoadBalancerInput{Name: aws.String("x"), Type: "gateway", Subnets: w.subnets}},
		{"ValidationError", "cannot be longer than '32' characters", sdk.CreateLoadBalancerInput{Name: aws.String(strings.Repeat("x", 33)), Subnets: w.subnets}},
		{"ValidationError", "begin or end with a hyphen", sdk.CreateLoadBalancerInput{Name: aws.String("-x"), Subnets: w.subnets}},
		{"ValidationError", "cannot start with 'internal-'", sdk.CreateLoadBalancerInput{Name: aws.String("internal-x"), Subnets: w.subnets}},
		{"ValidationError", "At least one subnet", sdk.CreateLoadBalancerInput{Name: aws.String("x")}},
		{"ValidationError", "two different Availability Zones", sdk.CreateLoadBalancerInput{Name: aws.String("x"), Subnets: w.subnets[:1]}},
		{"InvalidConfigurationRequest", "more than once", sdk.CreateLoadBalancerInput{Name: aws.String("x"), Subnets: []string{w.subnets[0], w.subnets[0]}}},
		{"OperationNotPermitted", "'dualstack' is not supported", sdk.CreateLoadBalancerInput{Name: aws.String("x"), Subnets: w.subnets, IpAddressType: "dualstack"}},
		{"AllocationIdNotFound", "Elastic IP", sdk.CreateLoadBalancerInput{Name: aws.String("x"), Type: "network", SubnetMappings: []types.SubnetMapping{{SubnetId: &w.subnets[0], AllocationId: aws.String("eipalloc-1")}}}},
		{"DuplicateTagKeys", "unique", sdk.CreateLoadBalancerInput{Name: aws.String("x"), Subnets: w.subnets, Tags: []types.Tag{{Key: aws.String("a")}, {Key: aws.String("a")}}}},
	} {
		_, err := w.CreateLoadBalancer(t.Context(), &c.in)
		w.want(err, c.code, c.text)
	}
}

func TestListenersRulesAndAssociations(t *testing.T) {
	w := newWorld(t)
	b, other, g1, g2 := w.balancer("web"), w.balancer("other"), w.group("one"), w.group("two")
	l := w.listener(b, 80, forward(g1.TargetGroupArn))
	if again := w.listener(b, 80, forward(g1.TargetGroupArn)); *again.ListenerArn != *l.ListenerArn {
		t.Error("the same request made another listener")
	}
	_, err := w.CreateListener(t.Context(), &sdk.CreateListenerInput{LoadBalancerArn: b.LoadBalancerArn, Port: aws.Int32(80), Protocol: "HTTP", DefaultActions: forward(g2.TargetGroupArn)})
	w.want(err, "DuplicateListener", "already exists on this port")
	_, err = w.CreateListener(t.Context(), &sdk.CreateListenerInput{LoadBalancerArn: other.LoadBalancerArn, Port: aws.Int32(80), Protocol: "HTTP", DefaultActions: forward(g1.TargetGroupArn)})
	w.want(err, "TargetGroupAssociationLimit", *g1.TargetGroupArn)
	path := []types.RuleCondition{{Field: aws.String("path-pattern"), Values: []string{"/api/*"}}}
	rule := must(w.CreateRule(t.Context(), &sdk.CreateRuleInput{ListenerArn: l.ListenerArn, Priority: aws.Int32(20), Conditions: path, Actions: forward(g2.TargetGroupArn)})).Rules[0]
	if *rule.Priority != "20" || rule.Conditions[0].PathPatternConfig.Values[0] != "/api/*" || *rule.Actions[0].ForwardConfig.TargetGroups[0].Weight != 1 {
		t.Errorf("%+v", rule)
	}
	_, err = w.CreateRule(t.Context(), &sdk.CreateRuleInput{ListenerArn: l.ListenerArn, Priority: aws.Int32(20), Conditions: path, Actions: forward(g2.TargetGroupArn)})
	w.want(err, "PriorityInUse", "Priority '20' is currently in use")
	first := must(w.CreateRule(t.Context(), &sdk.CreateRuleInput{ListenerArn: l.ListenerArn, Priority: aws.Int32(10), Conditions: path, Actions: forward(g2.TargetGroupArn)})).Rules[0]
	must(w.SetRulePriorities(t.Context(), &sdk.SetRulePrioritiesInput{RulePriorities: []types.RulePriorityPair{{RuleArn: first.RuleArn, Priority: aws.Int32(20)}, {RuleArn: rule.RuleArn, Priority: aws.Int32(10)}}}))
	rules := must(w.DescribeRules(t.Context(), &sdk.DescribeRulesInput{ListenerArn: l.ListenerArn})).Rules
	if len(rules) != 3 || *rules[0].RuleArn != *rule.RuleArn || *rules[2].Priority != "default" || !*rules[2].IsDefault {
		t.Errorf("%+v", rules)
	}
	w.associated(g2, b)
	_, err = w.DeleteTargetGroup(t.Context(), &sdk.DeleteTargetGroupInput{TargetGroupArn: g2.TargetGroupArn})
	w.want(err, "ResourceInUse", "is currently in use by a listener or a rule")
	must(w.DeleteRule(t.Context(), &sdk.DeleteRuleInput{RuleArn: rule.RuleArn}))
	w.associated(g2, b)
	must(w.ModifyRule(t.Context(), &sdk.ModifyRuleInput{RuleArn: first.RuleArn, Actions: forward(g1.TargetGroupArn)}))
	w.associated(g2)
	must(w.DeleteTargetGroup(t.Context(), &sdk.DeleteTargetGroupInput{TargetGroupArn: g2.TargetGroupArn}))
	_, err = w.DeleteRule(t.Context(), &sdk.DeleteRuleInput{RuleArn: rules[2].RuleArn})
	w.want(err, "OperationNotPermitted", "Default rule")
	must(w.DeleteLoadBalancer(t.Context(), &sdk.DeleteLoadBalancerInput{LoadBalancerArn: b.LoadBalancerArn}))
	w.associated(g1)
	_, err = w.DescribeListeners(t.Context(), &sdk.DescribeListenersInput{ListenerArns: []string{*l.ListenerArn}})
	w.want(err, "ListenerNotFound", "One or more listeners not found")
}

func (w *world) associated(g types.TargetGroup, with ...types.LoadBalancer) {
	w.Helper()
	got := must(w.DescribeTargetGroups(w.Context(), &sdk.DescribeTargetGroupsInput{TargetGroupArns: []string{*g.TargetGroupArn}})).TargetGroups[0]
	if len(got.LoadBalancerArns) != len(with) || len(with) > 0 && got.LoadBalancerArns[0] != *with[0].LoadBalancerArn {
		w.Errorf("%s is associated with %v", *g.TargetGroupName, got.LoadBalancerArns)
	}
}

func TestRefusalsOfActionsAndConditions(t *testing.T) {
	w := newWorld(t)
	b, g := w.balancer("web"), w.group("one")
	l := w.listener(b, 80, forward(g.TargetGroupArn))
	host := func(v ...string) []types.RuleCondition {
		return []types.RuleCondition{{Field: aws.String("host-header"), HostHeaderConfig: &types.HostHeaderConditionConfig{Values: v}}}
	}
	fixed := []types.Action{{Type: "fixed-response", FixedResponseConfig: &types.FixedResponseActionConfig{StatusCode: aws.String("404")}}}
	tuple := types.TargetGroupTuple{TargetGroupArn: g.TargetGroupArn}
	for _, c := range []struct {
		code, text string
		conditions []types.RuleCondition
		actions    []types.Action
	}{
		{"OperationNotPermitted", "'authenticate-oidc' are not supported here", host("a.b"), []types.Action{{Type: "authenticate-oidc"}}},
		{"InvalidLoadBalancerAction", "exactly one", host("a.b"), append(fixed, fixed...)},
		{"TargetGroupNotFound", "One or more target groups not found", host("a.b"), forward(aws.String(*g.TargetGroupArn + "0"))},
		{"InvalidLoadBalancerAction", "2XX, 4XX or 5XX", host("a.b"), []types.Action{{Type: "fixed-response", FixedResponseConfig: &types.FixedResponseActionConfig{StatusCode: aws.String("302")}}}},
		{"InvalidLoadBalancerAction", "must change at least one", host("a.b"), []types.Action{{Type: "redirect", RedirectConfig: &types.RedirectActionConfig{StatusCode: "HTTP_301"}}}},
		{"InvalidLoadBalancerAction", "more than once", host("a.b"), []types.Action{{Type: "forward", ForwardConfig: &types.ForwardActionConfig{TargetGroups: []types.TargetGroupTuple{tuple, tuple}}}}},
		{"InvalidLoadBalancerAction", "stickiness must be specified", host("a.b"), []types.Action{{Type: "forward", ForwardConfig: &types.ForwardActionConfig{TargetGroups: []types.TargetGroupTuple{tuple}, TargetGroupStickinessConfig: &types.TargetGroupStickinessConfig{Enabled: aws.Bool(true)}}}}},
		{"ValidationError", "at most 5 condition values", host("a", "b", "c", "d", "e", "f"), fixed},
		{"ValidationError", "at most 5 wildcard", host("*.*.*.*.*.*"), fixed},
		{"ValidationError", "A condition value must be specified", host(), fixed},
		{"ValidationError", "only have one 'host-header'", append(host("a"), host("b")...), fixed},
		{"ValidationError", "Condition field 'nope' must be one of", []types.RuleCondition{{Field: aws.String("nope"), Values: []string{"x"}}}, fixed},
		{"ValidationError", "must be a CIDR block", []types.RuleCondition{{Field: aws.String("source-ip"), SourceIpConfig: &types.SourceIpConditionConfig{Values: []string{"10.0.0.1"}}}}, fixed},
		{"ValidationError", "use 'host-header'", []types.RuleCondition{{Field: aws.String("http-header"), HttpHeaderConfig: &types.HttpHeaderConditionConfig{HttpHeaderName: aws.String("Host"), Values: []string{"x"}}}}, fixed},
		{"ValidationError", "regular expression", []types.RuleCondition{{Field: aws.String("path-pattern"), RegexValues: []string{"(x"}}}, fixed},
	} {
		_, err := w.CreateRule(t.Context(), &sdk.CreateRuleInput{ListenerArn: l.ListenerArn, Priority: aws.Int32(1), Conditions: c.conditions, Actions: c.actions})
		w.want(err, c.code, c.text)
	}
	_, err := w.CreateListener(t.Context(), &sdk.CreateListenerInput{LoadBalancerArn: b.LoadBalancerArn, Port: aws.Int32(443), Protocol: "HTTPS", DefaultActions: fixed})
	w.want(err, "ValidationError", "A certificate must be specified for HTTPS listeners")
	_, err = w.CreateListener(t.Context(), &sdk.CreateListenerInput{LoadBalancerArn: b.LoadBalancerArn, Port: aws.Int32(443), Protocol: "HTTPS", DefaultActions: fixed, Certificates: []types.Certificate{{CertificateArn: aws.String("arn:aws:acm:us-east-1:123456789012:certificate/nope")}}})
	w.want(err, "CertificateNotFound", "not found")
	_, err = w.CreateListener(t.Context(), &sdk.CreateListenerInput{LoadBalancerArn: b.LoadBalancerArn, Port: aws.Int32(53), Protocol: "UDP", DefaultActions: fixed})
	w.want(err, "UnsupportedProtocol", "'UDP' is not supported here")
}

func TestHealthChecksOfTargetGroups(t *testing.T) {
	w := newWorld(t)
	g := w.group("web")
	if *g.HealthCheckIntervalSeconds != 30 || *g.HealthCheckTimeoutSeconds != 5 || *g.HealthyThresholdCount != 5 || *g.UnhealthyThresholdCount != 2 || *g.Matcher.HttpCode != "200" || *g.HealthCheckPath != "/" || *g.HealthCheckPort != "traffic-port" {
		t.Errorf("%+v", g)
	}
	changed := must(w.ModifyTargetGroup(t.Context(), &sdk.ModifyTargetGroupInput{TargetGroupArn: g.TargetGroupArn, HealthCheckPath: aws.String("/up"), HealthCheckIntervalSeconds: aws.Int32(5), HealthCheckTimeoutSeconds: aws.Int32(2), Matcher: &types.Matcher{HttpCode: aws.String("200-299,404")}})).TargetGroups[0]
	if *changed.HealthCheckPath != "/up" || *changed.HealthyThresholdCount != 5 || *changed.Matcher.HttpCode != "200-299,404" {
		t.Errorf("%+v", changed)
	}
	for text, in := range map[string]sdk.ModifyTargetGroupInput{
		"must be between 5 and 300":           {HealthCheckIntervalSeconds: aws.Int32(4)},
		"must be greater than the timeout":    {HealthCheckIntervalSeconds: aws.Int32(5), HealthCheckTimeoutSeconds: aws.Int32(6)},
		"must begin with a '/'":               {HealthCheckPath: aws.String("up")},
		"Health check matcher '600'":          {Matcher: &types.Matcher{HttpCode: aws.String("600")}},
		"'traffic-port' or in the range":      {HealthCheckPort: aws.String("0")},
		"Health check protocol 'TCP' is not":  {HealthCheckProtocol: types.ProtocolEnumTcp},
		"Health check enabled must be true":   {HealthCheckEnabled: aws.Bool(false)},
		"gRPC code can only be specified for": {Matcher: &types.Matcher{GrpcCode: aws.String("0")}},
	} {
		in.TargetGroupArn = g.TargetGroupArn
		_, err := w.ModifyTargetGroup(t.Context(), &in)
		w.want(err, "ValidationError", text)
	}
	tcp := must(w.CreateTargetGroup(t.Context(), &sdk.CreateTargetGroupInput{Name: aws.String("tcp"), Port: aws.Int32(80), Protocol: "TCP", VpcId: &w.vpc, TargetType: "ip"})).TargetGroups[0]
	if tcp.HealthCheckProtocol != "TCP" || tcp.Matcher != nil || tcp.ProtocolVersion != nil || *tcp.HealthCheckTimeoutSeconds != 10 {
		t.Errorf("%+v", tcp)
	}
	grpc := must(w.CreateTargetGroup(t.Context(), &sdk.CreateTargetGroupInput{Name: aws.String("grpc"), Port: aws.Int32(80), Protocol: "HTTP", ProtocolVersion: aws.String("GRPC"), VpcId: &w.vpc, TargetType: "ip"})).TargetGroups[0]
	if *grpc.Matcher.GrpcCode != "12" || *grpc.HealthCheckPath != "/AWS.ALB/healthcheck" {
		t.Errorf("%+v", grpc)
	}
	_, err := w.CreateTargetGroup(t.Context(), &sdk.CreateTargetGroupInput{Name: aws.String("fn"), TargetType: "lambda"})
	w.want(err, "OperationNotPermitted", "'lambda' are not supported here")
}

func TestTargets(t *testing.T) {
	w := newWorld(t)
	b, g := w.balancer("web"), w.group("one")
	one := []types.TargetDescription{{Id: aws.String("172.31.0.10")}}
	must(w.RegisterTargets(t.Context(), &sdk.RegisterTargetsInput{TargetGroupArn: g.TargetGroupArn, Targets: append(one, types.TargetDescription{Id: aws.String("172.31.0.10"), Port: aws.Int32(8080)})}))
	w.health(g, nil, "172.31.0.10:80 unused Target.NotInUse", "172.31.0.10:8080 unused Target.NotInUse")
	w.listener(b, 80, forward(g.TargetGroupArn))
	w.health(g, nil, "172.31.0.10:80 initial Elb.RegistrationInProgress", "172.31.0.10:8080 initial Elb.RegistrationInProgress")
	one[0].Port = aws.Int32(80)
	must(w.DeregisterTargets(t.Context(), &sdk.DeregisterTargetsInput{TargetGroupArn: g.TargetGroupArn, Targets: one}))
	w.health(g, one, "172.31.0.10:80 draining Target.DeregistrationInProgress")
	must(w.RegisterTargets(t.Context(), &sdk.RegisterTargetsInput{TargetGroupArn: g.TargetGroupArn, Targets: one}))
	w.health(g, one, "172.31.0.10:80 initial Elb.RegistrationInProgress")
	w.health(g, []types.TargetDescription{{Id: aws.String("172.31.0.99")}}, "172.31.0.99:80 unused Target.NotRegistered")
	for text, id := range map[string]string{"valid IPv4 address": "web", "not within a range": "8.8.8.8"} {
		_, err := w.RegisterTargets(t.Context(), &sdk.RegisterTargetsInput{TargetGroupArn: g.TargetGroupArn, Targets: []types.TargetDescription{{Id: aws.String(id)}}})
		w.want(err, "ValidationError", text)
	}
	_, err := w.DeregisterTargets(t.Context(), &sdk.DeregisterTargetsInput{TargetGroupArn: g.TargetGroupArn, Targets: []types.TargetDescription{{Id: aws.String("172.31.0.99")}}})
	w.want(err, "InvalidTarget", "not registered")
}

func (w *world) health(g types.TargetGroup, of []types.TargetDescription, want ...string) {
	w.Helper()
	got := must(w.DescribeTargetHealth(w.Context(), &sdk.DescribeTargetHealthInput{TargetGroupArn: g.TargetGroupArn, Targets: of})).TargetHealthDescriptions
	var lines []string
	for _, d := range got {
		lines = append(lines, fmt.Sprintf("%s:%d %s %s", *d.Target.Id, *d.Target.Port, d.TargetHealth.State, d.TargetHealth.Reason))
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		w.Errorf("got %q, want %q", lines, want)
	}
}

func TestAttributes(t *testing.T) {
	w := newWorld(t)
	b, g := w.balancer("web"), w.group("one")
	l := w.listener(b, 80, forward(g.TargetGroupArn))
	set := func(key, value string) error {
		_, err := w.ModifyTargetGroupAttributes(t.Context(), &sdk.ModifyTargetGroupAttributesInput{TargetGroupArn: g.TargetGroupArn, Attributes: []types.TargetGroupAttribute{{Key: &key, Value: &value}}})
		return err
	}
	if err := set("deregistration_delay.timeout_seconds", "5"); err != nil {
		t.Error(err)
	}
	w.want(set("deregistration_delay.timeout_seconds", "3601"), "ValidationError", "between 0 and 3600")
	w.want(set("nope", "1"), "ValidationError", "Target group attribute key 'nope' is not recognized")
	if err := set("stickiness.type", "app_cookie"); err != nil {
		t.Error(err)
	}
	w.want(set("stickiness.enabled", "true"), "InvalidConfigurationRequest", "cookie_name' must be set")
	w.want(set("load_balancing.algorithm.anomaly_mitigation", "on"), "OperationNotPermitted", "can only be 'off' here")
	w.want(set("stickiness.app_cookie.cookie_name", "AWSALBX"), "ValidationError", "must not begin with")
	for _, a := range must(w.DescribeTargetGroupAttributes(t.Context(), &sdk.DescribeTargetGroupAttributesInput{TargetGroupArn: g.TargetGroupArn})).Attributes {
		if *a.Key == "deregistration_delay.timeout_seconds" && *a.Value != "5" {
			t.Error(*a.Value)
		}
	}
	_, err := w.ModifyLoadBalancerAttributes(t.Context(), &sdk.ModifyLoadBalancerAttributesInput{LoadBalancerArn: b.LoadBalancerArn, Attributes: []types.LoadBalancerAttribute{
		{Key: aws.String("access_logs.s3.enabled"), Value: aws.String("true")}, {Key: aws.String("access_logs.s3.bucket"), Value: aws.String("nope")},
	}})
	w.want(err, "InvalidConfigurationRequest", "Access Denied for bucket: nope")
	_, err = w.ModifyListenerAttributes(t.Context(), &sdk.ModifyListenerAttributesInput{ListenerArn: l.ListenerArn, Attributes: []types.ListenerAttribute{{Key: aws.String("routing.http.response.server.enabled"), Value: aws.String("false")}}})
	w.want(err, "OperationNotPermitted", "can only be 'true' here")
}

func TestTagsPoliciesAndLimits(t *testing.T) {
	w := newWorld(t)
	b, g := w.balancer("web"), w.group("one")
	arns := []string{*b.LoadBalancerArn, *g.TargetGroupArn}
	must(w.AddTags(t.Context(), &sdk.AddTagsInput{ResourceArns: arns, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("b"), Value: aws.String("2")}}}))
	must(w.RemoveTags(t.Context(), &sdk.RemoveTagsInput{ResourceArns: arns, TagKeys: []string{"a"}}))
	for _, d := range must(w.DescribeTags(t.Context(), &sdk.DescribeTagsInput{ResourceArns: arns})).TagDescriptions {
		if len(d.Tags) != 1 || *d.Tags[0].Key != "b" {
			t.Errorf("%+v", d)
		}
	}
	policies := must(w.DescribeSSLPolicies(t.Context(), &sdk.DescribeSSLPoliciesInput{Names: []string{"ELBSecurityPolicy-TLS13-1-2-2021-06"}})).SslPolicies
	if strings.Join(policies[0].SslProtocols, " ") != "TLSv1.2 TLSv1.3" {
		t.Errorf("%+v", policies[0].SslProtocols)
	}
	page := must(w.DescribeAccountLimits(t.Context(), &sdk.DescribeAccountLimitsInput{PageSize: aws.Int32(2)}))
	next := must(w.DescribeAccountLimits(t.Context(), &sdk.DescribeAccountLimitsInput{PageSize: aws.Int32(2), Marker: page.NextMarker}))
	if len(page.Limits) != 2 || len(next.Limits) != 2 || *next.Limits[0].Name == *page.Limits[0].Name {
		t.Errorf("%+v %+v", page, next)
	}
}

// A listing that is read page by page goes on behind the last item of a page,
// whether that is still there or not.
func TestAPageAfterAnItemThatIsGone(t *testing.T) {
	w := newWorld(t)
	b, g := w.balancer("web"), w.group("one")
	l := w.listener(b, 80, forward(g.TargetGroupArn))
	for _, priority := range []int32{30, 4, 200} {
		must(w.CreateRule(t.Context(), &sdk.CreateRuleInput{ListenerArn: l.ListenerArn, Priority: &priority, Actions: forward(g.TargetGroupArn),
			Conditions: []types.RuleCondition{{Field: aws.String("path-pattern"), Values: []string{fmt.Sprintf("/%d", priority)}}}}))
	}
	var got []string
	in := &sdk.DescribeRulesInput{ListenerArn: l.ListenerArn, PageSize: aws.Int32(1)}
	for {
		page := must(w.DescribeRules(t.Context(), in))
		for _, rule := range page.Rules {
			got = append(got, *rule.Priority)
			if *rule.Priority != "default" {
				must(w.DeleteRule(t.Context(), &sdk.DeleteRuleInput{RuleArn: rule.RuleArn}))
			}
		}
		if in.Marker = page.NextMarker; in.Marker == nil {
			break
		}
	}
	if strings.Join(got, " ") != "4 30 200 default" {
		t.Errorf("the pages have %v", got)
	}
	for _, name := range []string{"two", "three"} {
		w.group(name)
	}
	first := must(w.DescribeTargetGroups(t.Context(), &sdk.DescribeTargetGroupsInput{PageSize: aws.Int32(2)}))
	must(w.DeleteTargetGroup(t.Context(), &sdk.DeleteTargetGroupInput{TargetGroupArn: first.TargetGroups[1].TargetGroupArn}))
	rest := must(w.DescribeTargetGroups(t.Context(), &sdk.DescribeTargetGroupsInput{PageSize: aws.Int32(2), Marker: first.NextMarker}))
	if len(rest.TargetGroups) != 1 || *rest.TargetGroups[0].TargetGroupName != "two" {
		t.Errorf("%+v", rest.TargetGroups)
	}
}
