package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/hatoba/hatoba/test/harness"
)

// stage is a Hatoba with a load balancer in which services are drilled.
type stage struct {
	services
	elb      *elb.Client
	balancer string
	vpc      string
	settings string
	service  func(*ecs.CreateServiceInput) // changes a service that is made; nil: not at all
}

func startStage(t *testing.T) *stage {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	s := &stage{services: services{harness.Start(t), t}, settings: filepath.Join(t.TempDir(), "hatoba-review.json")}
	s.Image()
	s.elb = elb.NewFromConfig(aws.Config{Region: harness.Region, BaseEndpoint: aws.String("http://" + s.Listen),
		Credentials: credentials.NewStaticCredentialsProvider(harness.Account, "x", "")})
	out, err := s.elb.CreateLoadBalancer(t.Context(), &elb.CreateLoadBalancerInput{Name: aws.String("lb"), Scheme: elbtypes.LoadBalancerSchemeEnumInternal,
		Subnets: []string{"subnet-0a1b2c3d4e5f60718", "subnet-0a1b2c3d4e5f60719"}})
	if err != nil {
		t.Fatal(err)
	}
	s.balancer, s.vpc = aws.ToString(out.LoadBalancers[0].LoadBalancerArn), aws.ToString(out.LoadBalancers[0].VpcId)
	if _, err := s.Secrets.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("db"), SecretString: aws.String("correct horse battery")}); err != nil {
		t.Fatal(err)
	}
	s.set(`{"drill": {"probe": "/", "slow": {"path": "/slow", "takes": "1500ms"}, "kill": {"check": ["true"]}}}`)
	return s
}

func (s *stage) set(text string) {
	s.t.Helper()
	if err := os.WriteFile(s.settings, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// serve makes a service of the app with flaws, behind a port of its own.
func (s *stage) serve(name string, port int32, tasks, floor int32, change func(*types.ContainerDefinition), flaws ...string) {
	s.t.Helper()
	app := s.Container("app", append([]string{"drilled", "8080"}, flaws...)...)
	app.PortMappings, app.StopTimeout = []types.PortMapping{{ContainerPort: aws.Int32(8080)}}, aws.Int32(3)
	app.Secrets = []types.Secret{{Name: aws.String("DB_PASSWORD"), ValueFrom: aws.String("arn:aws:secretsmanager:us-east-1:" + harness.Account + ":secret:db")}}
	change(&app)
	s.Register(name, nil, app)
	must := func(err error) {
		if err != nil {
			s.t.Helper()
			s.t.Fatal(err)
		}
	}
	group, err := s.elb.CreateTargetGroup(s.t.Context(), &elb.CreateTargetGroupInput{Name: &name, Protocol: elbtypes.ProtocolEnumHttp, Port: aws.Int32(8080),
		TargetType: elbtypes.TargetTypeEnumIp, VpcId: &s.vpc, HealthCheckPath: aws.String("/healthz"), HealthCheckIntervalSeconds: aws.Int32(5), HealthyThresholdCount: aws.Int32(2)})
	must(err)
	arn := group.TargetGroups[0].TargetGroupArn
	_, err = s.elb.ModifyTargetGroupAttributes(s.t.Context(), &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: arn, Attributes: []elbtypes.TargetGroupAttribute{
		{Key: aws.String("deregistration_delay.timeout_seconds"), Value: aws.String("2")}}})
	must(err)
	_, err = s.elb.CreateListener(s.t.Context(), &elb.CreateListenerInput{LoadBalancerArn: &s.balancer, Protocol: elbtypes.ProtocolEnumHttp, Port: &port,
		DefaultActions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: arn}}})
	must(err)
	in := &ecs.CreateServiceInput{ServiceName: &name, TaskDefinition: &name, DesiredCount: &tasks, LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration:    &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-0a1b2c3d4e5f60718"}}},
		LoadBalancers:           []types.LoadBalancer{{TargetGroupArn: arn, ContainerName: aws.String("app"), ContainerPort: aws.Int32(8080)}},
		DeploymentConfiguration: &types.DeploymentConfiguration{MinimumHealthyPercent: &floor, MaximumPercent: aws.Int32(200)}}
	if s.service != nil {
		s.service(in)
	}
	_, err = s.ECS.CreateService(s.t.Context(), in)
	must(err)
	s.whole(name, tasks)
}

func (s *stage) whole(name string, tasks int32) {
	s.t.Helper()
	s.Eventually(name+" is stable", func() bool {
		out, err := s.ECS.DescribeServices(s.t.Context(), &ecs.DescribeServicesInput{Services: []string{name}})
		return err == nil && len(out.Services) == 1 && out.Services[0].RunningCount == tasks && len(out.Services[0].Deployments) == 1 &&
			out.Services[0].Deployments[0].RolloutState == types.DeploymentRolloutStateCompleted
	})
}

// said is what a review says of rules by drills: by rule, the answers and what
// was seen.
type said map[string][]struct {
	Status   string
	Observed struct{ EN string }
}

