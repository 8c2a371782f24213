package servicediscovery

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/hatoba/hatoba/internal/discovery"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// serviceName is one label, or several with dots between them.
var serviceName = regexp.MustCompile(`^([a-zA-Z0-9_][a-zA-Z0-9-_]{0,61}[a-zA-Z0-9_]|[a-zA-Z0-9])(\.([a-zA-Z0-9_][a-zA-Z0-9-_]{0,61}[a-zA-Z0-9_]|[a-zA-Z0-9]))*$`)

const maxServiceName = 127

// https://docs.aws.amazon.com/cloud-map/latest/api/API_CreateService.html
func (s *Service) createService(ctx context.Context, caller wire.Caller, in *sdk.CreateServiceInput) (*sdk.CreateServiceOutput, error) {
	if err := checkCreateService(in); err != nil {
		return nil, err
	}
	svc := state.DiscoveryService{
		ID: discovery.ServiceID(s.cfg.NewID()), Name: *in.Name, Description: aws.ToString(in.Description), Request: aws.ToString(in.CreatorRequestId),
		Type: state.DiscoveryByHTTP, CreatedAt: s.now(), CustomHealth: in.HealthCheckCustomConfig != nil,
	}
	if c := in.HealthCheckCustomConfig; c != nil {
		svc.FailureThreshold = aws.ToInt32(c.FailureThreshold)
	}
	svc.ARN = discovery.ServiceARN(caller.Scope, svc.ID)
	var err error
	if svc.Tags, err = mergedTags(nil, in.Tags, ""); err != nil {
		return nil, err
	}
	wanted, err := namespaceOf(in)
	if err != nil {
		return nil, err
	}
	out := &sdk.CreateServiceOutput{}
	return out, s.update(ctx, func(w store.Writer) error {
		svc := svc
		ns, err := namespace(w, caller.Scope, wanted)
		if err != nil {
			return err
		}
		svc.Namespace = ns.ID
		if in.DnsConfig != nil {
			svc.Type = state.DiscoveryByBoth
			if svc.Routing, svc.Records, err = dnsConfig(ns, *in.DnsConfig); err != nil {
				return err
			}
			if len(svc.Name)+1+len(ns.Name) > 253 {
				return invalid("The name of the service with that of its namespace is longer than 253 characters.")
			}
		}
		for other := range discovery.Services(w, caller.Scope, ns.ID) {
			if other.Name != svc.Name && (svc.Type == state.DiscoveryByHTTP || other.Type == state.DiscoveryByHTTP || !strings.EqualFold(other.Name, svc.Name)) {
				continue
			}
			if other.Request == svc.Request && svc.Request != "" && alike(other, svc) {
				out.Service = serviceShape(w, caller.Scope, other)
				return nil
			}
			return &types.ServiceAlreadyExists{Message: aws.String("Service already exists."), ServiceId: &other.ID, ServiceArn: &other.ARN, CreatorRequestId: &other.Request}
		}
		out.Service = serviceShape(w, caller.Scope, svc)
		return discovery.AddService(w, caller.Scope, svc)
	})
}

// alike tells whether a request asks for what is there.
func alike(a, b state.DiscoveryService) bool {
	return a.Name == b.Name && a.Type == b.Type && a.Description == b.Description && a.Routing == b.Routing && slices.Equal(a.Records, b.Records) && a.CustomHealth == b.CustomHealth
}

// namespaceOf is the namespace that a request names, at one of two places.
func namespaceOf(in *sdk.CreateServiceInput) (string, error) {
	out := aws.ToString(in.NamespaceId)
	if in.DnsConfig != nil && in.DnsConfig.NamespaceId != nil {
		if out != "" && out != *in.DnsConfig.NamespaceId {
			return "", invalid("NamespaceId and DnsConfig.NamespaceId name different namespaces.")
		}
		out = *in.DnsConfig.NamespaceId
	}
	if out == "" {
		return "", invalid("NamespaceId must be specified.")
	}
	return out, nil
}

