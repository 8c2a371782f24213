package clients

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/hatoba/hatoba/test/harness"
)

// tf says what Terraform's AWS provider says for a service behind a load
// balancer, in its order and with its defaults, and compares what is read back
// with what the configuration has: any difference would be a second plan that
// is not empty.
type tf struct {
	t     *testing.T
	w     *harness.World
	ec2   *ec2.Client
	elb   *elb.Client
	iam   *iam.Client
	image string
	state map[string]string // ids and ARNs of what was made
}

func newTF(t *testing.T) *tf {
	w := harness.Start(t)
	cfg := aws.Config{
		Region: harness.Region, BaseEndpoint: aws.String("http://" + w.Listen),
		Credentials: credentials.NewStaticCredentialsProvider(harness.Account, "x", ""),
	}
	f := &tf{t: t, w: w, ec2: ec2.NewFromConfig(cfg), elb: elb.NewFromConfig(cfg), iam: iam.NewFromConfig(cfg), image: w.Image(), state: map[string]string{}}
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}) // the provider's own start
	f.must("GetCallerIdentity", err)
	f.same("account", aws.ToString(who.Account), harness.Account)
	return f
}

func (f *tf) must(what string, err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatalf("%s: %v", what, err)
	}
}

// same compares an attribute of the state with the configuration's.
func (f *tf) same(what string, got, want any) {
	f.t.Helper()
	if !reflect.DeepEqual(got, want) {
		f.t.Errorf("a second plan would change %s: %v, not %v", what, got, want)
	}
}

const service = "tf-web"

func TestTerraformsCalls(t *testing.T) {
	f := newTF(t)
	f.dataSources()
	f.logGroup()
	f.repository()
	f.role()
	f.securityGroup()
	f.cluster()
	f.taskDefinition("one")
	f.targetGroup()
	f.loadBalancer()
	f.listener()
	f.rule()
	f.service()
	f.readAll() // a second plan

	f.change()
	f.readAll()
	f.destroy()
}

// dataSources are data.aws_vpc.default and data.aws_subnets.
func (f *tf) dataSources() {
	ctx := f.t.Context()
	vpcs, err := f.ec2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{Filters: []ec2types.Filter{{Name: aws.String("isDefault"), Values: []string{"true"}}}})
	f.must("data.aws_vpc", err)
	if len(vpcs.Vpcs) != 1 {
		f.t.Fatalf("there are %d default VPCs", len(vpcs.Vpcs))
	}
	f.state["vpc"] = aws.ToString(vpcs.Vpcs[0].VpcId)
	for _, a := range []ec2types.VpcAttributeName{"enableDnsHostnames", "enableDnsSupport", "enableNetworkAddressUsageMetrics"} {
		_, err := f.ec2.DescribeVpcAttribute(ctx, &ec2.DescribeVpcAttributeInput{VpcId: aws.String(f.state["vpc"]), Attribute: a})
		f.must("data.aws_vpc "+string(a), err)
	}
	tables, err := f.ec2.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: []ec2types.Filter{
		{Name: aws.String("association.main"), Values: []string{"true"}}, {Name: aws.String("vpc-id"), Values: []string{f.state["vpc"]}},
	}})
	f.must("data.aws_vpc main route table", err)
	f.same("main_route_table_id", len(tables.RouteTables), 1)
	subnets, err := f.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: []ec2types.Filter{{Name: aws.String("vpc-id"), Values: []string{f.state["vpc"]}}}})
	f.must("data.aws_subnets", err)
	if len(subnets.Subnets) < 2 {
		f.t.Fatalf("there are %d default subnets", len(subnets.Subnets))
	}
	f.state["subnet-a"], f.state["subnet-b"] = aws.ToString(subnets.Subnets[0].SubnetId), aws.ToString(subnets.Subnets[1].SubnetId)
}

func (f *tf) subnets() []string { return []string{f.state["subnet-a"], f.state["subnet-b"]} }

func (f *tf) logGroup() {
	ctx := f.t.Context()
	_, err := f.w.Logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/ecs/tf"), LogGroupClass: "STANDARD", Tags: map[string]string{"Name": "tf"}})
	f.must("aws_cloudwatch_log_group", err)
	_, err = f.w.Logs.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: aws.String("/ecs/tf"), RetentionInDays: aws.Int32(7)})
	f.must("retention_in_days", err)
	f.readLogGroup()
}

func (f *tf) readLogGroup() {
	ctx := f.t.Context()
	out, err := f.w.Logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/ecs/tf")})
	f.must("read aws_cloudwatch_log_group", err)
	g := out.LogGroups[0]
	f.same("retention_in_days", aws.ToInt32(g.RetentionInDays), int32(7))
	f.same("log_group_class", string(g.LogGroupClass), "STANDARD")
	f.same("kms_key_id", aws.ToString(g.KmsKeyId), "")
	arn := strings.TrimSuffix(aws.ToString(g.Arn), ":*")
	tags, err := f.w.Logs.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: &arn})
	f.must("tags of aws_cloudwatch_log_group", err)
	f.same("tags", tags.Tags, map[string]string{"Name": "tf"})
}

