package e2e

import (
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	r53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	sdtypes "github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"
	"github.com/miekg/dns"

	"github.com/hatoba/hatoba/test/harness"
)

// found is a world with a namespace, and a resolver on the host.
type found struct {
	services
	at     string // of the resolver
	config aws.Config
	maps   *servicediscovery.Client
	ns     string
	arn    string // of the Cloud Map service web
	id     string
}

func startFound(t *testing.T) found {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := ln.Addr().String()
	ln.Close()
	f := found{services: services{harness.Start(t, "--dns", at), t}, at: at}
	f.Image()
	f.config = aws.Config{Region: harness.Region, BaseEndpoint: aws.String("http://" + f.Listen), Credentials: credentials.NewStaticCredentialsProvider(harness.Account, "x", "")}
	f.maps = servicediscovery.NewFromConfig(f.config)
	zone, err := f.maps.CreatePrivateDnsNamespace(t.Context(), &servicediscovery.CreatePrivateDnsNamespaceInput{Name: aws.String("corp.local"), Vpc: aws.String(f.vpc())})
	if err != nil {
		t.Fatal(err)
	}
	made, err := f.maps.GetOperation(t.Context(), &servicediscovery.GetOperationInput{OperationId: zone.OperationId})
	if err != nil || made.Operation.Status != sdtypes.OperationStatusSuccess {
		t.Fatal(made, err)
	}
	f.ns = made.Operation.Targets["NAMESPACE"]
	svc, err := f.maps.CreateService(t.Context(), &servicediscovery.CreateServiceInput{
		Name: aws.String("web"), NamespaceId: &f.ns, HealthCheckCustomConfig: &sdtypes.HealthCheckCustomConfig{FailureThreshold: aws.Int32(1)}, //nolint:staticcheck // clients still send it
		DnsConfig: &sdtypes.DnsConfig{DnsRecords: []sdtypes.DnsRecord{{Type: sdtypes.RecordTypeA, TTL: aws.Int64(5)}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	f.arn, f.id = *svc.Service.Arn, *svc.Service.Id
	return f
}

// vpc is the default VPC: that of the balancers' subnets.
func (f found) vpc() string {
	f.t.Helper()
	c := elb.NewFromConfig(f.config)
	lb, err := c.CreateLoadBalancer(f.t.Context(), &elb.CreateLoadBalancerInput{Name: aws.String("front"), Scheme: "internal", Subnets: []string{"subnet-0a1b2c3d4e5f60718", "subnet-0a1b2c3d4e5f60719"}})
	if err != nil {
		f.t.Fatal(err)
	}
	return *lb.LoadBalancers[0].VpcId
}

// resolve asks the host's resolver for addresses.
func (f found) resolve(name string) (out []string) {
	a, _, err := (&dns.Client{}).Exchange(new(dns.Msg).SetQuestion(name, dns.TypeA), f.at)
	if err != nil {
		return []string{err.Error()}
	}
	for _, rr := range a.Answer {
		if a, ok := rr.(*dns.A); ok {
			out = append(out, a.A.String())
		}
	}
	slices.Sort(out)
	return out
}

func (f found) instances() int {
	f.t.Helper()
	out, err := f.maps.ListInstances(f.t.Context(), &servicediscovery.ListInstancesInput{ServiceId: &f.id})
	if err != nil {
		f.t.Fatal(err)
	}
	return len(out.Instances)
}

// A service's tasks are found by their name as long as they run and are well:
// by other tasks and on the host, at once, through scaling, a failing health
// check and a killed Hatoba.
func TestTasksAreFoundByName(t *testing.T) {
	f := startFound(t)
	f.register("touch-then-wait")
	_, err := f.ECS.CreateService(t.Context(), &ecs.CreateServiceInput{
		ServiceName: aws.String("web"), TaskDefinition: aws.String("web"), DesiredCount: aws.Int32(2), LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-0a1b2c3d4e5f60718"}}},
		ServiceRegistries:    []types.ServiceRegistry{{RegistryArn: &f.arn}},
	})
	if err != nil {
		t.Fatal(err)
	}
	f.stable()
	var want []string
	tasks, _ := f.tasks()
	for _, task := range tasks {
		want = append(want, harness.Address(task))
	}
	slices.Sort(want)
	f.Eventually("both tasks are found", func() bool { return slices.Equal(f.resolve("web.corp.local."), want) })

	f.Register("ask", nil, f.Container("app", "lookup", "web.corp.local"))
	asker := f.Run("ask")
	f.Until(asker, "STOPPED")
	for _, address := range want {
		if lines := strings.Join(f.Lines(asker, "app"), " "); !strings.Contains(lines, address) {
			t.Errorf("a task resolves %q, without %s", lines, address)
		}
	}

	// One is stopped: its name goes before it does.
	first := aws.ToString(tasks[0].TaskArn)
	began := time.Now()
	if _, err := f.ECS.StopTask(t.Context(), &ecs.StopTaskInput{Task: &first}); err != nil {
		t.Fatal(err)
	}
	f.Eventually("the stopped task is not found", func() bool { return !slices.Contains(f.resolve("web.corp.local."), harness.Address(tasks[0])) })
	took := time.Since(began)
	if took > time.Second {
		t.Errorf("the name of a stopped task went after %v", took)
	}
	t.Logf("the name went %v after the request to stop", took.Round(time.Millisecond))
	f.stable()
	f.Eventually("its replacement is found", func() bool { return len(f.resolve("web.corp.local.")) == 2 })

	// Hatoba is killed, and a container ends meanwhile: what is registered is so
	// of tasks that run.
	f.Kill()
	for _, pid := range harness.Pids("touch-then-wait")[:1] {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	f.Up("--dns", f.at)
	f.stable()
	f.Eventually("as many instances as tasks", func() bool {
		tasks, healthy := f.tasks()
		found := f.resolve("web.corp.local.")
		for _, task := range tasks {
			if !slices.Contains(found, harness.Address(task)) {
				return false
			}
		}
		return healthy == 2 && len(found) == 2 && f.instances() == 2
	})
	f.delete()
	f.Eventually("nothing is left", func() bool { return f.instances() == 0 && len(f.resolve("web.corp.local.")) == 0 })
	if _, err := f.maps.DeleteService(t.Context(), &servicediscovery.DeleteServiceInput{Id: &f.id}); err != nil {
		t.Error(err)
	}
}

// A record of Route 53 leads tasks to a load balancer, and a container that
// becomes unhealthy is left out of answers.
func TestRecordsAndHealth(t *testing.T) {
	f := startFound(t)
	zones := route53.NewFromConfig(f.config)
	zone, err := zones.CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{Name: aws.String("shop.example"), CallerReference: aws.String("r")})
	if err != nil {
		t.Fatal(err)
	}
	lbs, err := elb.NewFromConfig(f.config).DescribeLoadBalancers(t.Context(), &elb.DescribeLoadBalancersInput{})
	if err != nil {
		t.Fatal(err)
	}
	lb := lbs.LoadBalancers[0]
	_, err = zones.ChangeResourceRecordSets(t.Context(), &route53.ChangeResourceRecordSetsInput{HostedZoneId: zone.HostedZone.Id, ChangeBatch: &r53types.ChangeBatch{Changes: []r53types.Change{
		{Action: r53types.ChangeActionCreate, ResourceRecordSet: &r53types.ResourceRecordSet{Name: aws.String("www.shop.example"), Type: r53types.RRTypeA,
			AliasTarget: &r53types.AliasTarget{HostedZoneId: lb.CanonicalHostedZoneId, DNSName: lb.DNSName}}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	f.Eventually("the alias answers", func() bool { return len(f.resolve("www.shop.example.")) == 2 })
	f.Register("ask", nil, f.Container("app", "lookup", "www.shop.example"))
	asker := f.Run("ask")
	f.Until(asker, "STOPPED")
	if lines, want := strings.Join(f.Lines(asker, "app"), " "), f.resolve("www.shop.example.")[0]; !strings.Contains(lines, want) {
		t.Errorf("a task resolves %q, want %s", lines, want)
	}

	// A task that has not passed its check yet is registered, and unhealthy. Its
	// check passes a while later; the name follows.
	f.register("touch-then-wait")
	_, err = f.ECS.CreateService(t.Context(), &ecs.CreateServiceInput{
		ServiceName: aws.String("web"), TaskDefinition: aws.String("web"), DesiredCount: aws.Int32(1), LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-0a1b2c3d4e5f60718"}}},
		ServiceRegistries:    []types.ServiceRegistry{{RegistryArn: &f.arn}},
	})
	if err != nil {
		t.Fatal(err)
	}
	status := func() sdtypes.HealthStatus {
		out, err := f.maps.GetInstancesHealthStatus(t.Context(), &servicediscovery.GetInstancesHealthStatusInput{ServiceId: &f.id})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range out.Status {
			return s
		}
		return ""
	}
	f.Eventually("it is registered", func() bool { return status() != "" })
	f.Eventually("it is healthy", func() bool { return status() == sdtypes.HealthStatusHealthy })
	f.delete()
}
