package servicediscovery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
	"github.com/hatoba/hatoba/internal/wire"
)

var scope = state.Scope{Account: "123456789012", Region: "us-east-1"}

type front struct {
	*sdk.Client
	t     *testing.T
	store store.Store
	now   time.Time
	ctx   context.Context
	ids   int
}

func newFront(t *testing.T) *front {
	t.Helper()
	f := &front{t: t, store: mem.New(), now: time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC), ctx: t.Context()}
	s := New(Config{Store: f.store, Now: func() time.Time { return f.now }, NewID: func() string { f.ids++; return fmt.Sprintf("%08x%024x", f.ids, 0) }})
	handler, err := wire.NewHandler(wire.HandlerConfig{Services: []wire.Service{s.Describe()}, Log: slog.New(slog.DiscardHandler), DefaultScope: scope})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	f.Client = sdk.New(sdk.Options{
		Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("123456789012", "s", ""),
		APIOptions: []func(*middleware.Stack) error{func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("noPrefix", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				return next.HandleInitialize(smithyhttp.DisableEndpointHostPrefix(ctx, true), in)
			}), middleware.Before)
		}},
	})
	f.must(f.store.Update(t.Context(), func(w store.Writer) error {
		return store.VPCs.Put(w, scope.Key("vpc-1"), state.VPC{ID: "vpc-1"})
	}))
	return f
}

func (f *front) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return fmt.Sprint(err)
}

func (f *front) want(what string, err error, want string) {
	f.t.Helper()
	if got := code(err); got != want {
		f.t.Errorf("%s: %s, want %s (%v)", what, got, want, err)
	}
}

// target is what an operation was about.
func (f *front) target(operation *string, kind types.OperationTargetType) string {
	f.t.Helper()
	out, err := f.GetOperation(f.ctx, &sdk.GetOperationInput{OperationId: operation})
	f.must(err)
	if out.Operation.Status != types.OperationStatusSuccess {
		f.t.Fatalf("operation: %+v", out.Operation)
	}
	return out.Operation.Targets[string(kind)]
}

func (f *front) private(name string) string {
	f.t.Helper()
	out, err := f.CreatePrivateDnsNamespace(f.ctx, &sdk.CreatePrivateDnsNamespaceInput{Name: &name, Vpc: aws.String("vpc-1")})
	f.must(err)
	return f.target(out.OperationId, types.OperationTargetTypeNamespace)
}

func (f *front) service(ns, name string, kind types.RecordType) *types.Service {
	f.t.Helper()
	out, err := f.CreateService(f.ctx, &sdk.CreateServiceInput{
		Name: &name, NamespaceId: &ns, HealthCheckCustomConfig: &types.HealthCheckCustomConfig{FailureThreshold: aws.Int32(1)},
		DnsConfig: &types.DnsConfig{DnsRecords: []types.DnsRecord{{Type: kind, TTL: aws.Int64(10)}}},
	})
	f.must(err)
	return out.Service
}

func (f *front) register(service, id string, attributes map[string]string) {
	f.t.Helper()
	_, err := f.RegisterInstance(f.ctx, &sdk.RegisterInstanceInput{ServiceId: &service, InstanceId: &id, Attributes: attributes})
	f.must(err)
}

