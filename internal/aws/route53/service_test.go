package route53

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/smithy-go"

	"github.com/hatoba/hatoba/internal/discovery"
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
	ctx   context.Context
	ids   int
}

func newFront(t *testing.T) *front {
	t.Helper()
	f := &front{t: t, store: mem.New(), ctx: t.Context()}
	now := time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)
	s := New(Config{Store: f.store, Now: func() time.Time { return now }, NewID: func() string { f.ids++; return fmt.Sprintf("%08x%024x", f.ids, 0) }})
	handler, err := wire.NewHandler(wire.HandlerConfig{Services: []wire.Service{s.Describe()}, Log: slog.New(slog.DiscardHandler), DefaultScope: scope})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	f.Client = sdk.New(sdk.Options{Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("123456789012", "s", "")})
	f.must(f.store.Update(t.Context(), func(w store.Writer) error {
		return errors.Join(store.VPCs.Put(w, scope.Key("vpc-1"), state.VPC{ID: "vpc-1"}), store.VPCs.Put(w, scope.Key("vpc-2"), state.VPC{ID: "vpc-2"}),
			store.LoadBalancers.Put(w, scope.Key("app/web/1"), state.LoadBalancer{DNSName: "web-1.elb.us-east-1.localhost", Zones: []state.BalancerZone{{Address: netip.MustParseAddr("172.31.15.0")}}}))
	}))
	return f
}

func (f *front) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *front) want(what string, err error, code, message string) {
	f.t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), message) {
		f.t.Errorf("%s: %v, want %s: %s", what, err, code, message)
	}
}

func vpc(id string) *types.VPC { return &types.VPC{VPCId: &id, VPCRegion: types.VPCRegionUsEast1} }

func (f *front) zone(name string, in *types.VPC) string {
	f.t.Helper()
	f.ids++
	out, err := f.CreateHostedZone(f.ctx, &sdk.CreateHostedZoneInput{Name: &name, CallerReference: aws.String(fmt.Sprint("ref", f.ids)), VPC: in})
	f.must(err)
	return strings.TrimPrefix(*out.HostedZone.Id, "/hostedzone/")
}

func record(name, kind string, values ...string) *types.ResourceRecordSet {
	out := &types.ResourceRecordSet{Name: &name, Type: types.RRType(kind), TTL: aws.Int64(60)}
	for _, v := range values {
		out.ResourceRecords = append(out.ResourceRecords, types.ResourceRecord{Value: &v})
	}
	return out
}

func with(r *types.ResourceRecordSet, change func(*types.ResourceRecordSet)) *types.ResourceRecordSet {
	change(r)
	return r
}

func (f *front) change(zone string, action types.ChangeAction, sets ...*types.ResourceRecordSet) error {
	batch := &types.ChangeBatch{}
	for _, r := range sets {
		batch.Changes = append(batch.Changes, types.Change{Action: action, ResourceRecordSet: r})
	}
	out, err := f.ChangeResourceRecordSets(f.ctx, &sdk.ChangeResourceRecordSetsInput{HostedZoneId: &zone, ChangeBatch: batch})
	if err == nil {
		got, err := f.GetChange(f.ctx, &sdk.GetChangeInput{Id: out.ChangeInfo.Id})
		f.must(err)
		if got.ChangeInfo.Status != types.ChangeStatusInsync {
			f.t.Error(got.ChangeInfo.Status)
		}
	}
	return err
}