func (f *tf) repository() {
	out, err := f.w.ECR.CreateRepository(f.t.Context(), &ecr.CreateRepositoryInput{
		RepositoryName: aws.String("tf/web"), ImageTagMutability: ecrtypes.ImageTagMutabilityImmutable,
		Tags: []ecrtypes.Tag{{Key: aws.String("Name"), Value: aws.String("tf")}},
	})
	f.must("aws_ecr_repository", err)
	f.state["repository"] = aws.ToString(out.Repository.RepositoryArn)
	f.readRepository()
}

func (f *tf) readRepository() {
	ctx := f.t.Context()
	out, err := f.w.ECR.DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{RepositoryNames: []string{"tf/web"}})
	f.must("read aws_ecr_repository", err)
	r := out.Repositories[0]
	f.same("image_tag_mutability", string(r.ImageTagMutability), "IMMUTABLE")
	if r.ImageScanningConfiguration == nil || r.ImageScanningConfiguration.ScanOnPush {
		f.t.Errorf("image_scanning_configuration %+v", r.ImageScanningConfiguration)
	}
	if r.EncryptionConfiguration == nil || r.EncryptionConfiguration.EncryptionType != "AES256" {
		f.t.Errorf("encryption_configuration %+v", r.EncryptionConfiguration)
	}
	f.same("repository_url", aws.ToString(r.RepositoryUri), harness.Account+".dkr.ecr."+harness.Region+".amazonaws.com/tf/web")
	tags, err := f.w.ECR.ListTagsForResource(ctx, &ecr.ListTagsForResourceInput{ResourceArn: r.RepositoryArn})
	f.must("tags of aws_ecr_repository", err)
	f.same("tags", len(tags.Tags), 1)
}

const trust = `{"Version":"2012-10-17","Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"}}]}`

const execution = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"

func (f *tf) role() {
	ctx := f.t.Context()
	out, err := f.iam.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: aws.String("tf-exec"), Path: aws.String("/"), AssumeRolePolicyDocument: aws.String(trust), MaxSessionDuration: aws.Int32(3600),
		Tags: []iamtypes.Tag{{Key: aws.String("Name"), Value: aws.String("tf")}},
	})
	f.must("aws_iam_role", err)
	f.state["role"] = aws.ToString(out.Role.Arn)
	_, err = f.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("tf-exec"), PolicyArn: aws.String(execution)})
	f.must("aws_iam_role_policy_attachment", err)
	f.readRole()
}

func (f *tf) readRole() {
	ctx := f.t.Context()
	name := aws.String("tf-exec")
	out, err := f.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: name})
	f.must("read aws_iam_role", err)
	document, err := url.QueryUnescape(aws.ToString(out.Role.AssumeRolePolicyDocument))
	f.must("assume_role_policy", err)
	f.sameJSON("assume_role_policy", document, trust)
	f.same("max_session_duration", aws.ToInt32(out.Role.MaxSessionDuration), int32(3600))
	f.same("path", aws.ToString(out.Role.Path), "/")
	f.same("tags", len(out.Role.Tags), 1)
	inline, err := f.iam.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: name})
	f.must("inline_policy", err)
	f.same("inline_policy", len(inline.PolicyNames), 0)
	attached, err := f.iam.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: name})
	f.must("aws_iam_role_policy_attachment", err)
	if len(attached.AttachedPolicies) != 1 || aws.ToString(attached.AttachedPolicies[0].PolicyArn) != execution {
		f.t.Errorf("attached policies %+v", attached.AttachedPolicies)
	}
}

func (f *tf) sameJSON(what, got, want string) {
	f.t.Helper()
	var a, b any
	if json.Unmarshal([]byte(got), &a) != nil || json.Unmarshal([]byte(want), &b) != nil {
		f.t.Errorf("%s is no JSON: %s", what, got)
		return
	}
	f.same(what, a, b)
}

var everywhere = []ec2types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}

func (f *tf) securityGroup() {
	ctx := f.t.Context()
	out, err := f.ec2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		GroupName: aws.String("tf-web"), Description: aws.String("Managed by Terraform"), VpcId: aws.String(f.state["vpc"]),
		TagSpecifications: []ec2types.TagSpecification{{ResourceType: "security-group", Tags: []ec2types.Tag{{Key: aws.String("Name"), Value: aws.String("tf")}}}},
	})
	f.must("aws_security_group", err)
	f.state["group"] = aws.ToString(out.GroupId)
	all := []ec2types.IpPermission{{IpProtocol: aws.String("-1"), IpRanges: everywhere}}
	_, err = f.ec2.RevokeSecurityGroupEgress(ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: out.GroupId, IpPermissions: all})
	f.must("the default egress is revoked", err)
	web := []ec2types.IpPermission{
		{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(80), ToPort: aws.Int32(80), IpRanges: everywhere},
		{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(8080), ToPort: aws.Int32(8080), UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: out.GroupId}}},
	}
	_, err = f.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: out.GroupId, IpPermissions: web})
	f.must("ingress", err)
	_, err = f.ec2.AuthorizeSecurityGroupEgress(ctx, &ec2.AuthorizeSecurityGroupEgressInput{GroupId: out.GroupId, IpPermissions: all})
	f.must("egress", err)
	f.readSecurityGroup()
}