func TestNamespaces(t *testing.T) {
	f := newFront(t)
	id := f.private("Corp.Local")
	got, err := f.GetNamespace(f.ctx, &sdk.GetNamespaceInput{Id: &id})
	f.must(err)
	ns := got.Namespace
	if *ns.Name != "corp.local" || ns.Type != types.NamespaceTypeDnsPrivate || *ns.Properties.HttpProperties.HttpName != "corp.local" || *ns.Properties.DnsProperties.SOA.TTL != 15 || !strings.HasPrefix(*ns.Properties.DnsProperties.HostedZoneId, "Z") {
		t.Errorf("%+v %+v", ns, ns.Properties.DnsProperties)
	}
	if byARN, err := f.GetNamespace(f.ctx, &sdk.GetNamespaceInput{Id: ns.Arn}); err != nil || *byARN.Namespace.Id != id {
		t.Error("not found by its ARN:", err)
	}
	_, err = f.CreatePrivateDnsNamespace(f.ctx, &sdk.CreatePrivateDnsNamespaceInput{Name: aws.String("corp.local"), Vpc: aws.String("vpc-1")})
	f.want("twice", err, "NamespaceAlreadyExists")
	_, err = f.CreatePrivateDnsNamespace(f.ctx, &sdk.CreatePrivateDnsNamespaceInput{Name: aws.String("x.local"), Vpc: aws.String("vpc-9")})
	f.want("no such VPC", err, "InvalidInput")
	_, err = f.CreatePublicDnsNamespace(f.ctx, &sdk.CreatePublicDnsNamespaceInput{Name: aws.String("nodots")})
	f.want("a public name without a dot", err, "InvalidInput")
	same, err := f.CreateHttpNamespace(f.ctx, &sdk.CreateHttpNamespaceInput{Name: aws.String("corp.local"), CreatorRequestId: aws.String("r1"), Description: aws.String("d")})
	f.must(err)
	again, err := f.CreateHttpNamespace(f.ctx, &sdk.CreateHttpNamespaceInput{Name: aws.String("corp.local"), CreatorRequestId: aws.String("r1"), Description: aws.String("d")})
	f.must(err)
	if *same.OperationId != *again.OperationId {
		t.Error("a repeated request has another operation")
	}
	_, err = f.CreateHttpNamespace(f.ctx, &sdk.CreateHttpNamespaceInput{Name: aws.String("other"), CreatorRequestId: aws.String("r1")})
	f.want("the same request for something else", err, "DuplicateRequest")
	second := f.target(same.OperationId, types.OperationTargetTypeNamespace)
	if h, err := f.GetNamespace(f.ctx, &sdk.GetNamespaceInput{Id: &second}); err != nil || !strings.HasPrefix(*h.Namespace.Properties.HttpProperties.HttpName, "corp.local-") {
		t.Error("two namespaces share an HTTP name")
	}
	list, err := f.ListNamespaces(f.ctx, &sdk.ListNamespacesInput{Filters: []types.NamespaceFilter{{Name: types.NamespaceFilterNameType, Values: []string{"HTTP"}}}})
	if err != nil || len(list.Namespaces) != 1 || *list.Namespaces[0].Id != second {
		t.Error(list, err)
	}
	upd, err := f.UpdatePrivateDnsNamespace(f.ctx, &sdk.UpdatePrivateDnsNamespaceInput{Id: &id, Namespace: &types.PrivateDnsNamespaceChange{Description: aws.String("new"),
		Properties: &types.PrivateDnsNamespacePropertiesChange{DnsProperties: &types.PrivateDnsPropertiesMutableChange{SOA: &types.SOAChange{TTL: aws.Int64(60)}}}}})
	f.must(err)
	f.target(upd.OperationId, types.OperationTargetTypeNamespace)
	if got, _ := f.GetNamespace(f.ctx, &sdk.GetNamespaceInput{Id: &id}); *got.Namespace.Description != "new" || *got.Namespace.Properties.DnsProperties.SOA.TTL != 60 {
		t.Errorf("%+v", got.Namespace)
	}
	f.service(id, "web", types.RecordTypeA)
	_, err = f.DeleteNamespace(f.ctx, &sdk.DeleteNamespaceInput{Id: &id})
	f.want("in use", err, "ResourceInUse")
	_, err = f.GetNamespace(f.ctx, &sdk.GetNamespaceInput{Id: aws.String("ns-none")})
	f.want("missing", err, "NamespaceNotFound")
}

