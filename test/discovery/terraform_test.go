// Package discovery says to Cloud Map and Route 53 what Terraform's AWS provider
// says, in its order, and looks at the answers as it does.
package discovery

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	r53 "github.com/aws/aws-sdk-go-v2/service/route53"
	r53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	sd "github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	sdtypes "github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/hatoba/hatoba/internal/aws/route53"
	"github.com/hatoba/hatoba/internal/aws/servicediscovery"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
	"github.com/hatoba/hatoba/internal/wire"
)

var scope = state.Scope{Account: "123456789012", Region: "us-east-1"}

// must is what a call gives that may not fail.
func must[T any](out T, err error) T {
	if err != nil {
		panic(err) // the test's end, with the line of the call
	}
	return out
}

func clients(t *testing.T) (*r53.Client, *sd.Client) {
	t.Helper()
	s := mem.New()
	id := func() string {
		b := make([]byte, 16)
		_, _ = rand.Read(b)
		return hex.EncodeToString(b)
	}
	handler, err := wire.NewHandler(wire.HandlerConfig{
		Services: []wire.Service{route53.New(route53.Config{Store: s, NewID: id}).Describe(), servicediscovery.New(servicediscovery.Config{Store: s, NewID: id}).Describe()},
		Log:      slog.New(slog.DiscardHandler), DefaultScope: scope,
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	if err := s.Update(t.Context(), func(w store.Writer) error {
		return store.VPCs.Put(w, scope.Key("vpc-1"), state.VPC{ID: "vpc-1", IsDefault: true})
	}); err != nil {
		t.Fatal(err)
	}
	config := aws.Config{Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("123456789012", "s", "")}
	return r53.NewFromConfig(config), sd.NewFromConfig(config)
}

// insync waits as the provider does.
func insync(t *testing.T, c *r53.Client, info *r53types.ChangeInfo) {
	t.Helper()
	out := must(c.GetChange(t.Context(), &r53.GetChangeInput{Id: aws.String(strings.TrimPrefix(*info.Id, "/change/"))}))
	if out.ChangeInfo.Status != r53types.ChangeStatusInsync {
		t.Fatal(out.ChangeInfo.Status)
	}
}

// aws_route53_zone and aws_route53_record: made, read, changed and destroyed.
func TestZoneAndRecord(t *testing.T) {
	c, _ := clients(t)
	ctx := t.Context()
	made := must(c.CreateHostedZone(ctx, &r53.CreateHostedZoneInput{
		CallerReference: aws.String("terraform-20261121000000000000000001"), Name: aws.String("corp.example"), VPC: &r53types.VPC{VPCId: aws.String("vpc-1"), VPCRegion: "us-east-1"},
		HostedZoneConfig: &r53types.HostedZoneConfig{Comment: aws.String("Managed by Terraform")},
	}))
	id := aws.String(strings.TrimPrefix(*made.HostedZone.Id, "/hostedzone/"))
	insync(t, c, made.ChangeInfo)
	must(c.ChangeTagsForResource(ctx, &r53.ChangeTagsForResourceInput{ResourceId: id, ResourceType: r53types.TagResourceTypeHostedzone, AddTags: []r53types.Tag{{Key: aws.String("Name"), Value: aws.String("corp")}}}))
	read := must(c.GetHostedZone(ctx, &r53.GetHostedZoneInput{Id: id}))
	if *read.HostedZone.Name != "corp.example." || *read.HostedZone.Config.Comment != "Managed by Terraform" || len(read.VPCs) != 1 {
		t.Errorf("%+v", read)
	}
	// A private zone's name servers are those of its NS record.
	ns := must(c.ListResourceRecordSets(ctx, &r53.ListResourceRecordSetsInput{HostedZoneId: id, StartRecordName: aws.String("corp.example"), StartRecordType: "NS"}))
	if len(ns.ResourceRecordSets) == 0 || ns.ResourceRecordSets[0].Type != "NS" || len(ns.ResourceRecordSets[0].ResourceRecords) != 4 {
		t.Errorf("%+v", ns.ResourceRecordSets)
	}
	tags := must(c.ListTagsForResource(ctx, &r53.ListTagsForResourceInput{ResourceId: id, ResourceType: r53types.TagResourceTypeHostedzone}))
	if len(tags.ResourceTagSet.Tags) != 1 {
		t.Errorf("%+v", tags)
	}

	change := func(action r53types.ChangeAction, address string) {
		t.Helper()
		out := must(c.ChangeResourceRecordSets(ctx, &r53.ChangeResourceRecordSetsInput{HostedZoneId: id, ChangeBatch: &r53types.ChangeBatch{
			Comment: aws.String("Managed by Terraform"),
			Changes: []r53types.Change{{Action: action, ResourceRecordSet: &r53types.ResourceRecordSet{
				Name: aws.String("db.corp.example"), Type: "A", TTL: aws.Int64(300), ResourceRecords: []r53types.ResourceRecord{{Value: &address}},
			}}},
		}}))
		insync(t, c, out.ChangeInfo)
	}
	find := func() *r53types.ResourceRecordSet {
		out := must(c.ListResourceRecordSets(ctx, &r53.ListResourceRecordSetsInput{HostedZoneId: id, StartRecordName: aws.String("db.corp.example"), StartRecordType: "A", MaxItems: aws.Int32(1)}))
		if len(out.ResourceRecordSets) == 1 && *out.ResourceRecordSets[0].Name == "db.corp.example." {
			return &out.ResourceRecordSets[0]
		}
		return nil
	}
	change(r53types.ChangeActionCreate, "10.0.0.1")
	if r := find(); r == nil || *r.TTL != 300 || *r.ResourceRecords[0].Value != "10.0.0.1" {
		t.Errorf("%+v", r)
	}
	change(r53types.ChangeActionUpsert, "10.0.0.2")
	change(r53types.ChangeActionDelete, "10.0.0.2")
	if r := find(); r != nil {
		t.Errorf("%+v", r)
	}
	signed := must(c.GetDNSSEC(ctx, &r53.GetDNSSECInput{HostedZoneId: id})) // with force_destroy
	if *signed.Status.ServeSignature != "NOT_SIGNING" {
		t.Error(*signed.Status.ServeSignature)
	}
	gone := must(c.DeleteHostedZone(ctx, &r53.DeleteHostedZoneInput{Id: id}))
	insync(t, c, gone.ChangeInfo)
}

// aws_service_discovery_private_dns_namespace, _service and _instance.
func TestServiceDiscovery(t *testing.T) {
	zones, c := clients(t)
	ctx := t.Context()
	done := func(id *string, target sdtypes.OperationTargetType) string {
		t.Helper()
		out := must(c.GetOperation(ctx, &sd.GetOperationInput{OperationId: id}))
		if out.Operation.Status != sdtypes.OperationStatusSuccess {
			t.Fatalf("%+v", out.Operation)
		}
		return out.Operation.Targets[string(target)]
	}
	made := must(c.CreatePrivateDnsNamespace(ctx, &sd.CreatePrivateDnsNamespaceInput{
		Name: aws.String("corp.local"), Vpc: aws.String("vpc-1"), CreatorRequestId: aws.String("terraform-1"), Description: aws.String("d"), Tags: []sdtypes.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
	}))
	ns := done(made.OperationId, sdtypes.OperationTargetTypeNamespace)
	read := must(c.GetNamespace(ctx, &sd.GetNamespaceInput{Id: &ns}))
	zone := read.Namespace.Properties.DnsProperties.HostedZoneId
	if seen := must(zones.GetHostedZone(ctx, &r53.GetHostedZoneInput{Id: zone})); seen.HostedZone.LinkedService == nil {
		t.Errorf("%+v", seen.HostedZone)
	}
	if tags := must(c.ListTagsForResource(ctx, &sd.ListTagsForResourceInput{ResourceARN: read.Namespace.Arn})); len(tags.Tags) != 1 {
		t.Errorf("%+v", tags)
	}
	svc := must(c.CreateService(ctx, &sd.CreateServiceInput{
		Name: aws.String("web"), CreatorRequestId: aws.String("terraform-2"), HealthCheckCustomConfig: &sdtypes.HealthCheckCustomConfig{FailureThreshold: aws.Int32(1)}, //nolint:staticcheck // clients still send it
		DnsConfig: &sdtypes.DnsConfig{NamespaceId: &ns, RoutingPolicy: sdtypes.RoutingPolicyMultivalue, DnsRecords: []sdtypes.DnsRecord{{Type: "A", TTL: aws.Int64(10)}}}, //nolint:staticcheck // clients still send it
	}))
	id := svc.Service.Id
	if got := must(c.GetService(ctx, &sd.GetServiceInput{Id: id})); *got.Service.DnsConfig.NamespaceId != ns || *got.Service.NamespaceId != ns || *got.Service.HealthCheckCustomConfig.FailureThreshold != 1 { //nolint:staticcheck // clients still send it
		t.Errorf("%+v", got.Service)
	}
	registered := must(c.RegisterInstance(ctx, &sd.RegisterInstanceInput{ServiceId: id, InstanceId: aws.String("i-1"), CreatorRequestId: aws.String("terraform-3"), Attributes: map[string]string{"AWS_INSTANCE_IPV4": "10.0.0.1"}}))
	done(registered.OperationId, sdtypes.OperationTargetTypeInstance)
	if got := must(c.GetInstance(ctx, &sd.GetInstanceInput{ServiceId: id, InstanceId: aws.String("i-1")})); got.Instance.Attributes["AWS_INSTANCE_IPV4"] != "10.0.0.1" || len(got.Instance.Attributes) != 1 {
		t.Errorf("the provider would see a change: %+v", got.Instance.Attributes)
	}
	updated := must(c.UpdateService(ctx, &sd.UpdateServiceInput{Id: id, Service: &sdtypes.ServiceChange{Description: aws.String(""), DnsConfig: &sdtypes.DnsConfigChange{DnsRecords: []sdtypes.DnsRecord{{Type: "A", TTL: aws.Int64(20)}}}}}))
	done(updated.OperationId, sdtypes.OperationTargetTypeService)
	gone := must(c.DeregisterInstance(ctx, &sd.DeregisterInstanceInput{ServiceId: id, InstanceId: aws.String("i-1")}))
	done(gone.OperationId, sdtypes.OperationTargetTypeInstance)
	must(c.DeleteService(ctx, &sd.DeleteServiceInput{Id: id}))
	last := must(c.DeleteNamespace(ctx, &sd.DeleteNamespaceInput{Id: &ns}))
	done(last.OperationId, sdtypes.OperationTargetTypeNamespace)
	if _, err := zones.GetHostedZone(context.WithoutCancel(ctx), &r53.GetHostedZoneInput{Id: zone}); err == nil {
		t.Error("the namespace's zone is left")
	}
}