func (f *tf) readSecurityGroup() {
	out, err := f.ec2.DescribeSecurityGroups(f.t.Context(), &ec2.DescribeSecurityGroupsInput{GroupIds: []string{f.state["group"]}})
	f.must("read aws_security_group", err)
	g := out.SecurityGroups[0]
	f.same("description", aws.ToString(g.Description), "Managed by Terraform")
	f.same("owner_id", aws.ToString(g.OwnerId), harness.Account)
	f.same("tags", len(g.Tags), 1)
	f.same("ingress", len(g.IpPermissions), 2)
	f.same("egress", len(g.IpPermissionsEgress), 1)
	for _, p := range g.IpPermissions {
		switch aws.ToInt32(p.FromPort) {
		case 80:
			f.same("ingress cidr_blocks", aws.ToString(p.IpRanges[0].CidrIp), "0.0.0.0/0")
			f.same("ingress self", len(p.UserIdGroupPairs), 0)
		case 8080:
			f.same("ingress self", aws.ToString(p.UserIdGroupPairs[0].GroupId), f.state["group"])
			f.same("ingress cidr_blocks", len(p.IpRanges), 0)
		default:
			f.t.Errorf("ingress from %d", aws.ToInt32(p.FromPort))
		}
	}
	f.same("egress protocol", aws.ToString(g.IpPermissionsEgress[0].IpProtocol), "-1")
}

func (f *tf) cluster() {
	out, err := f.w.ECS.CreateCluster(f.t.Context(), &ecs.CreateClusterInput{
		ClusterName: aws.String("tf"), Tags: []ecstypes.Tag{{Key: aws.String("Name"), Value: aws.String("tf")}},
		Settings: []ecstypes.ClusterSetting{{Name: "containerInsights", Value: aws.String("disabled")}},
	})
	f.must("aws_ecs_cluster", err)
	f.state["cluster"] = aws.ToString(out.Cluster.ClusterArn)
	f.readCluster()
}

func (f *tf) readCluster() {
	out, err := f.w.ECS.DescribeClusters(f.t.Context(), &ecs.DescribeClustersInput{
		Clusters: []string{f.state["cluster"]}, Include: []ecstypes.ClusterField{"TAGS", "CONFIGURATIONS", "SETTINGS"},
	})
	f.must("read aws_ecs_cluster", err)
	c := out.Clusters[0]
	f.same("status", aws.ToString(c.Status), "ACTIVE")
	f.same("setting", c.Settings, []ecstypes.ClusterSetting{{Name: "containerInsights", Value: aws.String("disabled")}})
	if c.Configuration != nil && c.Configuration.ExecuteCommandConfiguration != nil {
		f.t.Errorf("configuration %+v", c.Configuration)
	}
	f.same("tags", len(c.Tags), 1)
}

// containers is container_definitions: jsonencode as it is written, with what is
// left out.
func (f *tf) containers(word string) []ecstypes.ContainerDefinition {
	return []ecstypes.ContainerDefinition{{
		Name: aws.String("app"), Image: &f.image, Essential: aws.Bool(true), Command: []string{"serve", "8080"},
		Environment:  []ecstypes.KeyValuePair{{Name: aws.String("WORD"), Value: &word}},
		PortMappings: []ecstypes.PortMapping{{ContainerPort: aws.Int32(8080)}},
		LogConfiguration: &ecstypes.LogConfiguration{LogDriver: "awslogs", Options: map[string]string{
			"awslogs-group": "/ecs/tf", "awslogs-region": harness.Region, "awslogs-stream-prefix": "web",
		}},
	}}
}

func (f *tf) taskDefinition(word string) {
	out, err := f.w.ECS.RegisterTaskDefinition(f.t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: aws.String(service), ContainerDefinitions: f.containers(word), Cpu: aws.String("256"), Memory: aws.String("512"),
		NetworkMode: "awsvpc", RequiresCompatibilities: []ecstypes.Compatibility{"FARGATE"}, ExecutionRoleArn: aws.String(f.state["role"]),
		Tags: []ecstypes.Tag{{Key: aws.String("Name"), Value: aws.String("tf")}},
	})
	f.must("aws_ecs_task_definition", err)
	f.state["definition"], f.state["word"] = aws.ToString(out.TaskDefinition.TaskDefinitionArn), word
	f.readTaskDefinition()
}

func (f *tf) readTaskDefinition() {
	out, err := f.w.ECS.DescribeTaskDefinition(f.t.Context(), &ecs.DescribeTaskDefinitionInput{
		TaskDefinition: aws.String(f.state["definition"]), Include: []ecstypes.TaskDefinitionField{"TAGS"},
	})
	f.must("read aws_ecs_task_definition", err)
	d := out.TaskDefinition
	f.same("status", string(d.Status), "ACTIVE")
	f.same("cpu", aws.ToString(d.Cpu), "256")
	f.same("task_role_arn", aws.ToString(d.TaskRoleArn), "")
	f.same("execution_role_arn", aws.ToString(d.ExecutionRoleArn), f.state["role"])
	f.same("network_mode", string(d.NetworkMode), "awsvpc")
	f.same("ipc_mode, pid_mode", string(d.IpcMode)+string(d.PidMode), "")
	f.same("requires_compatibilities", d.RequiresCompatibilities, []ecstypes.Compatibility{"FARGATE"})
	f.same("volume", len(d.Volumes)+len(d.PlacementConstraints), 0)
	if d.ProxyConfiguration != nil || d.EphemeralStorage != nil || d.RuntimePlatform != nil {
		f.t.Errorf("proxy_configuration %v, ephemeral_storage %v, runtime_platform %v", d.ProxyConfiguration, d.EphemeralStorage, d.RuntimePlatform)
	}
	f.same("tags", len(out.Tags), 1)
	f.same("container_definitions", normal(d.ContainerDefinitions), normal(f.containers(f.state["word"])))
}

