package elbv2

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const (
	typeApplication = string(types.LoadBalancerTypeEnumApplication)
	typeNetwork     = string(types.LoadBalancerTypeEnumNetwork)
	schemeInternal  = string(types.LoadBalancerSchemeEnumInternal)
	schemeFacing    = string(types.LoadBalancerSchemeEnumInternetFacing)
	ipv4            = string(types.IpAddressTypeIpv4)
)

var goodName = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

// checkName checks the name of a balancer or target group.
func checkName(what, name string) error {
	switch {
	case name == "":
		return invalid("%s name cannot be empty", what)
	case len(name) > maxNameLength:
		return invalid("%s name '%s' cannot be longer than '%d' characters", what, name, maxNameLength)
	case !goodName.MatchString(name):
		return invalid("%s name '%s' can only contain characters that are alphanumeric characters and hyphens(-)", what, name)
	case strings.HasPrefix(name, "-") || strings.HasSuffix(name, "-"):
		return invalid("%s name '%s' cannot begin or end with a hyphen(-)", what, name)
	}
	return nil
}

// checkBalancer reads what a request asks for, but for subnets and groups.
func checkBalancer(in *elasticloadbalancingv2.CreateLoadBalancerInput) (b state.LoadBalancer, err error) {
	b = state.LoadBalancer{Name: aws.ToString(in.Name), Type: string(in.Type), Scheme: string(in.Scheme), IPAddressType: string(in.IpAddressType)}
	if err := checkName("Load balancer", b.Name); err != nil {
		return b, err
	}
	if strings.HasPrefix(b.Name, "internal-") {
		return b, invalid("Load balancer name '%s' cannot start with 'internal-'", b.Name)
	}
	if b.Type == "" {
		b.Type = typeApplication
	}
	if b.Scheme == "" {
		b.Scheme = schemeFacing
	}
	if b.IPAddressType == "" {
		b.IPAddressType = ipv4
	}
	switch {
	case b.Type == string(types.LoadBalancerTypeEnumGateway):
		return b, unsupported("Load balancers of type 'gateway' are not supported here; 'application' and 'network' are")
	case b.Type != typeApplication && b.Type != typeNetwork:
		return b, invalid("1 validation error detected: Value '%s' at 'type' failed to satisfy constraint: Member must satisfy enum value set: [application, network, gateway]", b.Type)
	case b.Scheme != schemeFacing && b.Scheme != schemeInternal:
		return b, wire.Errorf("InvalidScheme", "The load balancer scheme '%s' is not valid", b.Scheme)
	case aws.ToString(in.CustomerOwnedIpv4Pool) != "":
		return b, unsupported("CustomerOwnedIpv4Pool is not supported here")
	case in.IpamPools != nil && aws.ToString(in.IpamPools.Ipv4IpamPoolId) != "":
		return b, unsupported("IpamPools is not supported here")
	case in.EnablePrefixForIpv6SourceNat == types.EnablePrefixForIpv6SourceNatEnumOn:
		return b, unsupported("EnablePrefixForIpv6SourceNat is not supported here")
	case len(in.EnablePrefixForIpv6SourceNat) > 0 && in.EnablePrefixForIpv6SourceNat != types.EnablePrefixForIpv6SourceNatEnumOff:
		return b, invalid("The value '%s' of EnablePrefixForIpv6SourceNat is not valid", in.EnablePrefixForIpv6SourceNat)
	}
	if err := checkIPAddressType(b.IPAddressType); err != nil {
		return b, err
	}
	b.Tags, err = mergedTags(nil, in.Tags)
	return b, err
}

func checkIPAddressType(v string) error {
	switch types.IpAddressType(v) {
	case types.IpAddressTypeIpv4:
		return nil
	case types.IpAddressTypeDualstack, types.IpAddressTypeDualstackWithoutPublicIpv4:
		return unsupported("IP address type '%s' is not supported here: load balancers have IPv4 addresses", v)
	}
	return invalid("The IP address type '%s' is not valid", v)
}

// dnsName is the name a balancer answers to: AWS's form, below localhost.
func dnsName(b state.LoadBalancer, region, id string) string {
	name := b.Name + "-" + id
	if b.Type == typeApplication { // whose number is decimal
		n, _ := strconv.ParseUint(id, 16, 64)
		name = b.Name + "-" + strconv.FormatUint(1_000_000_000+n%1_000_000_000, 10)
	}
	if b.Scheme == schemeInternal {
		name = "internal-" + name
	}
	return strings.ToLower(name) + ".elb." + region + ".localhost"
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
func (s *Service) createLoadBalancer(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.CreateLoadBalancerInput) (*elasticloadbalancingv2.CreateLoadBalancerOutput, error) {
	asked, err := checkBalancer(in)
	if err != nil {
		return nil, err
	}
	want, err := wantedSubnets(asked.Type, in.Subnets, in.SubnetMappings)
	if err != nil {
		return nil, err
	}
	id, now, scope := s.cfg.NewID(), s.now(), caller.Scope
	out := &elasticloadbalancingv2.CreateLoadBalancerOutput{}
	return out, s.update(ctx, func(w store.Writer) error {
		b := asked
		if old, ok := balancerNamed(w, scope, b.Name); ok {
			if !sameBalancer(old, b, want) {
				return wire.Errorf("DuplicateLoadBalancerName", "A load balancer with the same name '%s' exists, but with different settings", b.Name)
			}
			out.LoadBalancers = []types.LoadBalancer{shownBalancer(old)}
			return nil
		}
		if count(store.LoadBalancers.List(w, scope, kindPrefix(b.Type))) >= maxBalancers {
			return tooMany("TooManyLoadBalancers", "load balancers", maxBalancers)
		}
		var err error
		if b.Zones, b.VPCID, err = place(w, scope, b.Type, want, nil, s.cfg.StrictNetwork); err != nil {
			return err
		}
		if b.SecurityGroups, err = checkSecurityGroups(w, scope, b.Type, b.VPCID, in.SecurityGroups, s.cfg.StrictNetwork); err != nil {
			return err
		}
		storeID := kindPrefix(b.Type) + b.Name + "/" + id
		b.ARN = scope.ARN("elasticloadbalancing", "loadbalancer/"+storeID)
		b.DNSName, b.CreatedAt = dnsName(b, scope.Region, id), now
		out.LoadBalancers = []types.LoadBalancer{shownBalancer(b)}
		return store.LoadBalancers.Put(w, scope.Key(storeID), b)
	})
}

// kindPrefix is how ids of balancers of a type begin.
func kindPrefix(kind string) string {
	if kind == typeNetwork {
		return "net/"
	}
	return "app/"
}

// sameBalancer tells whether a balancer is what a request asks for.
func sameBalancer(old, asked state.LoadBalancer, want []wanted) bool {
	if old.Type != asked.Type || old.Scheme != asked.Scheme || old.IPAddressType != asked.IPAddressType || len(old.Zones) != len(want) {
		return false
	}
	for _, w := range want {
		if !slices.ContainsFunc(old.Zones, func(z state.BalancerZone) bool { return z.Subnet == w.subnet }) {
			return false
		}
	}
	return true
}
