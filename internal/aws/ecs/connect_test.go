package ecs

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/hatoba/hatoba/internal/discovery"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// idsThatDiffer gives ids whose beginnings differ, too.
func idsThatDiffer(c *Config) {
	n := 0
	c.NewID = func() string { n++; return fmt.Sprintf("%016x%016x", n, n) }
}

// serving registers a definition whose one container serves a named port.
func (b *bench) serving(family, port string, number int32, protocol types.ApplicationProtocol) {
	b.t.Helper()
	must(b.t, b.registerTaskDefinition, &ecs.RegisterTaskDefinitionInput{
		Family: &family, NetworkMode: types.NetworkModeAwsvpc, Cpu: aws.String("256"), Memory: aws.String("512"),
		RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
		ContainerDefinitions: []types.ContainerDefinition{{
			Name: aws.String("app"), Image: aws.String("app:1"), PortMappings: []types.PortMapping{{Name: &port, ContainerPort: &number, AppProtocol: protocol}},
		}},
	})
}

// connecting is a service's input with Service Connect in the namespace.
func (b *bench) connecting(name, definition, namespace string, services ...types.ServiceConnectService) *ecs.CreateServiceInput {
	in := b.serviceInput(definition)
	in.ServiceName = &name
	in.ServiceConnectConfiguration = &types.ServiceConnectConfiguration{Enabled: true, Namespace: optional(namespace), Services: services}
	return in
}

func alias(name string, port int32) []types.ServiceConnectClientAlias {
	return []types.ServiceConnectClientAlias{{DnsName: optional(name), Port: &port}}
}

func TestServiceConnect(t *testing.T) {
	b := newBench(t, idsThatDiffer)
	c := must(t, b.createCluster, &ecs.CreateClusterInput{ClusterName: aws.String("other"), ServiceConnectDefaults: &types.ClusterServiceConnectDefaultsRequest{Namespace: aws.String("shop")}}).Cluster
	must(t, b.updateCluster, &ecs.UpdateClusterInput{Cluster: aws.String("default"), ServiceConnectDefaults: &types.ClusterServiceConnectDefaultsRequest{Namespace: aws.String("shop")}})
	b.serving("api", "http", 8080, types.ApplicationProtocolHttp)
	b.serving("db", "sql", 5432, "")
	must(t, b.createService, b.connecting("db", "db", "shop", types.ServiceConnectService{PortName: aws.String("sql"), ClientAliases: alias("", 5432)}))
	made := must(t, b.createService, b.connecting("api", "api", "", types.ServiceConnectService{
		PortName: aws.String("http"), DiscoveryName: aws.String("api"), ClientAliases: alias("api", 80),
		Timeout: &types.TimeoutConfiguration{PerRequestTimeoutSeconds: aws.Int32(3)},
	})).Service
	d := made.Deployments[0]
	if *d.ServiceConnectConfiguration.Namespace != *c.ServiceConnectDefaults.Namespace || len(d.ServiceConnectResources) != 1 || *d.ServiceConnectResources[0].DiscoveryName != "api" {
		t.Errorf("described as %+v, %+v", d.ServiceConnectConfiguration, d.ServiceConnectResources)
	}
	var api, db state.DiscoveryService
	b.change(func(w store.Writer) error {
		var ok bool
		if api, ok = discovery.Service(w, scope, *d.ServiceConnectResources[0].DiscoveryArn); !ok || api.Name != "api" || api.Type != state.DiscoveryByHTTP {
			t.Errorf("in Cloud Map: %+v", api)
		}
		db, _ = discovery.ServiceNamed(w, scope, api.Namespace, "sql")
		return nil
	})
	rev := b.revision("api")
	want := []state.ConnectAlias{
		{Service: api.ID, Discovery: "api", DNSName: "api", Port: 80, Protocol: "http", Idle: 300, PerRequest: 3},
		{Service: db.ID, Discovery: "sql", DNSName: "sql.shop", Port: 5432, Idle: 3600},
	}
	if diff := cmp.Diff(want, rev.ConnectPlan.Reaches); diff != "" {
		t.Errorf("it reaches:\n%s", diff)
	}
	if got := b.revision("db").ConnectPlan.Reaches; len(got) != 1 || got[0].DNSName != "sql.shop" {
		t.Errorf("a service that was deployed before reaches %+v", got)
	}
	must(t, b.updateService, &ecs.UpdateServiceInput{Service: aws.String("db"), DesiredCount: aws.Int32(3)})
	if got := b.revision("db").ConnectPlan.Reaches; len(got) != 1 {
		t.Errorf("scaling made it reach %+v", got)
	}
	must(t, b.updateService, &ecs.UpdateServiceInput{Service: aws.String("db"), ForceNewDeployment: true})
	if got := b.revision("db").ConnectPlan.Reaches; len(got) != 2 {
		t.Errorf("after a deployment it reaches %+v", got)
	}
	for _, ns := range []string{"shop", *c.ServiceConnectDefaults.Namespace} {
		got := must(t, b.listServicesByNamespace, &ecs.ListServicesByNamespaceInput{Namespace: &ns, MaxResults: aws.Int32(1)})
		next := must(t, b.listServicesByNamespace, &ecs.ListServicesByNamespaceInput{Namespace: &ns, NextToken: got.NextToken})
		if list := append(got.ServiceArns, next.ServiceArns...); !slices.Equal(list, []string{scope.ServiceARN("default", "api"), scope.ServiceARN("default", "db")}) || next.NextToken != nil {
			t.Errorf("in %s: %v", ns, list)
		}
	}
	must(t, b.updateCluster, &ecs.UpdateClusterInput{Cluster: aws.String("default"), ServiceConnectDefaults: &types.ClusterServiceConnectDefaultsRequest{Namespace: aws.String("other")}})
	must(t, b.updateService, &ecs.UpdateServiceInput{Service: aws.String("api"), ForceNewDeployment: true})
	if got := b.revision("api").ConnectPlan.Namespace; got != api.Namespace {
		t.Errorf("the cluster's new default moved a service to %s", got)
	}
	must(t, b.updateService, &ecs.UpdateServiceInput{Service: aws.String("db"), ServiceConnectConfiguration: &types.ServiceConnectConfiguration{}})
	if got := b.revision("db"); got.ConnectPlan != nil {
		t.Errorf("what is switched off is %+v", got.ConnectPlan)
	}
	must(t, b.deleteService, &ecs.DeleteServiceInput{Service: aws.String("api"), Force: aws.Bool(true)})
	b.change(func(w store.Writer) error {
		if _, ok := discovery.Service(w, scope, api.ID); ok {
			t.Error("a deleted service's name is left in Cloud Map")
		}
		return nil
	})
}

