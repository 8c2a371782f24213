package drills

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/hatoba/hatoba/internal/review"
)

// target is the service that a drill is about, as it is when the drill begins.
type target struct {
	cluster    string
	service    types.Service
	definition types.TaskDefinition
	group      *elbtypes.TargetGroup // nil: no load balancer
	drain      string                // the group's deregistration delay, seconds
	balancer   *elbtypes.LoadBalancer
	listener   *elbtypes.Listener // that leads to the group by default
	container  string             // that is asked, "" if none listens
	port       int
}

// readTarget reads the service.
func readTarget(ctx context.Context, cfg aws.Config, cluster, name string) (*target, error) {
	client := ecs.NewFromConfig(cfg)
	in := &ecs.DescribeServicesInput{Services: []string{name}}
	if cluster != "" {
		in.Cluster = &cluster
	}
	out, err := client.DescribeServices(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("service %s: %w", name, err)
	}
	if len(out.Services) == 0 || aws.ToString(out.Services[0].Status) != "ACTIVE" {
		return nil, fmt.Errorf("service %s: there is no active one", name)
	}
	t := &target{service: out.Services[0], cluster: aws.ToString(out.Services[0].ClusterArn)}
	def, err := client.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: t.service.TaskDefinition})
	if err != nil {
		return nil, fmt.Errorf("task definition of %s: %w", name, err)
	}
	t.definition = *def.TaskDefinition
	t.listens()
	return t, t.readBalancer(ctx, cfg)
}

// listens finds the container and port that requests go to.
func (t *target) listens() {
	for _, lb := range t.service.LoadBalancers {
		t.container, t.port = aws.ToString(lb.ContainerName), int(aws.ToInt32(lb.ContainerPort))
		return
	}
	for _, c := range t.definition.ContainerDefinitions {
		for _, p := range c.PortMappings {
			if p.Protocol != types.TransportProtocolUdp && aws.ToInt32(p.ContainerPort) > 0 {
				t.container, t.port = aws.ToString(c.Name), int(*p.ContainerPort)
				return
			}
		}
	}
}

func (t *target) readBalancer(ctx context.Context, cfg aws.Config) error {
	i := slices.IndexFunc(t.service.LoadBalancers, func(lb types.LoadBalancer) bool { return aws.ToString(lb.TargetGroupArn) != "" })
	if i < 0 {
		return nil
	}
	client, arn := elb.NewFromConfig(cfg), *t.service.LoadBalancers[i].TargetGroupArn
	groups, err := client.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: []string{arn}})
	if err != nil || len(groups.TargetGroups) == 0 {
		return fmt.Errorf("target group %s: %w", arn, err)
	}
	t.group = &groups.TargetGroups[0]
	attributes, err := client.DescribeTargetGroupAttributes(ctx, &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: &arn})
	if err != nil {
		return fmt.Errorf("target group %s: %w", arn, err)
	}
	for _, a := range attributes.Attributes {
		if aws.ToString(a.Key) == drainKey {
			t.drain = aws.ToString(a.Value)
		}
	}
	if len(t.group.LoadBalancerArns) == 0 {
		t.group = nil // nobody sends to it
		return nil
	}
	balancers, err := client.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{LoadBalancerArns: t.group.LoadBalancerArns[:1]})
	if err != nil || len(balancers.LoadBalancers) == 0 {
		return fmt.Errorf("load balancer of %s: %w", arn, err)
	}
	t.balancer = &balancers.LoadBalancers[0]
	listeners, err := client.DescribeListeners(ctx, &elb.DescribeListenersInput{LoadBalancerArn: t.balancer.LoadBalancerArn})
	if err != nil {
		return fmt.Errorf("listeners of %s: %w", aws.ToString(t.balancer.LoadBalancerName), err)
	}
	for _, l := range listeners.Listeners {
		if forwards(l, arn) {
			t.listener = &l
			break
		}
	}
	return nil
}

const drainKey = "deregistration_delay.timeout_seconds"

// forwards tells whether a listener sends to a group by default.
func forwards(l elbtypes.Listener, group string) bool {
	return slices.ContainsFunc(l.DefaultActions, func(a elbtypes.Action) bool {
		return aws.ToString(a.TargetGroupArn) == group || a.ForwardConfig != nil &&
			slices.ContainsFunc(a.ForwardConfig.TargetGroups, func(g elbtypes.TargetGroupTuple) bool { return aws.ToString(g.TargetGroupArn) == group })
	})
}

// place is where what a drill finds points.
func (t *target) place() review.Place { return review.Place{File: aws.ToString(t.service.ServiceArn)} }

// name is the service's short name.
func (t *target) name() string { return aws.ToString(t.service.ServiceName) }

// revision is family:revision.
func (t *target) revision() string { return last(aws.ToString(t.definition.TaskDefinitionArn)) }

// of is a container's definition.
func (t *target) of(container string) types.ContainerDefinition {
	for _, c := range t.definition.ContainerDefinitions {
		if aws.ToString(c.Name) == container {
			return c
		}
	}
	return types.ContainerDefinition{}
}

// patience is how long a container has between the signal and SIGKILL.
func (t *target) patience(container string) time.Duration {
	if s := t.of(container).StopTimeout; s != nil {
		return time.Duration(*s) * time.Second
	}
	return 30 * time.Second
}

// probe is the path that is asked.
func (t *target) probe(set review.DrillSettings) string {
	switch {
	case set.Probe != "":
		return set.Probe
	case t.group != nil && strings.HasPrefix(aws.ToString(t.group.HealthCheckPath), "/"):
		return *t.group.HealthCheckPath
	}
	return "/"
}

// floor is how many healthy tasks the service must keep.
func (t *target) floor() int {
	percent := 100
	if c := t.service.DeploymentConfiguration; c != nil && c.MinimumHealthyPercent != nil {
		percent = int(*c.MinimumHealthyPercent)
	}
	return (int(t.service.DesiredCount)*percent + 99) / 100
}