func (s *stage) args(service string, args ...string) []string {
	return append([]string{"review", "--service", service, "--endpoint", "http://" + s.Listen, "--scope", "drill", "--settings", s.settings}, args...)
}

func (s *stage) review(service string, args ...string) (said, string) {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "report.json")
	out, _ := s.CLI(append(s.args(service, args...), "--format", "json="+file)...)
	text, err := os.ReadFile(file)
	if err != nil {
		s.t.Fatalf("%v\n%s", err, out)
	}
	var report struct {
		Results []struct {
			Rule     string
			Outcomes json.RawMessage
		}
	}
	if err := json.Unmarshal(text, &report); err != nil {
		s.t.Fatal(err)
	}
	found := said{}
	for _, r := range report.Results {
		list := found[r.Rule]
		if err := json.Unmarshal(r.Outcomes, &list); err != nil {
			s.t.Fatal(err)
		}
		found[r.Rule] = list
	}
	return found, out
}

// expect checks the answer to each rule.
func (s *stage) expect(found said, out, want string, rules ...string) {
	s.t.Helper()
	for _, rule := range rules {
		if len(found[rule]) == 0 {
			s.t.Errorf("%s: nothing is said", rule)
		}
		for _, o := range found[rule] {
			if o.Status != want || strings.Contains(o.Observed.EN, "correct horse") {
				s.t.Errorf("%s: want %s, got %s: %s", rule, want, o.Status, o.Observed.EN)
			}
		}
	}
	if s.t.Failed() {
		s.t.Log(out)
	}
}

// nothing checks that no drill has left anything.
func (s *stage) nothing() {
	s.t.Helper()
	services, err := s.ECS.ListServices(s.t.Context(), &ecs.ListServicesInput{})
	if err != nil {
		s.t.Fatal(err)
	}
	groups, err := s.elb.DescribeTargetGroups(s.t.Context(), &elb.DescribeTargetGroupsInput{})
	if err != nil {
		s.t.Fatal(err)
	}
	listeners, err := s.elb.DescribeListeners(s.t.Context(), &elb.DescribeListenersInput{LoadBalancerArn: &s.balancer})
	if err != nil {
		s.t.Fatal(err)
	}
	left := strings.Join(services.ServiceArns, " ")
	for _, g := range groups.TargetGroups {
		left += " " + aws.ToString(g.TargetGroupName)
	}
	for _, l := range listeners.Listeners {
		if *l.Port >= 20000 {
			left += " hatoba-drill-listener"
		}
	}
	if strings.Contains(left, "hatoba-drill-") {
		s.t.Errorf("a drill has left something: %s", left)
	}
	notes, _ := filepath.Glob(filepath.Join(os.Getenv("XDG_STATE_HOME"), "hatoba", "drills", "*.json"))
	if len(notes) > 0 {
		s.t.Errorf("notes are left: %v", notes)
	}
	s.Eventually("the drills' tasks are gone", func() bool {
		tasks, err := s.ECS.ListTasks(s.t.Context(), &ecs.ListTasksInput{})
		if err != nil || len(tasks.TaskArns) == 0 {
			return err == nil
		}
		out, err := s.ECS.DescribeTasks(s.t.Context(), &ecs.DescribeTasksInput{Tasks: tasks.TaskArns})
		for _, task := range out.Tasks {
			if strings.HasPrefix(aws.ToString(task.StartedBy), "hatoba-drill-") {
				return false
			}
		}
		return err == nil
	})
}

var (
	allDrilled = []string{"DSP-01", "DSP-02", "DSP-03", "DSP-05", "DSP-07", "DSP-08", "DSP-10", "LOG-02", "LOG-04", "IMG-02", "IMG-16", "IMG-17", "CFG-05", "CFG-06", "RLS-19"}
	nobody     = func(c *types.ContainerDefinition) { c.User = aws.String("65532") }
)

// Every drill is green on a service as it should be; its results are kept, and
// go stale with the revision they were of.
func TestDrillsAreGreenOnAGoodService(t *testing.T) {
	s := startStage(t)
	s.serve("good", 80, 2, 50, nobody)
	found, out := s.review("good", "--drill")
	s.expect(found, out, "pass", allDrilled...)
	s.nothing()

	found, out = s.review("good")
	s.expect(found, out, "pass", allDrilled...)

	found, out = s.review("good", "--drill=DR01,DR02,DR03,DR05", "--live")
	s.expect(found, out, "pass", "DSP-01", "DSP-02", "DSP-03", "LOG-04", "DSP-08", "DSP-05")
	s.whole("good", 2)
	s.nothing()

	app := s.Container("app", "drilled", "8080")
	app.PortMappings = []types.PortMapping{{ContainerPort: aws.Int32(8080)}}
	s.Register("good", nil, app)
	if _, err := s.ECS.UpdateService(t.Context(), &ecs.UpdateServiceInput{Service: aws.String("good"), TaskDefinition: aws.String("good")}); err != nil {
		t.Fatal(err)
	}
	found, out = s.review("good")
	s.expect(found, out, "not-examined", "DSP-03", "LOG-04")
	if !strings.Contains(found["DSP-03"][0].Observed.EN, "stale: it was of good:1, and the service runs good:2") {
		t.Error(found["DSP-03"][0].Observed.EN)
	}
}

