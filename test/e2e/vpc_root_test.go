package e2e

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/hatoba/hatoba/test/harness"
)

// network calls EC2 by its protocol: the SDK's package takes a minute to build.
type network struct {
	t *testing.T
	w *harness.World
}

func (n network) try(action string, parameters ...string) (int, string) {
	n.t.Helper()
	form := url.Values{"Action": {action}, "Version": {"2016-11-15"}}
	for i := 0; i < len(parameters); i += 2 {
		form.Set(parameters[i], parameters[i+1])
	}
	req, _ := http.NewRequest(http.MethodPost, "http://"+n.w.Listen, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+harness.Account+"/20261121/"+harness.Region+"/ec2/aws4_request, SignedHeaders=host, Signature=0")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		n.t.Fatal(err)
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(b)
}

// do returns what an element of the answer holds.
func (n network) do(element, action string, parameters ...string) string {
	n.t.Helper()
	status, body := n.try(action, parameters...)
	if status != http.StatusOK {
		n.t.Fatalf("%s %v: %s", action, parameters, body)
	}
	m := regexp.MustCompile("<" + element + ">([^<]*)<").FindStringSubmatch(body)
	if m == nil {
		return ""
	}
	return m[1]
}

func (n network) group(name, vpc string) string {
	return n.do("groupId", "CreateSecurityGroup", "GroupName", name, "GroupDescription", name, "VpcId", vpc)
}

func (n network) rule(action, group, source string) {
	n.t.Helper()
	kind := "IpPermissions.1.IpRanges.1.CidrIp"
	if strings.HasPrefix(source, "sg-") {
		kind = "IpPermissions.1.Groups.1.GroupId"
	}
	n.do("return", action, "GroupId", group, "IpPermissions.1.IpProtocol", "tcp", "IpPermissions.1.FromPort", "8080", "IpPermissions.1.ToPort", "8080", kind, source)
}

func in(subnet string, groups ...string) func(*ecs.RunTaskInput) {
	return func(in *ecs.RunTaskInput) {
		in.NetworkConfiguration = &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{subnet}, SecurityGroups: groups}}
	}
}