func (b *bench) revision(name string) (rev state.ServiceRevision) {
	b.change(func(w store.Writer) error {
		svc, _ := store.Services.Get(w, scope.Key(state.ServiceID("default", name)))
		rev, _ = revisionOf(w, scope, svc, svc.Primary().Revision)
		return nil
	})
	return rev
}

// A task is sent to while it runs and is well.
func TestConnectEndpoints(t *testing.T) {
	b := newBench(t, idsThatDiffer)
	must(t, b.updateCluster, &ecs.UpdateClusterInput{Cluster: aws.String("default"), ServiceConnectDefaults: &types.ClusterServiceConnectDefaultsRequest{Namespace: aws.String("shop")}})
	b.serving("api", "http", 8080, types.ApplicationProtocolHttp)
	must(t, b.createService, b.connecting("api", "api", "", types.ServiceConnectService{PortName: aws.String("http"), IngressPortOverride: aws.Int32(9000)}))
	id := b.revision("api").ConnectPlan.Serves[0].Alias.Service
	task := b.launch("api", "00000000000000000000000000000001")[0]
	if got := task.ConnectEndpoints(); len(got) != 0 {
		t.Errorf("before it runs it is at %v", got)
	}
	if got := task.Spec.Service.Registries; len(got) != 1 || got[0].Service != id || got[0].Port != 9000 {
		t.Errorf("in Cloud Map it is %+v", got)
	}
	task.Observed.Status, task.Observed.ENI.PrivateIPv4 = state.TaskRunning, "172.31.0.9"
	if got := task.ConnectEndpoints()[task.ID+"/"+id]; got.Service != id || got.Address.String() != "172.31.0.9:9000" {
		t.Errorf("it is at %v", got)
	}
	sick, unknown, leaving := task, task, task
	sick.Observed.Health, unknown.Spec.Service.Checked, leaving.Desired.Status = "UNHEALTHY", true, state.TaskStopped
	for what, task := range map[string]state.Task{"unhealthy": sick, "not known to be well": unknown, "to be stopped": leaving} {
		if got := task.ConnectEndpoints(); len(got) != 0 {
			t.Errorf("%s it is at %v", what, got)
		}
	}
	unknown.Observed.Health = "HEALTHY"
	if got := unknown.ConnectEndpoints(); len(got) != 1 {
		t.Errorf("well it is at %v", got)
	}
	bridge := task
	bridge.Spec.Service.Connect = []state.ConnectPort{{Service: id, Container: "app", Port: 80, ByInstance: true}}
	bridge.Observed.Containers = []state.ContainerObserved{{Name: "app", NetworkBindings: []state.NetworkBinding{{ContainerPort: 80, HostPort: 32768, Protocol: "tcp"}}}}
	if got := bridge.ConnectEndpoints()[task.ID+"/"+id]; got.Address.String() != "0.0.0.0:32768" {
		t.Errorf("with ports of the machine it is at %v", got)
	}
}