func TestServices(t *testing.T) {
	f := newFront(t)
	ns := f.private("corp.local")
	web := f.service(ns, "web", types.RecordTypeA)
	if web.Type != types.ServiceTypeDnsHttp || web.DnsConfig.RoutingPolicy != types.RoutingPolicyMultivalue || *web.InstanceCount != 0 {
		t.Errorf("%+v", web)
	}
	create := func(change func(*sdk.CreateServiceInput)) error {
		in := &sdk.CreateServiceInput{Name: aws.String("x"), NamespaceId: &ns, DnsConfig: &types.DnsConfig{DnsRecords: []types.DnsRecord{{Type: types.RecordTypeA, TTL: aws.Int64(1)}}}}
		change(in)
		_, err := f.CreateService(f.ctx, in)
		return err
	}
	f.want("a name in another case", create(func(in *sdk.CreateServiceInput) { in.Name = aws.String("WEB") }), "ServiceAlreadyExists")
	f.want("CNAME and MULTIVALUE", create(func(in *sdk.CreateServiceInput) {
		in.DnsConfig.DnsRecords[0].Type, in.DnsConfig.RoutingPolicy = types.RecordTypeCname, types.RoutingPolicyMultivalue
	}), "InvalidInput")
	f.want("A and SRV", create(func(in *sdk.CreateServiceInput) {
		in.DnsConfig.DnsRecords = append(in.DnsConfig.DnsRecords, types.DnsRecord{Type: types.RecordTypeSrv, TTL: aws.Int64(1)})
	}), "InvalidInput")
	f.want("Route 53 health checks", create(func(in *sdk.CreateServiceInput) { in.HealthCheckConfig = &types.HealthCheckConfig{Type: "TCP"} }), "InvalidInput")
	f.want("no namespace", create(func(in *sdk.CreateServiceInput) { in.NamespaceId = aws.String("ns-9") }), "NamespaceNotFound")
	f.want("a name with spaces", create(func(in *sdk.CreateServiceInput) { in.Name = aws.String("a b") }), "InvalidInput")
	_, err := f.UpdateService(f.ctx, &sdk.UpdateServiceInput{Id: web.Id, Service: &types.ServiceChange{DnsConfig: &types.DnsConfigChange{DnsRecords: []types.DnsRecord{{Type: types.RecordTypeA, TTL: aws.Int64(99)}}}}})
	f.must(err)
	if got, _ := f.GetService(f.ctx, &sdk.GetServiceInput{Id: web.Arn}); *got.Service.DnsConfig.DnsRecords[0].TTL != 99 {
		t.Errorf("%+v", got.Service)
	}
	_, err = f.UpdateService(f.ctx, &sdk.UpdateServiceInput{Id: web.Id, Service: &types.ServiceChange{DnsConfig: &types.DnsConfigChange{DnsRecords: []types.DnsRecord{{Type: types.RecordTypeSrv, TTL: aws.Int64(99)}}}}})
	f.want("another type", err, "InvalidInput")
	_, err = f.UpdateServiceAttributes(f.ctx, &sdk.UpdateServiceAttributesInput{ServiceId: web.Id, Attributes: map[string]string{"team": "a", "port": "80"}})
	f.must(err)
	_, err = f.DeleteServiceAttributes(f.ctx, &sdk.DeleteServiceAttributesInput{ServiceId: web.Id, Attributes: []string{"port"}})
	f.must(err)
	if got, _ := f.GetServiceAttributes(f.ctx, &sdk.GetServiceAttributesInput{ServiceId: web.Id}); len(got.ServiceAttributes.Attributes) != 1 {
		t.Errorf("%+v", got.ServiceAttributes)
	}
	_, err = f.TagResource(f.ctx, &sdk.TagResourceInput{ResourceARN: web.Arn, Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}})
	f.must(err)
	if tags, err := f.ListTagsForResource(f.ctx, &sdk.ListTagsForResourceInput{ResourceARN: web.Arn}); err != nil || len(tags.Tags) != 1 {
		t.Error(tags, err)
	}
	f.register(*web.Id, "i-1", map[string]string{"AWS_INSTANCE_IPV4": "10.0.0.1"})
	_, err = f.DeleteService(f.ctx, &sdk.DeleteServiceInput{Id: web.Id})
	f.want("with instances", err, "ResourceInUse")
	_, err = f.DeregisterInstance(f.ctx, &sdk.DeregisterInstanceInput{ServiceId: web.Id, InstanceId: aws.String("i-1")})
	f.must(err)
	_, err = f.DeleteService(f.ctx, &sdk.DeleteServiceInput{Id: web.Id})
	f.must(err)
}

