package clients

import (
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
)

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
