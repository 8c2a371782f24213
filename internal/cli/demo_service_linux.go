package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// demoService is the part of the demonstration behind a load balancer.
type demoService struct {
	balancer, group string // ARNs
	host            string // the balancer's name
}

const demoName = "web"

// longARN is what a target group is called in events, longer than a line.
var longARN = regexp.MustCompile(`arn:aws:elasticloadbalancing:[^)]*:targetgroup/([^/)]+)/[0-9a-f]+`)

// balance makes a load balancer and the service behind it.
func (d *demo) balance(ctx context.Context) error {
	in := &ecs.CreateServiceInput{}
	if err := readJSON(filepath.Join(d.dir, "service.json"), in); err != nil {
		return err
	}
	d.step("A load balancer, and a service of %d tasks behind it: %s", aws.ToInt32(in.DesiredCount), filepath.Join(d.dir, "service.json"))
	d.clear(ctx)
	client, network := elb.NewFromConfig(sdk(d.cfg)), in.NetworkConfiguration.AwsvpcConfiguration
	made, err := client.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{Name: aws.String(demoName), Subnets: network.Subnets, SecurityGroups: network.SecurityGroups})
	if err != nil {
		return err
	}
	lb := made.LoadBalancers[0]
	d.behind.balancer, d.behind.host = aws.ToString(lb.LoadBalancerArn), aws.ToString(lb.DNSName)
	group, err := client.CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{
		Name: aws.String(demoName), Protocol: elbtypes.ProtocolEnumHttp, Port: aws.Int32(8080), TargetType: elbtypes.TargetTypeEnumIp, VpcId: lb.VpcId,
		HealthCheckPath: aws.String("/healthz"), HealthCheckIntervalSeconds: aws.Int32(5), HealthCheckTimeoutSeconds: aws.Int32(2), HealthyThresholdCount: aws.Int32(2),
	})
	if err != nil {
		return err
	}
	d.behind.group = aws.ToString(group.TargetGroups[0].TargetGroupArn)
	if _, err := client.ModifyTargetGroupAttributes(ctx, &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: &d.behind.group, Attributes: []elbtypes.TargetGroupAttribute{
		{Key: aws.String("deregistration_delay.timeout_seconds"), Value: aws.String("2")}, // 300 by default, which is long for a demonstration
	}}); err != nil {
		return err
	}
	if _, err := client.CreateListener(ctx, &elb.CreateListenerInput{
		LoadBalancerArn: &d.behind.balancer, Protocol: elbtypes.ProtocolEnumHttp, Port: aws.Int32(80),
		DefaultActions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: &d.behind.group}},
	}); err != nil {
		return err
	}
	in.LoadBalancers = []ecstypes.LoadBalancer{{TargetGroupArn: &d.behind.group, ContainerName: aws.String("web"), ContainerPort: aws.Int32(8080)}}
	if _, err := ecs.NewFromConfig(sdk(d.cfg)).CreateService(ctx, in); err != nil {
		return err
	}
	if err := d.rollout(ctx, primaryIs("")); err != nil {
		return err
	}
	d.say("http://%s:%s/ is served by both", d.behind.host, port(d.cfg.Listen))
	return nil
}

// roll replaces all tasks while requests come in: none may fail.
func (d *demo) roll(ctx context.Context) error {
	d.step("A new revision, rolled out under load: every request is counted")
	arn, err := d.revise(ctx, "GREETING", "hello from revision two")
	if err != nil {
		return err
	}
	return d.underLoad(ctx, arn, 2, primaryIs(arn))
}

// breakIt rolls out a revision that cannot start: the circuit breaker takes it
// back, and nobody who asks notices.
func (d *demo) breakIt(ctx context.Context) error {
	d.step("A broken revision, under load: the circuit breaker rolls it back")
	arn, err := d.revise(ctx, "PORT", "no such port")
	if err != nil {
		return err
	}
	return d.underLoad(ctx, arn, 1, func(s ecstypes.Service) (bool, error) {
		if aws.ToString(s.TaskDefinition) == arn {
			return false, nil
		}
		return primaryIs("")(s)
	})
}

// underLoad updates the service while requests come in, from a second before to
// a second after, and counts them.
func (d *demo) underLoad(ctx context.Context, arn string, greetings int, until func(ecstypes.Service) (bool, error)) error {
	t := drive(ctx, d.cfg, d.behind.host)
	time.Sleep(time.Second)
	_, err := ecs.NewFromConfig(sdk(d.cfg)).UpdateService(ctx, &ecs.UpdateServiceInput{Service: aws.String(demoName), TaskDefinition: &arn})
	if err == nil {
		err = d.rollout(ctx, until)
	}
	time.Sleep(time.Second)
	t.stop()
	return errors.Join(err, d.count(t, greetings))
}