// normal takes away what ECS adds to container definitions, as the provider
// does before it compares.
func normal(all []ecstypes.ContainerDefinition) string {
	for i := range all {
		c := &all[i]
		for j := range c.PortMappings {
			m := &c.PortMappings[j]
			if m.Protocol == "tcp" {
				m.Protocol = ""
			}
			if m.HostPort != nil && *m.HostPort == *m.ContainerPort {
				m.HostPort = nil
			}
		}
		c.MountPoints, c.VolumesFrom, c.SystemControls = empty(c.MountPoints), empty(c.VolumesFrom), empty(c.SystemControls)
	}
	text, err := json.Marshal(all)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func empty[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}

func (f *tf) targetGroup() {
	ctx := f.t.Context()
	out, err := f.elb.CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{
		Name: aws.String("tf-web"), Port: aws.Int32(8080), Protocol: "HTTP", ProtocolVersion: aws.String("HTTP1"), VpcId: aws.String(f.state["vpc"]), TargetType: "ip",
		HealthCheckEnabled: aws.Bool(true), HealthCheckIntervalSeconds: aws.Int32(5), HealthyThresholdCount: aws.Int32(2), UnhealthyThresholdCount: aws.Int32(3),
		HealthCheckTimeoutSeconds: aws.Int32(2), HealthCheckPath: aws.String("/"), HealthCheckPort: aws.String("traffic-port"), HealthCheckProtocol: "HTTP",
		Matcher: &elbtypes.Matcher{HttpCode: aws.String("200")}, Tags: []elbtypes.Tag{{Key: aws.String("Name"), Value: aws.String("tf")}},
	})
	f.must("aws_lb_target_group", err)
	f.state["target"] = aws.ToString(out.TargetGroups[0].TargetGroupArn)
	_, err = f.elb.ModifyTargetGroupAttributes(ctx, &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: aws.String(f.state["target"]), Attributes: groupAttributes("1")})
	f.must("attributes of aws_lb_target_group", err)
	f.state["delay"] = "1"
	f.readTargetGroup()
}

func groupAttributes(delay string) (out []elbtypes.TargetGroupAttribute) {
	for _, kv := range [][2]string{{"deregistration_delay.timeout_seconds", delay}, {"slow_start.duration_seconds", "0"}} {
		out = append(out, elbtypes.TargetGroupAttribute{Key: aws.String(kv[0]), Value: aws.String(kv[1])})
	}
	return out
}

func (f *tf) readTargetGroup() {
	ctx := f.t.Context()
	out, err := f.elb.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: []string{f.state["target"]}})
	f.must("read aws_lb_target_group", err)
	g := out.TargetGroups[0]
	f.same("health_check", []any{
		aws.ToBool(g.HealthCheckEnabled), aws.ToInt32(g.HealthCheckIntervalSeconds), aws.ToInt32(g.HealthyThresholdCount), aws.ToInt32(g.UnhealthyThresholdCount),
		aws.ToInt32(g.HealthCheckTimeoutSeconds), aws.ToString(g.HealthCheckPath), aws.ToString(g.HealthCheckPort), string(g.HealthCheckProtocol), aws.ToString(g.Matcher.HttpCode),
	}, []any{true, int32(5), int32(2), int32(3), int32(2), "/", "traffic-port", "HTTP", "200"})
	f.same("port, protocol", fmt.Sprintf("%d %s %s %s %s", aws.ToInt32(g.Port), g.Protocol, aws.ToString(g.ProtocolVersion), g.TargetType, g.IpAddressType), "8080 HTTP HTTP1 ip ipv4")
	f.same("vpc_id", aws.ToString(g.VpcId), f.state["vpc"])
	got := map[string]string{}
	attributes, err := f.elb.DescribeTargetGroupAttributes(ctx, &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: g.TargetGroupArn})
	f.must("attributes of aws_lb_target_group", err)
	for _, a := range attributes.Attributes {
		got[aws.ToString(a.Key)] = aws.ToString(a.Value)
	}
	for key, want := range map[string]string{
		"deregistration_delay.timeout_seconds": f.state["delay"], "slow_start.duration_seconds": "0", "stickiness.enabled": "false", "stickiness.type": "lb_cookie",
		"stickiness.lb_cookie.duration_seconds": "86400", "load_balancing.algorithm.type": "round_robin", "load_balancing.algorithm.anomaly_mitigation": "off",
		"load_balancing.cross_zone.enabled": "use_load_balancer_configuration", "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
		"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
	} {
		f.same(key, got[key], want)
	}
	f.elbTags(f.state["target"])
}

func (f *tf) elbTags(arn string) {
	f.t.Helper()
	out, err := f.elb.DescribeTags(f.t.Context(), &elb.DescribeTagsInput{ResourceArns: []string{arn}})
	f.must("tags of "+arn, err)
	if len(out.TagDescriptions) != 1 || len(out.TagDescriptions[0].Tags) != 1 {
		f.t.Errorf("tags of %s: %+v", arn, out.TagDescriptions)
	}
}

