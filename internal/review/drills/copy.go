package drills

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/hatoba/hatoba/internal/review"
)

// shortDrain is the longest deregistration delay of a copy, in seconds: the
// default of five minutes would be most of a drill.
const shortDrain = 10

// copyTask starts a task by itself: the same revision, network, roles and
// secrets, and in no target group.
func (s *stage) copyTask(ctx context.Context) (types.Task, error) {
	if err := s.note(); err != nil {
		return types.Task{}, err
	}
	svc := s.target.service
	in := &ecs.RunTaskInput{
		Cluster: &s.target.cluster, TaskDefinition: s.target.definition.TaskDefinitionArn, Count: aws.Int32(1),
		StartedBy: aws.String(s.noted.name()), NetworkConfiguration: svc.NetworkConfiguration, PlatformVersion: svc.PlatformVersion,
		PlacementConstraints: svc.PlacementConstraints, PlacementStrategy: svc.PlacementStrategy, Tags: s.tags(),
	}
	if len(svc.CapacityProviderStrategy) > 0 {
		in.CapacityProviderStrategy = svc.CapacityProviderStrategy
	} else {
		in.LaunchType = svc.LaunchType
	}
	out, err := s.ecs.RunTask(ctx, in)
	if err != nil {
		return types.Task{}, err
	}
	if len(out.Tasks) == 0 {
		why := "no reason was given"
		if len(out.Failures) > 0 {
			why = aws.ToString(out.Failures[0].Reason) + " " + aws.ToString(out.Failures[0].Detail)
		}
		return types.Task{}, fmt.Errorf("the copy of a task was not placed: %s", why)
	}
	s.say("a task of %s is started beside the service", "サービスとは別に %s のタスクを起動", s.target.revision())
	return s.ready(ctx, aws.ToString(out.Tasks[0].TaskArn))
}

// copyService makes a service like the one that is drilled, behind a listener
// of its own. It is in no service discovery and has no autoscaling: nobody but
// the drill finds it.
func (s *stage) copyService(ctx context.Context) error {
	if err := s.note(); err != nil {
		return err
	}
	t, name := s.target, s.noted.name()
	in := &ecs.CreateServiceInput{
		Cluster: &t.cluster, ServiceName: &name, TaskDefinition: t.definition.TaskDefinitionArn, DesiredCount: aws.Int32(int32(s.count())),
		NetworkConfiguration: t.service.NetworkConfiguration, PlatformVersion: t.service.PlatformVersion,
		PlacementConstraints: t.service.PlacementConstraints, PlacementStrategy: t.service.PlacementStrategy, Tags: s.tags(),
	}
	if c := t.service.DeploymentConfiguration; c != nil {
		in.DeploymentConfiguration = &types.DeploymentConfiguration{MinimumHealthyPercent: c.MinimumHealthyPercent, MaximumPercent: c.MaximumPercent}
	}
	if len(t.service.CapacityProviderStrategy) > 0 {
		in.CapacityProviderStrategy = t.service.CapacityProviderStrategy
	} else {
		in.LaunchType = t.service.LaunchType
	}
	if t.group != nil {
		if err := s.copyGroup(ctx); err != nil {
			return err
		}
		in.HealthCheckGracePeriodSeconds = t.service.HealthCheckGracePeriodSeconds
		in.LoadBalancers = []types.LoadBalancer{{TargetGroupArn: s.group.TargetGroupArn, ContainerName: &t.container, ContainerPort: aws.Int32(int32(t.port))}}
	}
	if _, err := s.ecs.CreateService(ctx, in); err != nil {
		return fmt.Errorf("copy of the service: %w", err)
	}
	s.say("service %s: a copy of %s with %d tasks of %s", "サービス %s: %s のコピー(%[4]s のタスクを %[3]d 個)", name, t.name(), s.count(), t.revision())
	return nil
}

// count is how many tasks the copy has: two where the service has several.
func (s *stage) count() int { return max(1, min(2, int(s.target.service.DesiredCount))) }