// primaryIs says whether the primary deployment is complete and, if one is
// named, of that definition.
func primaryIs(arn string) func(ecstypes.Service) (bool, error) {
	return func(s ecstypes.Service) (bool, error) {
		for _, deployment := range s.Deployments {
			if aws.ToString(deployment.Status) != "PRIMARY" || arn != "" && aws.ToString(deployment.TaskDefinition) != arn {
				continue
			}
			if deployment.RolloutState == ecstypes.DeploymentRolloutStateFailed {
				return false, fmt.Errorf("the deployment failed: %s", aws.ToString(deployment.RolloutStateReason))
			}
			return deployment.RolloutState == ecstypes.DeploymentRolloutStateCompleted, nil
		}
		return false, nil
	}
}

// revise registers the sample's definition with one variable changed.
func (d *demo) revise(ctx context.Context, name, value string) (string, error) {
	in := &ecs.RegisterTaskDefinitionInput{}
	if err := readJSON(filepath.Join(d.dir, "taskdef.json"), in); err != nil {
		return "", err
	}
	c := &in.ContainerDefinitions[0]
	changed := []ecstypes.KeyValuePair{{Name: &name, Value: &value}}
	for _, kv := range c.Environment {
		if aws.ToString(kv.Name) != name {
			changed = append(changed, kv)
		}
	}
	c.Environment = changed
	out, err := ecs.NewFromConfig(sdk(d.cfg)).RegisterTaskDefinition(ctx, in)
	if err != nil {
		return "", err
	}
	d.say("%s: %s is %q", lastPart(out.TaskDefinition.TaskDefinitionArn), name, value)
	return aws.ToString(out.TaskDefinition.TaskDefinitionArn), nil
}

// rollout prints the service's events until it is as wanted.
func (d *demo) rollout(ctx context.Context, until func(ecstypes.Service) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	client, start := ecs.NewFromConfig(sdk(d.cfg)), time.Now()
	for {
		out, err := client.DescribeServices(ctx, &ecs.DescribeServicesInput{Services: []string{demoName}})
		if err != nil {
			return err
		}
		if len(out.Services) == 0 {
			return errors.New("the service is gone")
		}
		d.events(out.Services[0], start)
		if done, err := until(out.Services[0]); done || err != nil {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// events prints what is new of the service's events, oldest first.
func (d *demo) events(s ecstypes.Service, start time.Time) {
	for i := len(s.Events) - 1; i >= 0; i-- {
		if id := aws.ToString(s.Events[i].Id); !d.told[id] {
			d.told[id] = true
			d.say("%6d ms  %s", time.Since(start).Milliseconds(), longARN.ReplaceAllString(aws.ToString(s.Events[i].Message), "$1"))
		}
	}
}

// count says what became of requests that have ended.
func (d *demo) count(t *traffic, greetings int) error {
	answers, err := json.Marshal(t.answers)
	if err != nil {
		return err
	}
	d.say("%d requests, %d failed; answers by greeting %s", t.sent, t.failed, answers)
	switch {
	case t.failed > 0:
		return fmt.Errorf("%d of %d requests failed, the first with: %s", t.failed, t.sent, t.first)
	case len(t.answers) != greetings:
		return fmt.Errorf("%d greetings were heard, not %d", len(t.answers), greetings)
	}
	return nil
}

// clear takes away the service and what it needs, if an earlier demonstration
// or this one made it.
func (d *demo) clear(ctx context.Context) {
	client, services := elb.NewFromConfig(sdk(d.cfg)), ecs.NewFromConfig(sdk(d.cfg))
	_, _ = services.DeleteService(ctx, &ecs.DeleteServiceInput{Service: aws.String(demoName), Force: aws.Bool(true)})
	for range 500 {
		out, err := services.DescribeServices(ctx, &ecs.DescribeServicesInput{Services: []string{demoName}})
		if err != nil || len(out.Services) == 0 || aws.ToString(out.Services[0].Status) == "INACTIVE" {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if out, err := client.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{Names: []string{demoName}}); err == nil && len(out.LoadBalancers) == 1 {
		_, _ = client.DeleteLoadBalancer(ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: out.LoadBalancers[0].LoadBalancerArn})
	}
	if out, err := client.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{Names: []string{demoName}}); err == nil && len(out.TargetGroups) == 1 {
		_, _ = client.DeleteTargetGroup(ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: out.TargetGroups[0].TargetGroupArn})
	}
}