// balancerAttributes are those the provider sets on every application load
// balancer it makes.
var balancerAttributes = map[string]string{
	"access_logs.s3.enabled": "false", "connection_logs.s3.enabled": "false", "client_keep_alive.seconds": "3600", "deletion_protection.enabled": "false",
	"idle_timeout.timeout_seconds": "60", "routing.http.desync_mitigation_mode": "defensive", "routing.http.drop_invalid_header_fields.enabled": "false",
	"routing.http.preserve_host_header.enabled": "false", "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false", "routing.http.xff_client_port.enabled": "false",
	"routing.http.xff_header_processing.mode": "append", "routing.http2.enabled": "true", "waf.fail_open.enabled": "false", "zonal_shift.config.enabled": "false",
}

func (f *tf) loadBalancer() {
	ctx := f.t.Context()
	out, err := f.elb.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{
		Name: aws.String("tf-web"), Type: "application", Subnets: f.subnets(), SecurityGroups: []string{f.state["group"]},
		Tags: []elbtypes.Tag{{Key: aws.String("Name"), Value: aws.String("tf")}},
	})
	f.must("aws_lb", err)
	f.state["balancer"] = aws.ToString(out.LoadBalancers[0].LoadBalancerArn)
	f.w.Eventually("the load balancer is active", func() bool { return f.balancer().State.Code == "active" })
	var attributes []elbtypes.LoadBalancerAttribute
	for key, value := range balancerAttributes {
		attributes = append(attributes, elbtypes.LoadBalancerAttribute{Key: aws.String(key), Value: aws.String(value)})
	}
	_, err = f.elb.ModifyLoadBalancerAttributes(ctx, &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: aws.String(f.state["balancer"]), Attributes: attributes})
	f.must("attributes of aws_lb", err)
	f.readLoadBalancer()
}

func (f *tf) balancer() elbtypes.LoadBalancer {
	out, err := f.elb.DescribeLoadBalancers(f.t.Context(), &elb.DescribeLoadBalancersInput{LoadBalancerArns: []string{f.state["balancer"]}})
	f.must("read aws_lb", err)
	return out.LoadBalancers[0]
}

func (f *tf) readLoadBalancer() {
	ctx := f.t.Context()
	lb := f.balancer()
	f.same("internal", string(lb.Scheme), "internet-facing")
	f.same("type", fmt.Sprintf("%s %s", lb.Type, lb.IpAddressType), "application ipv4")
	f.same("vpc_id", aws.ToString(lb.VpcId), f.state["vpc"])
	f.same("security_groups", lb.SecurityGroups, []string{f.state["group"]})
	var subnets []string
	for _, z := range lb.AvailabilityZones {
		subnets = append(subnets, aws.ToString(z.SubnetId))
	}
	slices.Sort(subnets)
	f.same("subnets", subnets, slices.Sorted(slices.Values(f.subnets())))
	if aws.ToString(lb.DNSName) == "" || aws.ToString(lb.CanonicalHostedZoneId) == "" {
		f.t.Errorf("dns_name %q, zone_id %q", aws.ToString(lb.DNSName), aws.ToString(lb.CanonicalHostedZoneId))
	}
	got := map[string]string{}
	attributes, err := f.elb.DescribeLoadBalancerAttributes(ctx, &elb.DescribeLoadBalancerAttributesInput{LoadBalancerArn: lb.LoadBalancerArn})
	f.must("attributes of aws_lb", err)
	for _, a := range attributes.Attributes {
		got[aws.ToString(a.Key)] = aws.ToString(a.Value)
	}
	for key, want := range balancerAttributes {
		f.same(key, got[key], want)
	}
	_, err = f.elb.DescribeCapacityReservation(ctx, &elb.DescribeCapacityReservationInput{LoadBalancerArn: lb.LoadBalancerArn})
	f.must("minimum_load_balancer_capacity", err)
	f.elbTags(f.state["balancer"])
}

func (f *tf) listener() {
	out, err := f.elb.CreateListener(f.t.Context(), &elb.CreateListenerInput{
		LoadBalancerArn: aws.String(f.state["balancer"]), Port: aws.Int32(80), Protocol: "HTTP",
		DefaultActions: []elbtypes.Action{{Type: "forward", TargetGroupArn: aws.String(f.state["target"])}},
		Tags:           []elbtypes.Tag{{Key: aws.String("Name"), Value: aws.String("tf")}},
	})
	f.must("aws_lb_listener", err)
	f.state["listener"] = aws.ToString(out.Listeners[0].ListenerArn)
	f.readListener()
}

func (f *tf) readListener() {
	ctx := f.t.Context()
	out, err := f.elb.DescribeListeners(ctx, &elb.DescribeListenersInput{ListenerArns: []string{f.state["listener"]}})
	f.must("read aws_lb_listener", err)
	l := out.Listeners[0]
	f.same("port, protocol", fmt.Sprintf("%d %s", aws.ToInt32(l.Port), l.Protocol), "80 HTTP")
	f.same("certificate_arn, alpn_policy, ssl_policy", len(l.Certificates)+len(l.AlpnPolicy)+len(aws.ToString(l.SslPolicy)), 0)
	if len(l.DefaultActions) != 1 || l.DefaultActions[0].Type != "forward" || aws.ToString(l.DefaultActions[0].TargetGroupArn) != f.state["target"] {
		f.t.Errorf("default_action %+v", l.DefaultActions)
	}
	if c := l.DefaultActions[0].ForwardConfig; c == nil || len(c.TargetGroups) != 1 || aws.ToInt32(c.TargetGroups[0].Weight) != 1 || c.TargetGroupStickinessConfig == nil || aws.ToBool(c.TargetGroupStickinessConfig.Enabled) {
		f.t.Errorf("default_action.forward %+v", c)
	}
	_, err = f.elb.DescribeListenerAttributes(ctx, &elb.DescribeListenerAttributesInput{ListenerArn: l.ListenerArn})
	f.must("attributes of aws_lb_listener", err)
	f.elbTags(f.state["listener"])
}