// Every drill is red on a service that has its flaw.
func TestDrillsAreRedOnBadServices(t *testing.T) {
	s := startStage(t)
	s.set(`{"drill": {"probe": "/", "slow": {"path": "/slow", "takes": "1500ms"}, "kill": {"check": ["false"], "lost": "1%"}}}`)
	s.serve("bad", 80, 1, 100, func(c *types.ContainerDefinition) {
		c.User = aws.String("0")
		c.Environment = []types.KeyValuePair{{Name: aws.String("DATABASE_URL"), Value: aws.String("postgres://u:correct horse battery@db/app")},
			{Name: aws.String("API_TOKEN"), Value: aws.String("tok-9f8e7d6c5b4a39281706f5e4d3c2b1a0")}}
		c.LinuxParameters = &types.LinuxParameters{Capabilities: &types.KernelCapabilities{Add: []string{"SYS_PTRACE"}}}
	}, "deaf", "silent", "litter", "hasty")
	found, out := s.review("bad", "--drill")
	s.expect(found, out, "fail", "DSP-01", "DSP-02", "DSP-03", "DSP-05", "DSP-07", "DSP-08", "DSP-10", "LOG-02", "LOG-04", "IMG-02", "IMG-16", "IMG-17", "CFG-05", "CFG-06")
	s.nothing()

	// One that leaves in time and with code 0 has dropped its requests all the same.
	s.serve("hurried", 81, 1, 100, nobody, "drop", "buffer")
	found, out = s.review("hurried", "--drill=DR01,DR02")
	s.expect(found, out, "fail", "DSP-01", "DSP-03", "LOG-04")
	s.expect(found, out, "pass", "DSP-02")

	// Without a slow request nobody can tell what becomes of one.
	s.set(`{}`)
	found, out = s.review("hurried", "--drill=dr01")
	s.expect(found, out, "not-examined", "DSP-01", "DSP-03")

	// The last task of a live service is not stopped.
	found, out = s.review("hurried", "--drill=DR01", "--live")
	s.expect(found, out, "not-examined", "DSP-01", "DSP-02", "DSP-03")
	if !strings.Contains(out, "minimumHealthyPercent") {
		t.Error(out)
	}
	s.nothing()
}

// A drill that waits says for what: here for a second instance, which there is not.
func TestADrillThatWaitsSaysForWhat(t *testing.T) {
	s := startStage(t)
	s.service = func(in *ecs.CreateServiceInput) {
		in.LaunchType, in.PlacementConstraints = types.LaunchTypeEc2, []types.PlacementConstraint{{Type: types.PlacementConstraintTypeDistinctInstance}}
	}
	s.serve("alone", 80, 1, 100, nobody)
	found, out := s.review("alone", "--drill=DR05", "--drill-limit=15s")
	s.expect(found, out, "not-examined", "DSP-05", "RLS-19")
	if seen := found["DSP-05"][0].Observed.EN; !strings.Contains(seen, "time limit") || !strings.Contains(seen, "the service last said: (service hatoba-drill-") || !strings.Contains(seen, "unable to place a task") {
		t.Errorf("%s\n%s", seen, out)
	}
	s.nothing()
}

// A drill that is killed leaves things that the next one, or a clean-up, takes
// away; one that is interrupted cleans up itself.
func TestADrillThatDiesIsCleanedUp(t *testing.T) {
	s := startStage(t)
	s.serve("web", 80, 1, 100, nobody)
	for _, c := range []struct {
		signal os.Signal
		clean  []string
	}{
		{syscall.SIGKILL, []string{"review", "--drill-cleanup", "--endpoint", "http://" + s.Listen}},
		{syscall.SIGKILL, s.args("web", "--drill=DR13")},
		{os.Interrupt, nil},
	} {
		cmd := exec.Command(harness.Binary(t, "hatoba"), s.args("web", "--drill=DR05")...)
		var out strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		s.Eventually("the copy is there", func() bool {
			list, err := s.ECS.ListServices(t.Context(), &ecs.ListServicesInput{})
			return err == nil && strings.Contains(strings.Join(list.ServiceArns, " "), "hatoba-drill-")
		})
		if c.clean != nil { // a run that lives is left alone
			if said, err := s.CLI("review", "--drill-cleanup", "--endpoint", "http://"+s.Listen); err != nil || !strings.Contains(said, "no drill has left anything") {
				t.Errorf("%v %s", err, said)
			}
		}
		if err := cmd.Process.Signal(c.signal); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		if c.clean != nil {
			if said, _ := s.CLI(c.clean...); !strings.Contains(said, "has died") {
				t.Error(said)
			}
		}
		s.nothing()
		if t.Failed() {
			t.Fatal(out.String())
		}
	}
}
