package wire_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/wire"
)

// TestMain draws a few values of each of the hundreds of shapes instead of a
// hundred, unless told otherwise.
func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given {
		_ = flag.Set("rapid.checks", "10")
		_ = flag.Set("rapid.nofailfile", "true")
	}
	os.Exit(m.Run())
}

// excluded are the operations that the property leaves out, with the reason.
var excluded = map[string]string{
	"logs.StartLiveTail":             "its answer is an event stream",
	"logs.GetLogObject":              "its answer is an event stream",
	"ecs.CreateGateway":              "it requires a union",
	"logs.PutIntegration":            "it requires a union",
	"ssm.CreateCloudConnector":       "it requires a union",
	"s3.CopyObject":                  "it has members newer than the bindings",
	"s3.CreateMultipartUpload":       "it has members newer than the bindings",
	"s3.HeadObject":                  "the SDK makes up members of its answer; see TestStreams",
	"s3.SelectObjectContent":         "its answer is an event stream",
	"s3.ListDirectoryBuckets":        "directory buckets have an endpoint of their own",
	"s3.GetObject":                   "a stream; see TestStreams",
	"s3.GetObjectTorrent":            "a stream; see TestStreams",
	"s3.PutObject":                   "a stream; see TestStreams",
	"s3.UploadPart":                  "a stream; see TestStreams",
	"s3.UpdateObjectEncryption":      "it requires a union",
	"acm.CreateAcmeDomainValidation": "it requires a union",
	"acm.CreateAcmeEndpoint":         "it requires a union",
	"events.PutEvents":               "an EndpointId becomes a part of the host",
	"s3.WriteGetObjectResponse":      "a stream, to an endpoint of its own",
}

// refusedMembers are the types that the codec refuses by name, because no
// reflection can make one; members of these types are left absent.
var refusedMembers = map[string][]string{
	"ecs": {
		"document.Interface",
		"types.DescribeGatewayConfiguration", "types.GatewayConfiguration", "types.GatewayConnectionResources",
		"types.GatewayElbAccessLogDestination", "types.GatewayInfrastructureResources", "types.GatewayRouteResources",
		"types.ServiceConnectContainerConfiguration", "types.SharingStrategy", "types.UpdateGatewayConfiguration",
	},
	"logs":       {"types.IntegrationDetails", "types.ResourceConfig"},
	"s3":         {"types.AnalyticsFilter", "types.MetricsFilter", "types.ObjectEncryption"},
	"monitoring": {"types.EvaluationCriteria", "types.EvaluationWindow"},
	"iam":        {"types.PolicyIdentifier"},
	"acm": {
		"types.CertificateAuthority", "types.CertificateFilterStatement", "types.CertificateMetadata", "types.GeneralName",
		"types.PrevalidationDetails", "types.PrevalidationOptions", "types.ValidationChallenge",
	},
	"ssm": {
		"types.CloudConnectorConfiguration", "types.ConfigurationTargets", "types.ExecutionInputs",
		"types.ExecutionPreview", "types.NodeType",
	},
}

// TestEveryShapeThroughTheSDK sends random inputs of every operation of every
// served service through the SDK's own client, and random outputs back: what
// arrives is what was sent, on both sides.
func TestEveryShapeThroughTheSDK(t *testing.T) {
	for _, svc := range sdkServices() {
		t.Run(svc.Name, func(t *testing.T) {
			refused := map[string]string{}
			for _, op := range svc.operations() {
				name := svc.Name + "." + op.name
				if reason, ok := excluded[name]; ok {
					t.Logf("%s is left out: %s", name, reason)
					continue
				}
				if svc.Bindings != nil && svc.Bindings.Operations[op.name] == "" {
					t.Logf("%s is newer than the bindings", name)
					continue
				}
				t.Run(op.name, func(t *testing.T) {
					rapid.Check(t, func(t *rapid.T) { roundTrip(t, svc, op, refused) })
				})
			}
			t.Logf("members of these types are left out, they are refused by name: %v", refused)
			for typ, member := range refused {
				if !slices.Contains(refusedMembers[svc.Name], typ) {
					t.Errorf("%s (%s) is new among the types that are refused by name", typ, member)
				}
			}
		})
	}
}

func roundTrip(t *rapid.T, svc sdkService, op sdkOperation, refused map[string]string) {
	g := &generator{t: t, bindings: svc.Bindings, plain: svc.Protocol == wire.Query || svc.Protocol == wire.RestXML, refused: func(typ, member string) { refused[typ] = member }}
	full := reflect.New(op.in)
	g.members(full.Elem(), 0)
	g.sparse = rapid.Bool().Draw(t, "sparse")
	sent := reflect.New(op.in)
	sent.Elem().Set(full.Elem())
	if g.sparse {
		g.drop(sent.Elem())
	}
	answer := reflect.New(op.out)
	g.members(answer.Elem(), 0)

	var received any
	described := svc.Service
	described.Operations = []wire.Operation{wire.OpOf(op.name, op.in, op.out,
		func(_ context.Context, _ wire.Caller, in any) (any, error) {
			received = in
			return answer.Interface(), nil
		})}
	handler, err := wire.NewHandler(wire.HandlerConfig{Services: []wire.Service{described}, DefaultScope: scope()})
	if err != nil {
		t.Fatal(err)
	}
	client := svc.client(config(handler))
	out, err := invoke(t.Context(), client, op.name, sent.Interface())
	var invalid smithy.InvalidParamsError
	if errors.As(err, &invalid) {
		// The SDK itself wants more members: send them all.
		sent = full
		out, err = invoke(t.Context(), client, op.name, sent.Interface())
	}
	if err != nil {
		t.Fatalf("the client failed: %v", err)
	}
	if diff := difference(sent.Interface(), received, svc.same()...); diff != "" {
		t.Fatalf("input (-sent +received):\n%s", diff)
	}
	if diff := difference(answer.Interface(), out, svc.same()...); diff != "" {
		t.Fatalf("output (-sent +received):\n%s", diff)
	}
}

// same is what a service's protocol cannot tell apart: a REST message has no
// empty lists outside its body, nor in XML.
func (s sdkService) same() []cmp.Option {
	if s.Bindings == nil {
		return nil
	}
	return []cmp.Option{cmpopts.EquateEmpty()}
}

// drop removes members of the input itself.
func (g *generator) drop(v reflect.Value) {
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() && rapid.Bool().Draw(g.t, "drop") {
			v.Field(i).SetZero()
		}
	}
}

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// difference compares two values of an SDK type. A token the SDK adds by
// itself for idempotency is no difference, and neither is a millisecond: the
// SDK's clients cut, not round, what a float makes of it.
func difference(a, b any, options ...cmp.Option) string {
	return cmp.Diff(a, b, append(options,
		cmp.Comparer(func(x, y time.Time) bool { return x.Sub(y).Abs() <= time.Millisecond }),
		cmp.FilterPath(func(p cmp.Path) bool {
			f, ok := p.Last().(cmp.StructField)
			return ok && (f.Name() == "ResultMetadata" || f.Name() == "noSmithyDocumentSerde")
		}, cmp.Ignore()),
		cmp.FilterPath(func(p cmp.Path) bool {
			f, ok := p.Last().(cmp.StructField)
			return ok && strings.HasSuffix(f.Name(), "Token") && f.Type() == reflect.TypeFor[*string]()
		}, cmp.Comparer(func(x, y *string) bool {
			if x == nil || y == nil {
				return x == y || y != nil && uuid.MatchString(*y)
			}
			return *x == *y
		})),
	)...)
}