func (f *tf) rule() {
	out, err := f.elb.CreateRule(f.t.Context(), &elb.CreateRuleInput{
		ListenerArn: aws.String(f.state["listener"]), Priority: aws.Int32(100),
		Conditions: []elbtypes.RuleCondition{{Field: aws.String("path-pattern"), PathPatternConfig: &elbtypes.PathPatternConditionConfig{Values: []string{"/gone/*"}}}},
		Actions: []elbtypes.Action{{Type: "fixed-response", Order: aws.Int32(1), FixedResponseConfig: &elbtypes.FixedResponseActionConfig{
			ContentType: aws.String("text/plain"), MessageBody: aws.String("gone"), StatusCode: aws.String("410"),
		}}},
		Tags: []elbtypes.Tag{{Key: aws.String("Name"), Value: aws.String("tf")}},
	})
	f.must("aws_lb_listener_rule", err)
	f.state["rule"] = aws.ToString(out.Rules[0].RuleArn)
	f.readRule()
}

func (f *tf) readRule() {
	out, err := f.elb.DescribeRules(f.t.Context(), &elb.DescribeRulesInput{RuleArns: []string{f.state["rule"]}})
	f.must("read aws_lb_listener_rule", err)
	r := out.Rules[0]
	f.same("priority", aws.ToString(r.Priority), "100")
	if len(r.Conditions) != 1 || aws.ToString(r.Conditions[0].Field) != "path-pattern" || r.Conditions[0].PathPatternConfig == nil || !slices.Equal(r.Conditions[0].PathPatternConfig.Values, []string{"/gone/*"}) {
		f.t.Errorf("condition %+v", r.Conditions)
	}
	if len(r.Actions) != 1 || r.Actions[0].FixedResponseConfig == nil || aws.ToString(r.Actions[0].FixedResponseConfig.StatusCode) != "410" || aws.ToInt32(r.Actions[0].Order) != 1 {
		f.t.Errorf("action %+v", r.Actions)
	}
	f.elbTags(f.state["rule"])
}

func (f *tf) service() {
	_, err := f.w.ECS.CreateService(f.t.Context(), &ecs.CreateServiceInput{
		ServiceName: aws.String(service), Cluster: aws.String(f.state["cluster"]), ClientToken: aws.String("terraform-20261121000000000000000001"),
		TaskDefinition: aws.String(f.state["definition"]), DesiredCount: aws.Int32(2), LaunchType: "FARGATE", SchedulingStrategy: "REPLICA",
		DeploymentController:        &ecstypes.DeploymentController{Type: "ECS"},
		DeploymentConfiguration:     &ecstypes.DeploymentConfiguration{MaximumPercent: aws.Int32(200), MinimumHealthyPercent: aws.Int32(100)},
		AvailabilityZoneRebalancing: "DISABLED",
		LoadBalancers:               []ecstypes.LoadBalancer{{TargetGroupArn: aws.String(f.state["target"]), ContainerName: aws.String("app"), ContainerPort: aws.Int32(8080)}},
		NetworkConfiguration: &ecstypes.NetworkConfiguration{AwsvpcConfiguration: &ecstypes.AwsVpcConfiguration{
			Subnets: f.subnets(), SecurityGroups: []string{f.state["group"]}, AssignPublicIp: "DISABLED",
		}},
		Tags: []ecstypes.Tag{{Key: aws.String("Name"), Value: aws.String("tf")}},
	})
	f.must("aws_ecs_service", err)
	f.stable()
	f.readService()
}

// stable is wait_for_steady_state, by the deployment as newer providers do and
// by the counts as older ones do.
func (f *tf) stable() {
	ctx, cancel := context.WithTimeout(f.t.Context(), 2*harness.Patience)
	defer cancel()
	f.must("wait_for_steady_state", ecs.NewServicesStableWaiter(f.w.ECS, func(o *ecs.ServicesStableWaiterOptions) {
		o.MinDelay, o.MaxDelay = 50*time.Millisecond, 500*time.Millisecond
	}).Wait(
		ctx, &ecs.DescribeServicesInput{Cluster: aws.String(f.state["cluster"]), Services: []string{service}}, 2*harness.Patience))
	list, err := f.w.ECS.ListServiceDeployments(ctx, &ecs.ListServiceDeploymentsInput{Cluster: aws.String(f.state["cluster"]), Service: aws.String(service)})
	f.must("ListServiceDeployments", err)
	if len(list.ServiceDeployments) == 0 {
		f.t.Fatal("there is no service deployment")
	}
	f.w.Eventually("the deployment succeeds", func() bool {
		out, err := f.w.ECS.DescribeServiceDeployments(ctx, &ecs.DescribeServiceDeploymentsInput{ServiceDeploymentArns: []string{aws.ToString(list.ServiceDeployments[0].ServiceDeploymentArn)}})
		f.must("DescribeServiceDeployments", err)
		return len(out.ServiceDeployments) == 1 && out.ServiceDeployments[0].Status == "SUCCESSFUL"
	})
}