// copyGroup makes the target group and the listener that leads to it.
func (s *stage) copyGroup(ctx context.Context) error {
	t, g := s.target, s.target.group
	client, name := elb.NewFromConfig(s.cfg), s.noted.name()
	made, err := client.CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{
		Name: &name, Protocol: g.Protocol, ProtocolVersion: g.ProtocolVersion, Port: g.Port, VpcId: g.VpcId, TargetType: g.TargetType, Matcher: g.Matcher,
		HealthCheckEnabled: g.HealthCheckEnabled, HealthCheckProtocol: g.HealthCheckProtocol, HealthCheckPort: g.HealthCheckPort, HealthCheckPath: g.HealthCheckPath,
		HealthCheckIntervalSeconds: g.HealthCheckIntervalSeconds, HealthCheckTimeoutSeconds: g.HealthCheckTimeoutSeconds,
		HealthyThresholdCount: g.HealthyThresholdCount, UnhealthyThresholdCount: g.UnhealthyThresholdCount, Tags: s.balancerTags(),
	})
	if err != nil {
		return fmt.Errorf("target group of the copy: %w", err)
	}
	s.group = &made.TargetGroups[0]
	drain, err := strconv.Atoi(cmp.Or(t.drain, "300"))
	if err != nil {
		return err
	}
	if drain > shortDrain {
		s.say("deregistration delay: %d s in the copy, %d s in the service", "登録解除の遅延: コピーは %d 秒、サービスは %d 秒", shortDrain, drain)
	}
	if _, err := client.ModifyTargetGroupAttributes(ctx, &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: s.group.TargetGroupArn,
		Attributes: []elbtypes.TargetGroupAttribute{{Key: aws.String(drainKey), Value: aws.String(strconv.Itoa(min(drain, shortDrain)))}}}); err != nil {
		return fmt.Errorf("target group of the copy: %w", err)
	}
	protocol := elbtypes.ProtocolEnumHttp
	if t.balancer.Type == elbtypes.LoadBalancerTypeEnumNetwork {
		protocol = elbtypes.ProtocolEnumTcp
	}
	for range 5 { // another drill's listener may have the port
		port := 20000 + rand.IntN(10000)
		var l *elb.CreateListenerOutput
		l, err = client.CreateListener(ctx, &elb.CreateListenerInput{LoadBalancerArn: t.balancer.LoadBalancerArn, Protocol: protocol, Port: aws.Int32(int32(port)),
			DefaultActions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: s.group.TargetGroupArn}}, Tags: s.balancerTags()})
		if err == nil {
			s.listener = &l.Listeners[0]
			s.say("port %d of load balancer %s leads to it", "ロードバランサー %[2]s のポート %[1]d がそこに向く", port, aws.ToString(t.balancer.LoadBalancerName))
			return nil
		}
	}
	return fmt.Errorf("listener of the copy: %w", err)
}

func (s *stage) tags() (out []types.Tag) {
	for _, kv := range s.labels() {
		out = append(out, types.Tag{Key: &kv[0], Value: &kv[1]})
	}
	return out
}

func (s *stage) balancerTags() (out []elbtypes.Tag) {
	for _, kv := range s.labels() {
		out = append(out, elbtypes.Tag{Key: &kv[0], Value: &kv[1]})
	}
	return out
}

func (s *stage) labels() [][2]string {
	return [][2]string{{tagRun, s.noted.Run}, {tagOf, s.target.name()}, {tagExpires, s.noted.Expires.UTC().Format(time.RFC3339)}}
}

// spare is how long after its limit a run may still be cleaning up.
const spare = 5 * time.Minute

// note writes down what is about to be made, once.
func (s *stage) note() error {
	s.noting.Lock()
	defer s.noting.Unlock()
	if s.noted != nil {
		return nil
	}
	n := &note{Run: fmt.Sprintf("%08x", rand.Uint32()), Endpoint: aws.ToString(s.cfg.BaseEndpoint), Region: s.cfg.Region,
		Cluster: s.target.cluster, Service: s.target.name(), Family: aws.ToString(s.target.definition.Family), Expires: time.Now().Add(s.set.Limit + spare)}
	if err := n.write(s.notes); err != nil {
		return cannot(review.Say("nothing is made without a note of it: %s", "メモを書けないため何も作らない: %s", err.Error()),
			review.Say("make %s writable, or set XDG_STATE_HOME", "%s を書き込み可能にするか、XDG_STATE_HOME を設定してください", s.notes))
	}
	s.noted = n
	return nil
}