func (f *front) list(zone string) (out []string) {
	f.t.Helper()
	pages := sdk.NewListResourceRecordSetsPaginator(f.Client, &sdk.ListResourceRecordSetsInput{HostedZoneId: &zone, MaxItems: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(f.ctx)
		f.must(err)
		for _, r := range page.ResourceRecordSets {
			out = append(out, strings.TrimSpace(fmt.Sprint(*r.Name, " ", r.Type, " ", aws.ToString(r.SetIdentifier))))
		}
	}
	return out
}

func TestZones(t *testing.T) {
	f := newFront(t)
	made, err := f.CreateHostedZone(f.ctx, &sdk.CreateHostedZoneInput{Name: aws.String("Example.com"), CallerReference: aws.String("r"), HostedZoneConfig: &types.HostedZoneConfig{Comment: aws.String("c")}})
	f.must(err)
	z := made.HostedZone
	if *z.Name != "example.com." || !strings.HasPrefix(*z.Id, "/hostedzone/Z") || *z.ResourceRecordSetCount != 2 || len(made.DelegationSet.NameServers) != 4 || made.ChangeInfo.Status != types.ChangeStatusInsync || aws.ToString(made.Location) == "" {
		t.Errorf("%+v %+v", z, made)
	}
	_, err = f.CreateHostedZone(f.ctx, &sdk.CreateHostedZoneInput{Name: aws.String("other.com"), CallerReference: aws.String("r")})
	f.want("the same reference", err, "HostedZoneAlreadyExists", "caller reference")
	_, err = f.CreateHostedZone(f.ctx, &sdk.CreateHostedZoneInput{Name: aws.String("a..b"), CallerReference: aws.String("r2")})
	f.want("a bad name", err, "InvalidDomainName", "a..b")
	private := f.zone("corp.local", vpc("vpc-1"))
	_, err = f.CreateHostedZone(f.ctx, &sdk.CreateHostedZoneInput{Name: aws.String("corp.local"), CallerReference: aws.String("r3"), VPC: vpc("vpc-1")})
	f.want("the same name in a VPC", err, "ConflictingDomainExists", "vpc-1")
	_, err = f.CreateHostedZone(f.ctx, &sdk.CreateHostedZoneInput{Name: aws.String("corp.local"), CallerReference: aws.String("r3"), VPC: vpc("vpc-9")})
	f.want("no VPC", err, "InvalidVPCId", "vpc-9")
	_, err = f.AssociateVPCWithHostedZone(f.ctx, &sdk.AssociateVPCWithHostedZoneInput{HostedZoneId: &private, VPC: vpc("vpc-2")})
	f.must(err)
	got, err := f.GetHostedZone(f.ctx, &sdk.GetHostedZoneInput{Id: &private})
	f.must(err)
	if len(got.VPCs) != 2 || got.DelegationSet != nil || !got.HostedZone.Config.PrivateZone {
		t.Errorf("%+v", got)
	}
	by, err := f.ListHostedZonesByVPC(f.ctx, &sdk.ListHostedZonesByVPCInput{VPCId: aws.String("vpc-2"), VPCRegion: types.VPCRegionUsEast1})
	if err != nil || len(by.HostedZoneSummaries) != 1 {
		t.Error(by, err)
	}
	_, err = f.DisassociateVPCFromHostedZone(f.ctx, &sdk.DisassociateVPCFromHostedZoneInput{HostedZoneId: &private, VPC: vpc("vpc-1")})
	f.must(err)
	_, err = f.DisassociateVPCFromHostedZone(f.ctx, &sdk.DisassociateVPCFromHostedZoneInput{HostedZoneId: &private, VPC: vpc("vpc-2")})
	f.want("the last VPC", err, "LastVPCAssociation", "last VPC")
	_, err = f.AssociateVPCWithHostedZone(f.ctx, &sdk.AssociateVPCWithHostedZoneInput{HostedZoneId: z.Id, VPC: vpc("vpc-2")})
	f.want("a VPC of a public zone", err, "PublicZoneVPCAssociation", "public")
	_, err = f.ChangeTagsForResource(f.ctx, &sdk.ChangeTagsForResourceInput{ResourceId: &private, ResourceType: types.TagResourceTypeHostedzone, AddTags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}})
	f.must(err)
	if tags, err := f.ListTagsForResource(f.ctx, &sdk.ListTagsForResourceInput{ResourceId: &private, ResourceType: types.TagResourceTypeHostedzone}); err != nil || len(tags.ResourceTagSet.Tags) != 1 {
		t.Error(tags, err)
	}
	names, err := f.ListHostedZonesByName(f.ctx, &sdk.ListHostedZonesByNameInput{DNSName: aws.String("example.com"), MaxItems: aws.Int32(1)})
	if err != nil || len(names.HostedZones) != 1 || *names.HostedZones[0].Name != "example.com." || !names.IsTruncated {
		t.Errorf("%+v %v", names, err)
	}
	all, err := f.ListHostedZones(f.ctx, &sdk.ListHostedZonesInput{MaxItems: aws.Int32(1)})
	if err != nil || len(all.HostedZones) != 1 || !all.IsTruncated || all.NextMarker == nil {
		t.Errorf("%+v %v", all, err)
	}
	f.must(f.change(private, types.ChangeActionCreate, record("a.corp.local", "A", "10.0.0.1")))
	_, err = f.DeleteHostedZone(f.ctx, &sdk.DeleteHostedZoneInput{Id: &private})
	f.want("with records", err, "HostedZoneNotEmpty", "non-required")
	f.must(f.change(private, types.ChangeActionDelete, record("a.corp.local", "A", "10.0.0.1")))
	_, err = f.DeleteHostedZone(f.ctx, &sdk.DeleteHostedZoneInput{Id: &private})
	f.must(err)
	_, err = f.GetHostedZone(f.ctx, &sdk.GetHostedZoneInput{Id: &private})
	f.want("gone", err, "NoSuchHostedZone", private)
}

