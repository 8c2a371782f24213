package elbv2

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// The hosted zones that AWS tells for balancers in us-east-1: aliases to them
// are the only thing these ids are for.
const (
	applicationZone = "Z35SXDOTRQ7X7K"
	networkZone     = "Z26RNL4JYFTOTI"
)

// shownBalancer is a balancer as DescribeLoadBalancers tells it.
func shownBalancer(b state.LoadBalancer) types.LoadBalancer {
	code := types.LoadBalancerStateEnum(b.State.Code)
	if code == "" {
		code = types.LoadBalancerStateEnumProvisioning
	}
	out := types.LoadBalancer{
		LoadBalancerArn: &b.ARN, LoadBalancerName: &b.Name, DNSName: &b.DNSName, CreatedTime: &b.CreatedAt, VpcId: &b.VPCID,
		Type: types.LoadBalancerTypeEnum(b.Type), Scheme: types.LoadBalancerSchemeEnum(b.Scheme), IpAddressType: types.IpAddressType(b.IPAddressType),
		SecurityGroups: b.SecurityGroups, CanonicalHostedZoneId: aws.String(applicationZone),
		State: &types.LoadBalancerState{Code: code},
	}
	if b.State.Reason != "" {
		out.State.Reason = &b.State.Reason
	}
	if b.Type == typeNetwork {
		out.CanonicalHostedZoneId = aws.String(networkZone)
	}
	out.AvailabilityZones = shownZones(b)
	return out
}

func shownZones(b state.LoadBalancer) (out []types.AvailabilityZone) {
	for _, z := range b.Zones {
		zone := types.AvailabilityZone{SubnetId: aws.String(z.Subnet), ZoneName: aws.String(z.Zone), LoadBalancerAddresses: []types.LoadBalancerAddress{}}
		if b.Type == typeNetwork && b.Scheme == schemeInternal {
			zone.LoadBalancerAddresses = append(zone.LoadBalancerAddresses, types.LoadBalancerAddress{PrivateIPv4Address: aws.String(z.Address.String())})
		} else { // AWS tells none of application load balancers: here they do not change
			zone.LoadBalancerAddresses = append(zone.LoadBalancerAddresses, types.LoadBalancerAddress{IpAddress: aws.String(z.Address.String())})
		}
		out = append(out, zone)
	}
	return out
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html
func (s *Service) describeLoadBalancers(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.DescribeLoadBalancersInput) (*elasticloadbalancingv2.DescribeLoadBalancersOutput, error) {
	switch {
	case len(in.LoadBalancerArns) > 0 && len(in.Names) > 0:
		return nil, invalid("Load balancer names and load balancer ARNs cannot be specified at the same time")
	case len(in.LoadBalancerArns) > maxDescribedAtOnce || len(in.Names) > maxDescribedAtOnce:
		return nil, invalid("Up to %d load balancers can be described in a single call", maxDescribedAtOnce)
	}
	out := &elasticloadbalancingv2.DescribeLoadBalancersOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		var list []state.LoadBalancer
		for _, b := range store.LoadBalancers.List(r, caller.Scope, "") {
			if len(in.LoadBalancerArns)+len(in.Names) == 0 || slices.Contains(in.LoadBalancerArns, b.ARN) || slices.Contains(in.Names, b.Name) {
				list = append(list, b)
			}
		}
		var missing []string
		for _, arn := range in.LoadBalancerArns {
			if state.LoadBalancerID(arn) == "" {
				return invalid("'%s' is not a valid load balancer ARN", arn)
			}
			if !slices.ContainsFunc(list, func(b state.LoadBalancer) bool { return b.ARN == arn }) {
				missing = append(missing, arn)
			}
		}
		for _, name := range in.Names {
			if !slices.ContainsFunc(list, func(b state.LoadBalancer) bool { return b.Name == name }) {
				missing = append(missing, name)
			}
		}
		if len(missing) > 0 {
			return noBalancer(missing...)
		}
		cut, next, err := page("elb-balancers", list, state.LoadBalancer.ID, in.Marker, in.PageSize)
		out.LoadBalancers, out.NextMarker = []types.LoadBalancer{}, next
		for _, b := range cut {
			out.LoadBalancers = append(out.LoadBalancers, shownBalancer(b))
		}
		return err
	})
}

// deleteLoadBalancer deletes a balancer with its listeners and rules. Target
// groups stay. One that is not there is no error.
//
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteLoadBalancer.html
func (s *Service) deleteLoadBalancer(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.DeleteLoadBalancerInput) (*elasticloadbalancingv2.DeleteLoadBalancerOutput, error) {
	arn, scope := aws.ToString(in.LoadBalancerArn), caller.Scope
	id := state.LoadBalancerID(arn)
	if id == "" {
		return nil, invalid("'%s' is not a valid load balancer ARN", arn)
	}
	return &elasticloadbalancingv2.DeleteLoadBalancerOutput{}, s.update(ctx, func(w store.Writer) error {
		b, ok := store.LoadBalancers.Get(w, scope.Key(id))
		if !ok || b.ARN != arn {
			return nil
		}
		if setting(balancerAttributes(b), b.Attributes, "deletion_protection.enabled") == "true" {
			return wire.Errorf("OperationNotPermitted", "Load balancer '%s' cannot be deleted because deletion protection is enabled", arn)
		}
		var listeners []state.Key
		for key := range listenersOf(w, scope, id) {
			listeners = append(listeners, key)
		}
		var groups []string
		for _, key := range listeners {
			groups = append(groups, eraseListener(w, key)...)
		}
		store.LoadBalancers.Delete(w, scope.Key(id))
		return associate(w, scope, id, groups)
	})
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeCapacityReservation.html
func (s *Service) describeCapacityReservation(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.DescribeCapacityReservationInput) (*elasticloadbalancingv2.DescribeCapacityReservationOutput, error) {
	return &elasticloadbalancingv2.DescribeCapacityReservationOutput{}, s.view(ctx, func(r store.Reader) error {
		_, err := findBalancer(r, caller.Scope, in.LoadBalancerArn)
		return err
	})
}