func TestServiceConnectIsChecked(t *testing.T) {
	b := newBench(t, idsThatDiffer)
	must(t, b.createCluster, &ecs.CreateClusterInput{ClusterName: aws.String("shop"), ServiceConnectDefaults: &types.ClusterServiceConnectDefaultsRequest{Namespace: aws.String("shop")}})
	b.serving("api", "http", 8080, types.ApplicationProtocolHttp)
	b.serving("db", "sql", 5432, "")
	b.register("web")
	const bad = "InvalidParameterException"
	svc := func(port, discovery string, a []types.ServiceConnectClientAlias) types.ServiceConnectService {
		return types.ServiceConnectService{PortName: optional(port), DiscoveryName: optional(discovery), ClientAliases: a}
	}
	for _, c := range []struct {
		in            *ecs.CreateServiceInput
		code, message string
	}{
		{b.connecting("s", "web", ""), bad, "A namespace is required for Service Connect: the configuration names none, and the cluster default has no default one."},
		{b.connecting("s", "web", "nope"), "NamespaceNotFoundException", "The specified namespace wasn't found."},
		{b.connecting("s", "web", "arn:aws:servicediscovery:us-east-1:123456789012:namespace/ns-nope"), "NamespaceNotFoundException", "The specified namespace wasn't found."},
		{b.connecting("s", "api", "shop", svc("grpc", "", nil)), bad, "The portName 'grpc' in the Service Connect configuration does not match the name of any port mapping in the task definition."},
		{b.connecting("s", "api", "shop", svc("", "", nil)), bad, "portName can not be blank."},
		{b.connecting("s", "api", "shop", svc("http", "-a", nil)), bad, "The discoveryName '-a' is invalid. Up to 64 lowercase letters, numbers, underscores and hyphens are allowed, not starting with a hyphen."},
		{b.connecting("s", "api", "shop", svc("http", "", nil), svc("http", "", nil)), bad, "The discoveryName 'http' is used more than once in the Service Connect configuration."},
		{b.connecting("s", "api", "shop", svc("http", "", alias("api", 0))), bad, "The port of a client alias must be between 1 and 65535."},
		{b.connecting("s", "api", "shop", svc("http", "", alias("Api", 80))), bad, "The dnsName 'Api' is invalid. Up to 127 lowercase letters, numbers, underscores, hyphens and periods are allowed, not starting with a hyphen."},
		{b.connecting("s", "api", "shop", svc("http", "a", alias("api", 80)), svc("http", "b", alias("api", 80))), bad, "The client alias api:80 is used more than once in the Service Connect configuration."},
		{b.connecting("s", "api", "shop", svc("http", "", append(alias("a", 80), alias("b", 80)...))), bad, "clientAliases can have at most 1 items."},
		{b.connecting("s", "db", "shop", types.ServiceConnectService{PortName: aws.String("sql"), Timeout: &types.TimeoutConfiguration{PerRequestTimeoutSeconds: aws.Int32(1)}}), bad, "perRequestTimeoutSeconds can only be set when the appProtocol of the port mapping 'sql' is not TCP."},
		{b.connecting("s", "api", "shop", types.ServiceConnectService{PortName: aws.String("http"), IngressPortOverride: aws.Int32(8080)}), bad, "The ingressPortOverride 8080 is a containerPort of the task definition."},
		{b.connecting("s", "api", "shop", types.ServiceConnectService{PortName: aws.String("http"), Tls: &types.ServiceConnectTlsConfiguration{KmsKey: aws.String("k")}}), bad, "serviceConnectConfiguration.services[0].tls is not supported by Hatoba yet: traffic between tasks is not encrypted by Service Connect, and there is no private certificate authority; remove it"},
	} {
		fails(t, b.createService, c.in, c.code, c.message)
	}
	must(t, b.createService, b.connecting("one", "api", "shop", svc("http", "", alias("api", 80))))
	fails(t, b.createService, b.connecting("two", "api", "shop", svc("http", "", alias("other", 80))), bad, "The discoveryName 'http' is already in use in the namespace shop.")
	fails(t, b.createService, b.connecting("two", "api", "shop", svc("http", "two", alias("api", 80))), bad, "The client alias api:80 is already in use by the service one in the namespace.")
	fails(t, b.listServicesByNamespace, &ecs.ListServicesByNamespaceInput{Namespace: aws.String("nope")}, "NamespaceNotFoundException", "The specified namespace wasn't found.")
	off := b.connecting("off", "api", "shop", svc("http", "", nil))
	off.ServiceConnectConfiguration.Enabled = false
	fails(t, b.createService, off, bad, "Service Connect services cannot be specified when Service Connect is not enabled.")
}
