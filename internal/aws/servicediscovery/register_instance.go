package servicediscovery

import (
	"context"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/hatoba/hatoba/internal/discovery"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

var (
	instanceID     = regexp.MustCompile(`^[0-9a-zA-Z_/:.@-]{1,64}$`)
	attributeName  = regexp.MustCompile(`^[!-~]{1,255}$`)
	attributeValue = regexp.MustCompile(`^[\t -~]*$`)
	hostName       = regexp.MustCompile(`^([a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?\.)*[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?\.?$`)
)

// known are the attributes that mean something; others are custom.
var known = map[string]bool{
	state.InstanceIPv4: true, state.InstanceIPv6: true, state.InstancePort: true, state.InstanceCNAME: true,
	state.InstanceAlias: true, state.InstanceEC2: true, state.InstanceInitHealth: true,
}

// registerInstance registers an instance, or another in its place.
//
// https://docs.aws.amazon.com/cloud-map/latest/api/API_RegisterInstance.html
func (s *Service) registerInstance(ctx context.Context, caller wire.Caller, in *sdk.RegisterInstanceInput) (*sdk.RegisterInstanceOutput, error) {
	key, err := id(in.ServiceId, "serviceId")
	switch {
	case err != nil:
		return nil, err
	case in.InstanceId == nil:
		return nil, missing("instanceId")
	case !instanceID.MatchString(*in.InstanceId):
		return nil, constraint(*in.InstanceId, "instanceId", "Member must satisfy regular expression pattern: ^[0-9a-zA-Z_/:.@-]+$")
	}
	if err := text(in.CreatorRequestId, "creatorRequestId", 64); err != nil {
		return nil, err
	}
	if err := checkAttributes(in.Attributes); err != nil {
		return nil, err
	}
	q := asking(in.CreatorRequestId, in.Attributes)
	operation := s.newOperationID()
	return &sdk.RegisterInstanceOutput{OperationId: &operation}, s.update(ctx, func(w store.Writer) error {
		svc, err := service(w, caller.Scope, key)
		if err != nil {
			return err
		}
		old, had := store.DiscoveryInstances.Get(w, caller.Scope.Key(state.DiscoveryInstanceID(svc.ID, *in.InstanceId)))
		if had {
			if done, err := again(w, caller.Scope, old.Made, q); err != nil || done {
				operation = old.Made
				return err
			}
			if old.Task != "" {
				return &types.ResourceInUse{Message: aws.String("The instance " + old.ID + " is a task of an Amazon ECS service, which registers it.")}
			}
		} else if err := room(w, caller.Scope, svc); err != nil {
			return err
		}
		if err := checkFor(svc, in.Attributes); err != nil {
			return err
		}
		i := state.DiscoveryInstance{ID: *in.InstanceId, Service: svc.ID, Attributes: in.Attributes, Request: q.id, Made: operation, RegisteredAt: s.now(), Health: in.Attributes[state.InstanceInitHealth]}
		if err := discovery.Register(w, caller.Scope, i); err != nil {
			return err
		}
		return s.carriedOut(w, caller.Scope, operation, types.OperationTypeRegisterInstance, ofInstance(svc, i.ID), q)
	})
}

func ofInstance(svc state.DiscoveryService, instance string) map[types.OperationTargetType]string {
	return map[types.OperationTargetType]string{
		types.OperationTargetTypeInstance: instance, types.OperationTargetTypeService: svc.ID, types.OperationTargetTypeNamespace: svc.Namespace,
	}
}

// room holds the quotas.
func room(r store.Reader, scope state.Scope, svc state.DiscoveryService) error {
	if discovery.Count(discovery.Instances(r, scope, svc.ID)) >= maxInstances {
		return limit("The service %s has reached the limit of %d instances.", svc.ID, maxInstances)
	}
	most := int32(maxOfDNS)
	if ns, ok := discovery.Namespace(r, scope, svc.Namespace); ok && ns.Type == state.NamespaceHTTP {
		most = maxOfHTTP
	}
	n := int32(0)
	for other := range discovery.Services(r, scope, svc.Namespace) {
		if n += discovery.Count(discovery.Instances(r, scope, other.ID)); n >= most {
			return limit("The namespace %s has reached the limit of %d instances.", svc.Namespace, most)
		}
	}
	return nil
}

// checkAttributes checks what every service asks of attributes.
func checkAttributes(given map[string]string) error {
	if given == nil {
		return missing("attributes")
	}
	custom, size := 0, 0
	for name, value := range given {
		size += len(name) + len(value)
		if !known[name] {
			custom++
			if strings.HasPrefix(name, "AWS_") {
				return invalid("The attribute %s is not one of AWS Cloud Map's: names of others can't begin with AWS_.", name)
			}
		}
		switch {
		case !attributeName.MatchString(name):
			return constraint(name, "attributes", "Map keys must satisfy constraint: [Member must have length less than or equal to 255, Member must satisfy regular expression pattern: ^[a-zA-Z0-9!-~]+$]")
		case len(value) > 1024 || !attributeValue.MatchString(value):
			return constraint(value, "attributes", "Map value must satisfy constraint: [Member must have length less than or equal to 1024, Member must satisfy regular expression pattern: ^([a-zA-Z0-9!-~][ \\ta-zA-Z0-9!-~]*){0,1}[a-zA-Z0-9!-~]{0,1}$]")
		}
	}
	switch {
	case custom > maxCustom:
		return invalid("An instance can have at most %d custom attributes.", maxCustom)
	case size > maxAttributeText:
		return invalid("The attributes of an instance can have at most %d characters together.", maxAttributeText)
	}
	return checkValues(given)
}

func checkValues(given map[string]string) error {
	for name, value := range given {
		addr, err := netip.ParseAddr(value)
		port, notPort := strconv.ParseUint(value, 10, 16)
		bad := false
		switch name {
		case state.InstanceIPv4:
			bad = err != nil || !addr.Is4()
		case state.InstanceIPv6:
			bad = err != nil || !addr.Is6() || addr.Zone() != "" || addr.Is4In6()
		case state.InstancePort:
			bad = notPort != nil || port == 0
		case state.InstanceCNAME, state.InstanceAlias:
			bad = len(value) > 254 || !hostName.MatchString(value)
		case state.InstanceInitHealth:
			bad = value != state.InstanceHealthy && value != state.InstanceUnhealthy
		}
		if bad {
			return invalid("The value %q of the attribute %s is not valid.", value, name)
		}
	}
	return nil
}

// checkFor checks what the service asks of its instances.
func checkFor(svc state.DiscoveryService, given map[string]string) error {
	if given[state.InstanceInitHealth] != "" && !svc.CustomHealth {
		return invalid("The attribute %s needs a service with HealthCheckCustomConfig.", state.InstanceInitHealth)
	}
	if given[state.InstanceEC2] != "" {
		return invalid("The attribute %s is not supported by Hatoba, which has no EC2 instances; register the address as %s.", state.InstanceEC2, state.InstanceIPv4)
	}
	if alias := given[state.InstanceAlias]; alias != "" {
		for name := range given {
			if strings.HasPrefix(name, "AWS_INSTANCE_") {
				return invalid("The attribute %s can't be specified with %s.", name, state.InstanceAlias)
			}
		}
		if svc.Routing != string(types.RoutingPolicyWeighted) || !has(svc, types.RecordTypeA) && !has(svc, types.RecordTypeAaaa) {
			return invalid("The attribute %s needs a service with the routing policy WEIGHTED and records of the type A or AAAA.", state.InstanceAlias)
		}
		return nil
	}
	need := func(name string, of types.RecordType) error {
		if has(svc, of) && given[name] == "" {
			return invalid("The attribute %s must be specified: the service has records of the type %s.", name, of)
		}
		return nil
	}
	for name, of := range map[string]types.RecordType{state.InstanceIPv4: types.RecordTypeA, state.InstanceIPv6: types.RecordTypeAaaa, state.InstanceCNAME: types.RecordTypeCname, state.InstancePort: types.RecordTypeSrv} {
		if err := need(name, of); err != nil {
			return err
		}
	}
	if has(svc, types.RecordTypeSrv) && given[state.InstanceIPv4] == "" && given[state.InstanceIPv6] == "" {
		return invalid("The attribute %s or %s must be specified: the service has records of the type SRV.", state.InstanceIPv4, state.InstanceIPv6)
	}
	return nil
}

func has(svc state.DiscoveryService, kind types.RecordType) bool {
	for _, r := range svc.Records {
		if r.Type == string(kind) {
			return true
		}
	}
	return false
}

// https://docs.aws.amazon.com/cloud-map/latest/api/API_DeregisterInstance.html
func (s *Service) deregisterInstance(ctx context.Context, caller wire.Caller, in *sdk.DeregisterInstanceInput) (*sdk.DeregisterInstanceOutput, error) {
	key, err := id(in.ServiceId, "serviceId")
	if err != nil {
		return nil, err
	}
	if in.InstanceId == nil {
		return nil, missing("instanceId")
	}
	operation := s.newOperationID()
	return &sdk.DeregisterInstanceOutput{OperationId: &operation}, s.update(ctx, func(w store.Writer) error {
		svc, err := service(w, caller.Scope, key)
		if err != nil {
			return err
		}
		if _, err := instance(w, caller.Scope, svc, *in.InstanceId); err != nil {
			return err
		}
		if _, err := discovery.Deregister(w, caller.Scope, svc.ID, *in.InstanceId); err != nil {
			return err
		}
		return s.carriedOut(w, caller.Scope, operation, types.OperationTypeDeregisterInstance, ofInstance(svc, *in.InstanceId), request{})
	})
}
