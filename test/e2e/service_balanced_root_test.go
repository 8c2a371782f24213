package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/hatoba/hatoba/test/harness"
)

// balanced makes a load balancer with a group of targets, and returns its name
// and the group's ARN.
func (s services) balanced(ctx context.Context) (dns, group string) {
	s.t.Helper()
	must := func(err error) {
		if err != nil {
			s.t.Helper()
			s.t.Fatal(err)
		}
	}
	c := elb.NewFromConfig(aws.Config{
		Region: harness.Region, BaseEndpoint: aws.String("http://" + s.Listen),
		Credentials: credentials.NewStaticCredentialsProvider(harness.Account, "x", ""),
	})
	lb, err := c.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{
		Name: aws.String("web"), Scheme: elbtypes.LoadBalancerSchemeEnumInternal, Subnets: []string{"subnet-0a1b2c3d4e5f60718", "subnet-0a1b2c3d4e5f60719"},
	})
	must(err)
	tg, err := c.CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{
		Name: aws.String("web"), Protocol: elbtypes.ProtocolEnumHttp, Port: aws.Int32(8080), TargetType: elbtypes.TargetTypeEnumIp,
		VpcId: lb.LoadBalancers[0].VpcId, HealthCheckIntervalSeconds: aws.Int32(5), HealthyThresholdCount: aws.Int32(2),
	})
	must(err)
	group = aws.ToString(tg.TargetGroups[0].TargetGroupArn)
	_, err = c.ModifyTargetGroupAttributes(ctx, &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: &group, Attributes: []elbtypes.TargetGroupAttribute{
		{Key: aws.String("deregistration_delay.timeout_seconds"), Value: aws.String("2")},
	}})
	must(err)
	_, err = c.CreateListener(ctx, &elb.CreateListenerInput{
		LoadBalancerArn: lb.LoadBalancers[0].LoadBalancerArn, Protocol: elbtypes.ProtocolEnumHttp, Port: aws.Int32(80),
		DefaultActions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: &group}},
	})
	must(err)
	return aws.ToString(lb.LoadBalancers[0].DNSName), group
}

// load asks again and again until stop is called, which tells how many requests
// were answered and what became of the others.
func (s services) load(host string) (stop func() (int64, []string)) {
	ctx, cancel := context.WithCancel(context.Background())
	var (
		group  sync.WaitGroup
		served atomic.Int64
		mu     sync.Mutex
		failed []string
	)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}}
	for range 4 {
		group.Go(func() {
			for ctx.Err() == nil {
				r, _ := http.NewRequest(http.MethodGet, "http://"+s.Listen+"/", nil) // it is well-formed
				r.Host = host
				answer, err := client.Do(r)
				status := 0
				if err == nil {
					_, err = io.Copy(io.Discard, answer.Body)
					answer.Body.Close()
					status = answer.StatusCode
				}
				if err == nil && status == http.StatusOK {
					served.Add(1)
					continue
				}
				mu.Lock()
				failed = append(failed, fmt.Sprint(status, " ", err))
				mu.Unlock()
			}
		})
	}
	return func() (int64, []string) {
		cancel()
		group.Wait()
		client.CloseIdleConnections()
		return served.Load(), failed
	}
}

// A rolling update, a revision whose health checks fail, a scale-in and a
// StopTask under load: no request is lost.
func TestAServiceBehindABalancerLosesNoRequest(t *testing.T) {
	s := services{harness.Start(t), t}
	s.Image()
	host, group := s.balanced(t.Context())
	register := func(command ...string) {
		app := s.Container("app", command...)
		app.PortMappings = []types.PortMapping{{ContainerPort: aws.Int32(8080)}}
		s.Register("web", nil, app)
	}
	register("serve", "8080")
	_, err := s.ECS.CreateService(t.Context(), &ecs.CreateServiceInput{
		ServiceName: aws.String("web"), TaskDefinition: aws.String("web"), DesiredCount: aws.Int32(2), LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration:    &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-0a1b2c3d4e5f60718"}}},
		LoadBalancers:           []types.LoadBalancer{{TargetGroupArn: &group, ContainerName: aws.String("app"), ContainerPort: aws.Int32(8080)}},
		DeploymentConfiguration: &types.DeploymentConfiguration{DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true, Rollback: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.stable()
	stop := s.load(host)
	s.update(func(in *ecs.UpdateServiceInput) { in.ForceNewDeployment = true })
	rolled := s.stable()
	register("serve", "9999") // nobody listens where the health checks ask
	s.update(func(in *ecs.UpdateServiceInput) { in.TaskDefinition = aws.String("web") })
	s.update(func(in *ecs.UpdateServiceInput) {
		in.DeploymentConfiguration = &types.DeploymentConfiguration{DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{
			Enable: true, Rollback: true, ThresholdConfiguration: &types.ThresholdConfiguration{Type: types.ThresholdTypeCount, Value: 2},
		}}
	})
	s.Eventually("the broken revision is rolled back", func() bool {
		d := s.describe()
		return strings.Contains(s.events(), "rolling back to deployment") && len(d.Deployments) == 1 && aws.ToString(d.Deployments[0].Id) == aws.ToString(rolled.Deployments[0].Id)
	})
	tasks, _ := s.tasks()
	if _, err := s.ECS.StopTask(t.Context(), &ecs.StopTaskInput{Task: tasks[0].TaskArn}); err != nil {
		t.Fatal(err)
	}
	if task := s.Task(aws.ToString(tasks[0].TaskArn)); aws.ToString(task.LastStatus) != "DEACTIVATING" {
		t.Errorf("a task that a balancer has still is %s", aws.ToString(task.LastStatus))
	}
	s.Until(aws.ToString(tasks[0].TaskArn), "STOPPED")
	s.stable()
	s.update(func(in *ecs.UpdateServiceInput) { in.DesiredCount = aws.Int32(1) })
	s.Eventually("one task is left", func() bool {
		tasks, _ := s.tasks()
		return len(tasks) == 1 && strings.Contains(s.describeLast(), "steady state")
	})
	served, failed := stop()
	if len(failed) > 0 || served < 100 {
		t.Errorf("%d requests were answered, %d were not: %q\n%s", served, len(failed), failed[:min(5, len(failed))], s.events())
	}
	t.Logf("%d requests were answered, none failed", served)
	s.delete()
}

// describeLast is the newest event.
func (s services) describeLast() string {
	if events := s.describe().Events; len(events) > 0 {
		return aws.ToString(events[0].Message)
	}
	return ""
}