func TestChanges(t *testing.T) {
	f := newFront(t)
	z := f.zone("example.com", nil)
	f.must(f.change(z, types.ChangeActionCreate,
		record("www.example.com", "A", "192.0.2.1", "192.0.2.2"), record("example.com", "TXT", `"v=spf1 -all"`), record("*.x.example.com", "CNAME", "www.example.com"),
		record("example.com", "MX", "10 mail.example.com"), record("_s._tcp.example.com", "SRV", "1 1 80 www.example.com"), record("example.com", "CAA", `0 issue "ca.example.net"`),
		with(record("w.example.com", "A", "192.0.2.1"), func(r *types.ResourceRecordSet) { r.SetIdentifier, r.Weight = aws.String("a"), aws.Int64(1) }),
		with(record("w.example.com", "A", "192.0.2.2"), func(r *types.ResourceRecordSet) { r.SetIdentifier, r.Weight = aws.String("b"), aws.Int64(0) }),
		&types.ResourceRecordSet{Name: aws.String("lb.example.com"), Type: "A", AliasTarget: &types.AliasTarget{HostedZoneId: aws.String("Z35SXDOTRQ7X7K"), DNSName: aws.String("web-1.elb.us-east-1.localhost")}},
	))
	want := "example.com. CAA|example.com. MX|example.com. NS|example.com. SOA|example.com. TXT|_s._tcp.example.com. SRV|lb.example.com. A|w.example.com. A a|w.example.com. A b|www.example.com. A|\\052.x.example.com. CNAME"
	if got := strings.Join(f.list(z), "|"); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	f.must(f.change(z, types.ChangeActionUpsert, record("www.example.com", "A", "192.0.2.3")))
	f.must(f.change(z, types.ChangeActionUpsert, record("example.com", "SOA", "ns. mail. 1 7200 900 1209600 60")))
	for _, tc := range []struct {
		what          string
		action        types.ChangeAction
		set           *types.ResourceRecordSet
		code, message string
	}{
		{"exists", types.ChangeActionCreate, record("www.example.com", "A", "192.0.2.9"), "InvalidChangeBatch", "[Tried to create resource record set [name='www.example.com.', type='A'] but it already exists]"},
		{"missing", types.ChangeActionDelete, record("none.example.com", "A", "192.0.2.9"), "InvalidChangeBatch", "Tried to delete resource record set [name='none.example.com.', type='A'] but it was not found"},
		{"other values", types.ChangeActionDelete, record("www.example.com", "A", "192.0.2.9"), "InvalidChangeBatch", "but the values provided do not match the current values"},
		{"outside", types.ChangeActionCreate, record("www.example.org", "A", "192.0.2.9"), "InvalidChangeBatch", "RRSet with DNS name www.example.org. is not permitted in zone example.com."},
		{"CNAME beside A", types.ChangeActionCreate, record("www.example.com", "CNAME", "x.org"), "InvalidChangeBatch", "RRSet of type CNAME with DNS name www.example.com. is not permitted because a conflicting RRSet of type A with the same DNS name already exists in zone example.com."},
		{"CNAME at the apex", types.ChangeActionCreate, record("example.com", "CNAME", "x.org"), "InvalidChangeBatch", "is not permitted at apex in zone example.com."},
		{"a bad address", types.ChangeActionCreate, record("b.example.com", "A", "foo"), "InvalidChangeBatch", "Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with 'foo''"},
		{"unquoted text", types.ChangeActionCreate, record("b.example.com", "TXT", "foo"), "InvalidChangeBatch", "InvalidCharacterString (Value should be enclosed in quotation marks)"},
		{"twice", types.ChangeActionCreate, record("b.example.com", "A", "1.2.3.4", "1.2.3.4"), "InvalidChangeBatch", "Duplicate Resource Record: '1.2.3.4'"},
		{"no SOA", types.ChangeActionDelete, record("example.com", "SOA", "ns. mail. 1 7200 900 1209600 60"), "InvalidChangeBatch", "SOA"},
		{"simple beside weighted", types.ChangeActionCreate, record("w.example.com", "A", "192.0.2.9"), "InvalidChangeBatch", "because a weighted RRSet exists with the same name and type"},
		{"nothing in it", types.ChangeActionCreate, &types.ResourceRecordSet{Name: aws.String("b.example.com"), Type: "A"}, "InvalidInput", "Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found none"},
		{"a health check", types.ChangeActionCreate, with(record("b.example.com", "A", "1.2.3.4"), func(r *types.ResourceRecordSet) { r.HealthCheckId = aws.String("h") }), "InvalidInput", "HealthCheckId"},
		{"latency", types.ChangeActionCreate, with(record("b.example.com", "A", "1.2.3.4"), func(r *types.ResourceRecordSet) { r.Region, r.SetIdentifier = "us-east-1", aws.String("x") }), "InvalidInput", "Region"},
		{"a weight without an identifier", types.ChangeActionCreate, with(record("b.example.com", "A", "1.2.3.4"), func(r *types.ResourceRecordSet) { r.Weight = aws.Int64(1) }), "InvalidInput", "SetIdentifier"},
		{"an unknown type", types.ChangeActionCreate, record("b.example.com", "NAPTR", "x"), "InvalidInput", "NAPTR"},
		{"an alias to nothing", types.ChangeActionCreate, &types.ResourceRecordSet{Name: aws.String("b.example.com"), Type: "A", AliasTarget: &types.AliasTarget{HostedZoneId: &z, DNSName: aws.String("none.example.com")}}, "InvalidChangeBatch", "but that target was not found"},
		{"an alias elsewhere", types.ChangeActionCreate, &types.ResourceRecordSet{Name: aws.String("b.example.com"), Type: "A", AliasTarget: &types.AliasTarget{HostedZoneId: aws.String("Z2FDTNDATAQYW2"), DNSName: aws.String("d1.cloudfront.net")}}, "InvalidChangeBatch", "but that target was not found"},
	} {
		f.want(tc.what, f.change(z, tc.action, tc.set), tc.code, tc.message)
	}
	before := len(f.list(z))
	err := f.change(z, types.ChangeActionCreate, record("new.example.com", "A", "192.0.2.1"), record("www.example.com", "A", "192.0.2.9"), record("a.org", "A", "192.0.2.9"))
	f.want("two that cannot be made", err, "InvalidChangeBatch", "but it already exists, RRSet with DNS name a.org. is not permitted in zone example.com.]")
	if after := len(f.list(z)); after != before {
		t.Errorf("a part of the batch was made: %d, %d", before, after)
	}
}