func checkCreateService(in *sdk.CreateServiceInput) error {
	switch {
	case in.Name == nil:
		return missing("name")
	case len(*in.Name) > maxServiceName || !serviceName.MatchString(*in.Name):
		return constraint(*in.Name, "name", "Member must satisfy regular expression pattern: "+serviceName.String())
	case in.Type != "" && in.Type != types.ServiceTypeOptionHttp:
		return constraint(string(in.Type), "type", "Member must satisfy enum value set: [HTTP]")
	case in.Type == types.ServiceTypeOptionHttp && in.DnsConfig != nil:
		return invalid("DnsConfig can't be specified with the type HTTP.")
	case in.HealthCheckConfig != nil && in.HealthCheckCustomConfig != nil:
		return invalid("HealthCheckConfig and HealthCheckCustomConfig can't be specified together.")
	case in.HealthCheckConfig != nil:
		return noHealthChecks()
	}
	if err := text(in.Description, "description", maxDescription); err != nil {
		return err
	}
	if c := in.HealthCheckCustomConfig; c != nil && c.FailureThreshold != nil && (*c.FailureThreshold < 1 || *c.FailureThreshold > 10) {
		return constraint(fmt.Sprint(*c.FailureThreshold), "healthCheckCustomConfig.failureThreshold", wire.ValueWithin(int(*c.FailureThreshold), 1, 10))
	}
	return text(in.CreatorRequestId, "creatorRequestId", 64)
}

func noHealthChecks() error {
	return invalid("HealthCheckConfig is not supported by Hatoba: there are no Route 53 health checkers; use HealthCheckCustomConfig, or the health checks of containers.")
}

// dnsConfig checks what records a service's instances get.
//
// Source: https://docs.aws.amazon.com/cloud-map/latest/api/API_DnsRecord.html
func dnsConfig(ns state.Namespace, given types.DnsConfig) (routing string, records []state.DiscoveryRecord, err error) {
	if ns.Type == state.NamespaceHTTP {
		return "", nil, invalid("DnsConfig can't be specified for a service of an HTTP namespace.")
	}
	if given.RoutingPolicy == "" {
		given.RoutingPolicy = types.RoutingPolicyMultivalue
		if slices.ContainsFunc(given.DnsRecords, func(r types.DnsRecord) bool { return r.Type == types.RecordTypeCname }) {
			given.RoutingPolicy = types.RoutingPolicyWeighted
		}
	}
	if !slices.Contains(given.RoutingPolicy.Values(), given.RoutingPolicy) {
		return "", nil, constraint(string(given.RoutingPolicy), "dnsConfig.routingPolicy", "Member must satisfy enum value set: [MULTIVALUE, WEIGHTED]")
	}
	if records, err = dnsRecords(given.DnsRecords); err != nil {
		return "", nil, err
	}
	if records[0].Type == string(types.RecordTypeCname) && given.RoutingPolicy != types.RoutingPolicyWeighted {
		return "", nil, invalid("The routing policy of a service with a CNAME record must be WEIGHTED.")
	}
	return string(given.RoutingPolicy), records, nil
}

// dnsRecords checks which types are together: A, AAAA, A and AAAA, SRV, CNAME.
func dnsRecords(given []types.DnsRecord) (out []state.DiscoveryRecord, err error) {
	if len(given) == 0 {
		return nil, invalid("DnsRecords must have at least one record.")
	}
	seen := map[types.RecordType]bool{}
	for _, r := range given {
		switch {
		case !slices.Contains(r.Type.Values(), r.Type):
			return nil, constraint(string(r.Type), "dnsConfig.dnsRecords.type", "Member must satisfy enum value set: [SRV, A, AAAA, CNAME]")
		case r.TTL == nil:
			return nil, missing("dnsConfig.dnsRecords.tTL")
		case *r.TTL < 0 || *r.TTL > maxTTL:
			return nil, constraint(fmt.Sprint(*r.TTL), "dnsConfig.dnsRecords.tTL", wire.ValueWithin(int(*r.TTL), 0, maxTTL))
		case seen[r.Type]:
			return nil, invalid("The record type %s is specified more than once.", r.Type)
		}
		seen[r.Type] = true
		out = append(out, state.DiscoveryRecord{Type: string(r.Type), TTL: *r.TTL})
	}
	if len(out) > 1 && (seen[types.RecordTypeCname] || seen[types.RecordTypeSrv]) {
		return nil, invalid("Only records of the types A and AAAA can be specified together.")
	}
	return out, nil
}