// TestSecurityGroups runs tasks in a VPC that was made, and holds them to the
// rules of their groups.
func TestSecurityGroups(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	n := network{t, w}
	vpc := n.do("vpcId", "CreateVpc", "CidrBlock", "10.213.0.0/16")
	subnet := n.do("subnetId", "CreateSubnet", "VpcId", vpc, "CidrBlock", "10.213.1.0/24")
	web, clients := n.group("web", vpc), n.group("clients", vpc)
	w.Register("serve", nil, w.Container("app", "serve", "8080"))

	server, client := w.Run("serve", in(subnet, web)), w.Run("serve", in(subnet, clients))
	stranger := w.Run("serve") // in the default VPC
	at := func(arn string) string {
		address := harness.Address(w.Until(arn, "RUNNING")) + ":8080"
		w.Eventually("the task answers the machine", func() bool { _, err := harness.Get("http://" + address + "/"); return err == nil })
		return address
	}
	there, here, outside := at(server), at(client), at(stranger)
	if !strings.HasPrefix(there, "10.213.1.") {
		t.Errorf("the task has the address %s", there)
	}
	ask := func(how string) string {
		answer, err := harness.Get("http://" + here + "/?" + how + "=" + there)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	own := strings.TrimSuffix(here, ":8080")
	for _, step := range []struct {
		what string
		do   func()
		want string
	}{
		{"no ingress", func() {}, "refused"},
		{"authorized by range", func() { n.rule("AuthorizeSecurityGroupIngress", web, own+"/32") }, own},
		{"revoked", func() {
			if got := ask("again"); got != own {
				t.Errorf("over a connection that is to stand: %s", got)
			}
			n.rule("RevokeSecurityGroupIngress", web, own+"/32")
		}, "refused"},
		{"authorized by group", func() { n.rule("AuthorizeSecurityGroupIngress", web, clients) }, own},
		{"after a kill", func() { w.Kill(); w.Up() }, own},
		{"without egress", func() {
			n.do("return", "RevokeSecurityGroupEgress", "GroupId", clients, "IpPermissions.1.IpProtocol", "-1", "IpPermissions.1.IpRanges.1.CidrIp", "0.0.0.0/0")
		}, "refused"},
	} {
		step.do()
		w.Eventually(step.what+": "+step.want, func() bool { return ask("anew") == step.want })
		if step.what == "revoked" {
			if got := ask("again"); got != own {
				t.Errorf("a connection that stood does not go on: %s", got)
			}
		}
	}
	if answer, err := harness.Get("http://" + outside + "/?anew=" + there); err != nil || answer != "refused" {
		t.Errorf("from another VPC: %q %v", answer, err)
	}

	// What is in use stays.
	for _, refused := range [][]string{
		{"DependencyViolation", "DeleteSecurityGroup", "GroupId", clients},
		{"DependencyViolation", "DeleteSubnet", "SubnetId", subnet},
		{"DependencyViolation", "DeleteVpc", "VpcId", vpc},
	} {
		if _, body := n.try(refused[1], refused[2:]...); !strings.Contains(body, "<Code>"+refused[0]+"<") {
			t.Errorf("%s: %s", refused[1], body)
		}
	}
	if eni := n.do("privateIpAddress", "DescribeNetworkInterfaces", "Filter.1.Name", "group-id", "Filter.1.Value.1", web); eni+":8080" != there {
		t.Errorf("the interface in the group has %s, the task %s", eni, there)
	}
	for _, arn := range []string{server, client, stranger} {
		w.Stop(arn)
	}
	n.do("", "DeleteSecurityGroup", "GroupId", web)
	n.do("", "DeleteSecurityGroup", "GroupId", clients)
	n.do("", "DeleteSubnet", "SubnetId", subnet)
	n.do("", "DeleteVpc", "VpcId", vpc)
}

// A VPC whose range the machine uses is refused with its first task, by name.
func TestVPCThatOverlaps(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	n := network{t, w}
	own := n.do("cidrBlock", "DescribeVpcs")
	vpc := n.do("vpcId", "CreateVpc", "CidrBlock", own)
	subnet := n.do("subnetId", "CreateSubnet", "VpcId", vpc, "CidrBlock", strings.Replace(own, "0.0/16", "1.0/24", 1))
	w.Register("serve", nil, w.Container("app", "serve", "8080"))
	task := w.Until(w.Run("serve", in(subnet)), "STOPPED")
	want := "overlaps with the default VPC's, " + own
	if !strings.Contains(aws.ToString(task.StoppedReason), want) {
		t.Errorf("stopped with %q, want …%s", aws.ToString(task.StoppedReason), want)
	}
}

// TestGroupsOfABalancer: who reaches a balancer, and what it reaches, is judged
// by its groups and by those of its targets.
func TestGroupsOfABalancer(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	n := network{t, w}
	vpc := n.do("vpcId", "CreateVpc", "CidrBlock", "10.214.0.0/16")
	one := n.do("subnetId", "CreateSubnet", "VpcId", vpc, "CidrBlock", "10.214.1.0/24", "AvailabilityZone", harness.Region+"a")
	two := n.do("subnetId", "CreateSubnet", "VpcId", vpc, "CidrBlock", "10.214.2.0/24", "AvailabilityZone", harness.Region+"b")
	front, web, clients := n.group("front", vpc), n.group("web", vpc), n.group("clients", vpc)
	w.Register("serve", nil, w.Container("app", "serve", "8080"))
	target, client := w.Run("serve", in(one, web)), w.Run("serve", in(two, clients))

	keys := credentials.NewStaticCredentialsProvider(harness.Account, "secret", "")
	b := &balanced{World: w, T: t, elb: elb.New(elb.Options{Region: harness.Region, BaseEndpoint: aws.String("http://" + w.Listen), Credentials: keys})}
	made, err := b.elb.CreateLoadBalancer(t.Context(), &elb.CreateLoadBalancerInput{Name: aws.String("web"), Subnets: []string{one, two}, SecurityGroups: []string{front}})
	if err != nil {
		t.Fatal(err)
	}
	b.balancer = made.LoadBalancers[0]
	b.address = *b.balancer.AvailabilityZones[0].LoadBalancerAddresses[0].IpAddress
	group, err := b.elb.CreateTargetGroup(t.Context(), &elb.CreateTargetGroupInput{
		Name: aws.String("web"), Protocol: elbtypes.ProtocolEnumHttp, Port: aws.Int32(8080), TargetType: elbtypes.TargetTypeEnumIp, VpcId: &vpc,
		HealthCheckIntervalSeconds: aws.Int32(5), HealthCheckTimeoutSeconds: aws.Int32(2),
	})
	if err != nil {
		t.Fatal(err)
	}
	b.group = *group.TargetGroups[0].TargetGroupArn
	b.listen(8080, elbtypes.ProtocolEnumHttp)
	address := harness.Address(w.Until(target, "RUNNING"))
	if _, err := b.elb.RegisterTargets(t.Context(), &elb.RegisterTargetsInput{TargetGroupArn: &b.group, Targets: []elbtypes.TargetDescription{{Id: &address}}}); err != nil {
		t.Fatal(err)
	}
	health := func(want string) {
		t.Helper()
		w.Eventually("the target is "+want, func() bool {
			out, err := b.elb.DescribeTargetHealth(t.Context(), &elb.DescribeTargetHealthInput{TargetGroupArn: &b.group})
			return err == nil && len(out.TargetHealthDescriptions) == 1 && string(out.TargetHealthDescriptions[0].TargetHealth.State) == want
		})
	}
	health("unhealthy") // nothing is let in to it
	n.rule("AuthorizeSecurityGroupIngress", web, front)
	health("healthy")

	here := harness.Address(w.Until(client, "RUNNING"))
	ask := func() string {
		answer, err := harness.Get("http://" + here + ":8080/?anew=" + b.address + ":8080")
		if err != nil {
			return err.Error()
		}
		return answer
	}
	w.Eventually("nobody is let in to the balancer", func() bool { return ask() == "refused" })
	n.rule("AuthorizeSecurityGroupIngress", front, clients)
	w.Eventually("its clients are, and the target sees the balancer", func() bool { return ask() == b.address })
	if got, err := harness.Get("http://" + b.address + ":8080/"); err != nil || got != b.address {
		t.Errorf("from the machine: %q %v", got, err)
	}
	if _, body := n.try("DeleteSecurityGroup", "GroupId", front); !strings.Contains(body, "DependencyViolation") {
		t.Errorf("a balancer's group is deleted: %s", body)
	}
	if _, err := b.elb.DeleteLoadBalancer(t.Context(), &elb.DeleteLoadBalancerInput{LoadBalancerArn: b.balancer.LoadBalancerArn}); err != nil {
		t.Fatal(err)
	}
	w.Stop(target)
	w.Stop(client)
}