func (f *tf) readService() {
	out, err := f.w.ECS.DescribeServices(f.t.Context(), &ecs.DescribeServicesInput{
		Cluster: aws.String(f.state["cluster"]), Services: []string{service}, Include: []ecstypes.ServiceField{"TAGS"},
	})
	f.must("read aws_ecs_service", err)
	s := out.Services[0]
	f.same("task_definition", aws.ToString(s.TaskDefinition), f.state["definition"])
	f.same("desired_count", s.DesiredCount, int32(2))
	f.same("launch_type, platform_version, scheduling_strategy", fmt.Sprintf("%s %s %s", s.LaunchType, aws.ToString(s.PlatformVersion), s.SchedulingStrategy), "FARGATE LATEST REPLICA")
	f.same("capacity_provider_strategy", len(s.CapacityProviderStrategy), 0)
	f.same("enable_*", []bool{s.EnableECSManagedTags, s.EnableExecuteCommand}, []bool{false, false})
	f.same("propagate_tags", string(s.PropagateTags) == "NONE" || s.PropagateTags == "", true)
	f.same("deployment_controller", string(s.DeploymentController.Type), "ECS")
	f.same("availability_zone_rebalancing", string(s.AvailabilityZoneRebalancing), "DISABLED")
	c := s.DeploymentConfiguration
	f.same("deployment_*_percent", []int32{aws.ToInt32(c.MaximumPercent), aws.ToInt32(c.MinimumHealthyPercent)}, []int32{200, 100})
	if b := c.DeploymentCircuitBreaker; b == nil || b.Enable || b.Rollback {
		f.t.Errorf("deployment_circuit_breaker %+v", b)
	}
	if len(s.LoadBalancers) != 1 || aws.ToString(s.LoadBalancers[0].TargetGroupArn) != f.state["target"] || aws.ToString(s.LoadBalancers[0].ContainerName) != "app" {
		f.t.Errorf("load_balancer %+v", s.LoadBalancers)
	}
	v := s.NetworkConfiguration.AwsvpcConfiguration
	f.same("network_configuration", fmt.Sprint(slices.Sorted(slices.Values(v.Subnets)), v.SecurityGroups, v.AssignPublicIp), fmt.Sprint(slices.Sorted(slices.Values(f.subnets())), []string{f.state["group"]}, "DISABLED"))
	f.same("health_check_grace_period_seconds", aws.ToInt32(s.HealthCheckGracePeriodSeconds), int32(0))
	f.same("placement, service_registries", len(s.PlacementConstraints)+len(s.PlacementStrategy)+len(s.ServiceRegistries), 0)
	f.same("tags", len(s.Tags), 1)
}

func (f *tf) readAll() {
	f.readLogGroup()
	f.readRepository()
	f.readRole()
	f.readSecurityGroup()
	f.readCluster()
	f.readTaskDefinition()
	f.readTargetGroup()
	f.readLoadBalancer()
	f.readListener()
	f.readRule()
	f.readService()
}

// change is an apply of a changed configuration: a new revision, which replaces
// the definition, and another deregistration delay.
func (f *tf) change() {
	ctx := f.t.Context()
	old := f.state["definition"]
	f.taskDefinition("two")
	_, err := f.elb.ModifyTargetGroupAttributes(ctx, &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: aws.String(f.state["target"]), Attributes: groupAttributes("2")[:1]})
	f.must("deregistration_delay", err)
	f.state["delay"] = "2"
	_, err = f.w.ECS.UpdateService(ctx, &ecs.UpdateServiceInput{
		Cluster: aws.String(f.state["cluster"]), Service: aws.String(service), TaskDefinition: aws.String(f.state["definition"]), ForceNewDeployment: false,
	})
	f.must("update of aws_ecs_service", err)
	f.stable()
	_, err = f.w.ECS.DeregisterTaskDefinition(ctx, &ecs.DeregisterTaskDefinitionInput{TaskDefinition: &old})
	f.must("the replaced definition", err)
}