func TestDiscoverInstances(t *testing.T) {
	f := newFront(t)
	ns := f.private("corp.local")
	svc := f.service(ns, "web", types.RecordTypeA)
	for i, v := range []string{"1", "1", "2"} {
		f.register(*svc.Id, fmt.Sprintf("i-%d", i), map[string]string{"AWS_INSTANCE_IPV4": fmt.Sprintf("10.0.0.%d", i), "version": v})
	}
	ask := func(change func(*sdk.DiscoverInstancesInput)) (ids []string, revision int64) {
		in := &sdk.DiscoverInstancesInput{NamespaceName: aws.String("corp.local"), ServiceName: aws.String("web")}
		change(in)
		out, err := f.DiscoverInstances(f.ctx, in)
		f.must(err)
		for _, i := range out.Instances {
			ids = append(ids, *i.InstanceId)
		}
		slices.Sort(ids)
		return ids, *out.InstancesRevision
	}
	check := func(what string, want []string, change func(*sdk.DiscoverInstancesInput)) {
		t.Helper()
		if got, _ := ask(change); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	check("all", []string{"i-0", "i-1", "i-2"}, func(*sdk.DiscoverInstancesInput) {})
	check("by version", []string{"i-0", "i-1"}, func(in *sdk.DiscoverInstancesInput) { in.QueryParameters = map[string]string{"version": "1"} })
	check("an option nobody has", []string{"i-0", "i-1"}, func(in *sdk.DiscoverInstancesInput) {
		in.QueryParameters, in.OptionalParameters = map[string]string{"version": "1"}, map[string]string{"az": "a"}
	})
	health := func(id string, status types.CustomHealthStatus) {
		_, err := f.UpdateInstanceCustomHealthStatus(f.ctx, &sdk.UpdateInstanceCustomHealthStatusInput{ServiceId: svc.Id, InstanceId: &id, Status: status})
		f.must(err)
	}
	_, before := ask(func(*sdk.DiscoverInstancesInput) {})
	health("i-0", types.CustomHealthStatusUnhealthy)
	_, after := ask(func(*sdk.DiscoverInstancesInput) {})
	if before != after || before != 3 {
		t.Errorf("revisions %d, %d", before, after)
	}
	check("healthy by default", []string{"i-1", "i-2"}, func(*sdk.DiscoverInstancesInput) {})
	check("unhealthy", []string{"i-0"}, func(in *sdk.DiscoverInstancesInput) { in.HealthStatus = types.HealthStatusFilterUnhealthy })
	health("i-1", types.CustomHealthStatusUnhealthy)
	health("i-2", types.CustomHealthStatusUnhealthy)
	check("none healthy", nil, func(in *sdk.DiscoverInstancesInput) { in.HealthStatus = types.HealthStatusFilterHealthy })
	check("failing open", []string{"i-0", "i-1", "i-2"}, func(in *sdk.DiscoverInstancesInput) { in.HealthStatus = types.HealthStatusFilterHealthyOrElseAll })
	rev, err := f.DiscoverInstancesRevision(f.ctx, &sdk.DiscoverInstancesRevisionInput{NamespaceName: aws.String("corp.local"), ServiceName: aws.String("web")})
	if err != nil || *rev.InstancesRevision != 3 {
		t.Error(rev, err)
	}
	_, err = f.DiscoverInstances(f.ctx, &sdk.DiscoverInstancesInput{NamespaceName: aws.String("corp.local"), ServiceName: aws.String("none")})
	f.want("no such service", err, "ServiceNotFound")
	_, err = f.DiscoverInstances(f.ctx, &sdk.DiscoverInstancesInput{NamespaceName: aws.String("none"), ServiceName: aws.String("web")})
	f.want("no such namespace", err, "NamespaceNotFound")
}

func TestRegisterInstance(t *testing.T) {
	f := newFront(t)
	ns := f.private("corp.local")
	a, srv := f.service(ns, "a", types.RecordTypeA), f.service(ns, "s", types.RecordTypeSrv)
	for _, tc := range []struct {
		what, service, id string
		attributes        map[string]string
	}{
		{"no address", *a.Id, "i", map[string]string{}},
		{"no IPv4 address", *a.Id, "i", map[string]string{"AWS_INSTANCE_IPV4": "::1"}},
		{"SRV without a port", *srv.Id, "i", map[string]string{"AWS_INSTANCE_IPV4": "10.0.0.1"}},
		{"SRV without an address", *srv.Id, "i", map[string]string{"AWS_INSTANCE_PORT": "80"}},
		{"a port beyond", *srv.Id, "i", map[string]string{"AWS_INSTANCE_IPV4": "10.0.0.1", "AWS_INSTANCE_PORT": "65536"}},
		{"a bad id", *a.Id, "a b", map[string]string{"AWS_INSTANCE_IPV4": "10.0.0.1"}},
		{"an unknown attribute of AWS's", *a.Id, "i", map[string]string{"AWS_INSTANCE_IPV4": "10.0.0.1", "AWS_X": "1"}},
		{"a bad health", *a.Id, "i", map[string]string{"AWS_INSTANCE_IPV4": "10.0.0.1", "AWS_INIT_HEALTH_STATUS": "WELL"}},
		{"a long value", *a.Id, "i", map[string]string{"AWS_INSTANCE_IPV4": "10.0.0.1", "x": strings.Repeat("x", 1025)}},
		{"an alias of a service that is not weighted", *a.Id, "i", map[string]string{"AWS_ALIAS_DNS_NAME": "lb.example.com"}},
		{"a machine", *a.Id, "i", map[string]string{"AWS_EC2_INSTANCE_ID": "i-1"}},
	} {
		_, err := f.RegisterInstance(f.ctx, &sdk.RegisterInstanceInput{ServiceId: &tc.service, InstanceId: &tc.id, Attributes: tc.attributes})
		f.want(tc.what, err, "InvalidInput")
	}
	in := &sdk.RegisterInstanceInput{ServiceId: a.Id, InstanceId: aws.String("i"), CreatorRequestId: aws.String("r"), Attributes: map[string]string{"AWS_INSTANCE_IPV4": "10.0.0.1", "AWS_INIT_HEALTH_STATUS": "UNHEALTHY"}}
	first, err := f.RegisterInstance(f.ctx, in)
	f.must(err)
	second, err := f.RegisterInstance(f.ctx, in)
	if err != nil || *first.OperationId != *second.OperationId {
		t.Error("a repeated request:", err)
	}
	in.Attributes = map[string]string{"AWS_INSTANCE_IPV4": "10.0.0.2"}
	_, err = f.RegisterInstance(f.ctx, in)
	f.want("the same request for another address", err, "DuplicateRequest")
	in.CreatorRequestId = aws.String("r2")
	_, err = f.RegisterInstance(f.ctx, in)
	f.must(err)
	got, err := f.GetInstance(f.ctx, &sdk.GetInstanceInput{ServiceId: a.Id, InstanceId: aws.String("i")})
	if err != nil || got.Instance.Attributes["AWS_INSTANCE_IPV4"] != "10.0.0.2" {
		t.Error(got, err)
	}
	status, err := f.GetInstancesHealthStatus(f.ctx, &sdk.GetInstancesHealthStatusInput{ServiceId: a.Id})
	if err != nil || status.Status["i"] != types.HealthStatusUnhealthy {
		t.Error(status, err)
	}
	_, err = f.DeregisterInstance(f.ctx, &sdk.DeregisterInstanceInput{ServiceId: a.Id, InstanceId: aws.String("none")})
	f.want("missing", err, "InstanceNotFound")
	ops, err := f.ListOperations(f.ctx, &sdk.ListOperationsInput{Filters: []types.OperationFilter{
		{Name: types.OperationFilterNameServiceId, Values: []string{*a.Id}}, {Name: types.OperationFilterNameType, Values: []string{"REGISTER_INSTANCE", "DEREGISTER_INSTANCE"}, Condition: types.FilterConditionIn}}})
	if err != nil || len(ops.Operations) != 2 {
		t.Error(ops, err)
	}
	f.now = f.now.Add(2 * kept)
	f.register(*a.Id, "later", map[string]string{"AWS_INSTANCE_IPV4": "10.0.0.3"})
	_, err = f.GetOperation(f.ctx, &sdk.GetOperationInput{OperationId: first.OperationId})
	if got := code(err); got != "OperationNotFound" {
		f.register(*a.Id, "later", map[string]string{"AWS_INSTANCE_IPV4": "10.0.0.4"})
	}
	_, err = f.GetOperation(f.ctx, &sdk.GetOperationInput{OperationId: first.OperationId})
	f.want("an old operation", err, "OperationNotFound")
}

func TestPages(t *testing.T) {
	f := newFront(t)
	svc := f.service(f.private("corp.local"), "web", types.RecordTypeA)
	for i := range 5 {
		f.register(*svc.Id, fmt.Sprintf("i-%d", i), map[string]string{"AWS_INSTANCE_IPV4": "10.0.0.1"})
	}
	var ids []string
	pages := sdk.NewListInstancesPaginator(f.Client, &sdk.ListInstancesInput{ServiceId: svc.Id, MaxResults: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(f.ctx)
		f.must(err)
		for _, i := range page.Instances {
			ids = append(ids, *i.Id)
		}
	}
	if want := []string{"i-0", "i-1", "i-2", "i-3", "i-4"}; !slices.Equal(ids, want) {
		t.Error(ids)
	}
	_, err := f.ListInstances(f.ctx, &sdk.ListInstancesInput{ServiceId: svc.Id, MaxResults: aws.Int32(101)})
	f.want("a large page", err, "InvalidInput")
	_, err = f.ListInstances(f.ctx, &sdk.ListInstancesInput{ServiceId: svc.Id, NextToken: aws.String("no")})
	f.want("a bad token", err, "InvalidInput")
}