// The zone of a namespace shows what its instances have, and is not changed here.
func TestTheZoneOfANamespace(t *testing.T) {
	f := newFront(t)
	ns := state.Namespace{ID: "ns-1", ARN: discovery.NamespaceARN(scope, "ns-1"), Name: "corp.local", Type: state.NamespacePrivate, VPC: "vpc-1", HostedZone: "Z9", SOATTL: 15}
	f.must(f.store.Update(f.ctx, func(w store.Writer) error {
		return errors.Join(discovery.AddNamespace(w, scope, ns),
			discovery.AddService(w, scope, state.DiscoveryService{ID: "srv-1", Name: "web", Namespace: "ns-1", Routing: "MULTIVALUE", Records: []state.DiscoveryRecord{{Type: "A", TTL: 10}}}),
			discovery.Register(w, scope, state.DiscoveryInstance{ID: "i", Service: "srv-1", Attributes: map[string]string{state.InstanceIPv4: "10.0.0.1"}}))
	}))
	if got := strings.Join(f.list("Z9"), "|"); got != "corp.local. NS|corp.local. SOA|web.corp.local. A i" {
		t.Error(got)
	}
	got, err := f.GetHostedZone(f.ctx, &sdk.GetHostedZoneInput{Id: aws.String("Z9")})
	if err != nil || got.HostedZone.LinkedService == nil || *got.HostedZone.ResourceRecordSetCount != 3 {
		t.Error(got, err)
	}
	f.want("a change", f.change("Z9", types.ChangeActionCreate, record("a.corp.local", "A", "10.0.0.1")), "AccessDenied", "can only be managed through servicediscovery.amazonaws.com")
	_, err = f.DeleteHostedZone(f.ctx, &sdk.DeleteHostedZoneInput{Id: aws.String("Z9")})
	f.want("its removal", err, "AccessDenied", "servicediscovery")
	_, err = f.CreateHostedZone(f.ctx, &sdk.CreateHostedZoneInput{Name: aws.String("corp.local"), CallerReference: aws.String("r"), VPC: vpc("vpc-1")})
	f.want("another of the name in its VPC", err, "ConflictingDomainExists", "Z9")
}