// destroy takes all away, what uses others first, and looks that it is gone.
func (f *tf) destroy() {
	ctx := f.t.Context()
	cluster := aws.String(f.state["cluster"])
	_, err := f.w.ECS.UpdateService(ctx, &ecs.UpdateServiceInput{Cluster: cluster, Service: aws.String(service), DesiredCount: aws.Int32(0)})
	f.must("draining aws_ecs_service", err)
	f.retry("delete aws_ecs_service", "deployments are active", func() error {
		_, err := f.w.ECS.DeleteService(ctx, &ecs.DeleteServiceInput{Cluster: cluster, Service: aws.String(service)})
		return err
	})
	_, err = f.elb.DeleteRule(ctx, &elb.DeleteRuleInput{RuleArn: aws.String(f.state["rule"])})
	f.must("delete aws_lb_listener_rule", err)
	_, err = f.elb.DeleteListener(ctx, &elb.DeleteListenerInput{ListenerArn: aws.String(f.state["listener"])})
	f.must("delete aws_lb_listener", err)
	f.w.Eventually("the service is inactive", func() bool {
		out, err := f.w.ECS.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: cluster, Services: []string{service}})
		f.must("DescribeServices", err)
		return len(out.Services) == 0 || aws.ToString(out.Services[0].Status) == "INACTIVE"
	})
	f.retry("delete aws_lb_target_group", "is currently in use by a listener or a rule", func() error {
		_, err := f.elb.DeleteTargetGroup(ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: aws.String(f.state["target"])})
		return err
	})
	_, err = f.elb.DeleteLoadBalancer(ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: aws.String(f.state["balancer"])})
	f.must("delete aws_lb", err)
	suffix := f.state["balancer"][strings.Index(f.state["balancer"], "loadbalancer/")+len("loadbalancer/"):]
	f.w.Eventually("the load balancer's interfaces are gone", func() bool {
		out, err := f.ec2.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{Filters: []ec2types.Filter{
			{Name: aws.String("attachment.instance-owner-id"), Values: []string{"amazon-elb"}}, {Name: aws.String("description"), Values: []string{"ELB " + suffix}},
		}})
		f.must("DescribeNetworkInterfaces", err)
		return len(out.NetworkInterfaces) == 0
	})
	_, err = f.w.ECS.DeregisterTaskDefinition(ctx, &ecs.DeregisterTaskDefinitionInput{TaskDefinition: aws.String(f.state["definition"])})
	f.must("delete aws_ecs_task_definition", err)
	f.retry("delete aws_ecs_cluster", "ClusterContains", func() error {
		_, err := f.w.ECS.DeleteCluster(ctx, &ecs.DeleteClusterInput{Cluster: cluster})
		return err
	})
	f.retry("delete aws_security_group", "DependencyViolation", func() error {
		_, err := f.ec2.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: aws.String(f.state["group"])})
		return err
	})
	_, err = f.iam.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: aws.String("tf-exec"), PolicyArn: aws.String(execution)})
	f.must("delete aws_iam_role_policy_attachment", err)
	profiles, err := f.iam.ListInstanceProfilesForRole(ctx, &iam.ListInstanceProfilesForRoleInput{RoleName: aws.String("tf-exec")})
	f.must("ListInstanceProfilesForRole", err)
	f.same("instance profiles", len(profiles.InstanceProfiles), 0)
	_, err = f.iam.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("tf-exec")})
	f.must("delete aws_iam_role", err)
	_, err = f.w.ECR.DeleteRepository(ctx, &ecr.DeleteRepositoryInput{RepositoryName: aws.String("tf/web"), Force: false})
	f.must("delete aws_ecr_repository", err)
	_, err = f.w.Logs.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String("/ecs/tf")})
	f.must("delete aws_cloudwatch_log_group", err)
	f.gone()
}

// retry is how the provider waits for what still uses a thing.
func (f *tf) retry(what, while string, call func() error) {
	f.t.Helper()
	f.w.Eventually(what, func() bool {
		err := call()
		if err != nil && !strings.Contains(err.Error(), while) {
			f.t.Fatalf("%s: %v", what, err)
		}
		return err == nil
	})
}

// gone reads what was destroyed: the errors are those the provider knows as
// "not found".
func (f *tf) gone() {
	ctx := f.t.Context()
	is := func(what string, err error, target any) {
		f.t.Helper()
		if !errors.As(err, target) {
			f.t.Errorf("reading %s after its end: %v", what, err)
		}
	}
	_, err := f.elb.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{LoadBalancerArns: []string{f.state["balancer"]}})
	is("aws_lb", err, new(*elbtypes.LoadBalancerNotFoundException))
	_, err = f.elb.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: []string{f.state["target"]}})
	is("aws_lb_target_group", err, new(*elbtypes.TargetGroupNotFoundException))
	_, err = f.elb.DescribeListeners(ctx, &elb.DescribeListenersInput{ListenerArns: []string{f.state["listener"]}})
	is("aws_lb_listener", err, new(*elbtypes.ListenerNotFoundException))
	_, err = f.elb.DescribeRules(ctx, &elb.DescribeRulesInput{RuleArns: []string{f.state["rule"]}})
	is("aws_lb_listener_rule", err, new(*elbtypes.RuleNotFoundException))
	_, err = f.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("tf-exec")})
	is("aws_iam_role", err, new(*iamtypes.NoSuchEntityException))
	_, err = f.w.ECR.DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{RepositoryNames: []string{"tf/web"}})
	is("aws_ecr_repository", err, new(*ecrtypes.RepositoryNotFoundException))
	_, err = f.ec2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{f.state["group"]}})
	if err == nil || !strings.Contains(err.Error(), "InvalidGroup.NotFound") {
		f.t.Errorf("reading aws_security_group after its end: %v", err)
	}
	clusters, err := f.w.ECS.DescribeClusters(ctx, &ecs.DescribeClustersInput{Clusters: []string{f.state["cluster"]}})
	f.must("DescribeClusters", err)
	if len(clusters.Clusters) == 1 && aws.ToString(clusters.Clusters[0].Status) != "INACTIVE" {
		f.t.Errorf("the cluster is %s", aws.ToString(clusters.Clusters[0].Status))
	}
	groups, err := f.w.Logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/ecs/tf")})
	f.must("DescribeLogGroups", err)
	f.same("log groups", len(groups.LogGroups), 0)
}
