package elbv2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// setSubnets gives a balancer other subnets. Those that stay keep their address.
//
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetSubnets.html
func (s *Service) setSubnets(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.SetSubnetsInput) (*elasticloadbalancingv2.SetSubnetsOutput, error) {
	if in.IpAddressType != "" {
		if err := checkIPAddressType(string(in.IpAddressType)); err != nil {
			return nil, err
		}
	}
	if in.EnablePrefixForIpv6SourceNat == types.EnablePrefixForIpv6SourceNatEnumOn {
		return nil, unsupported("EnablePrefixForIpv6SourceNat is not supported here")
	}
	out := &elasticloadbalancingv2.SetSubnetsOutput{}
	return out, s.update(ctx, func(w store.Writer) error {
		b, err := findBalancer(w, caller.Scope, in.LoadBalancerArn)
		if err != nil {
			return err
		}
		want, err := wantedSubnets(b.Type, in.Subnets, in.SubnetMappings)
		if err != nil {
			return err
		}
		zones, vpc, err := place(w, caller.Scope, b.Type, want, b.Zones, s.cfg.StrictNetwork)
		if err != nil {
			return err
		}
		if vpc != b.VPCID {
			return badConfiguration("All subnets must belong to the same VPC: '%s'", b.VPCID)
		}
		b.Zones = zones
		out.AvailabilityZones, out.IpAddressType = shownZones(b), types.IpAddressType(b.IPAddressType)
		return store.LoadBalancers.Put(w, caller.Scope.Key(b.ID()), b)
	})
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetSecurityGroups.html
func (s *Service) setSecurityGroups(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.SetSecurityGroupsInput) (*elasticloadbalancingv2.SetSecurityGroupsOutput, error) {
	if in.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic != "" {
		return nil, unsupported("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic is not supported here: there is no PrivateLink")
	}
	if len(in.SecurityGroups) == 0 {
		return nil, invalid("At least one security group must be specified")
	}
	out := &elasticloadbalancingv2.SetSecurityGroupsOutput{}
	return out, s.update(ctx, func(w store.Writer) error {
		b, err := findBalancer(w, caller.Scope, in.LoadBalancerArn)
		if err != nil {
			return err
		}
		if b.Type == typeNetwork && len(b.SecurityGroups) == 0 {
			return badConfiguration("You cannot set security groups on a Network Load Balancer that was created without any")
		}
		if b.SecurityGroups, err = checkSecurityGroups(w, caller.Scope, b.Type, b.VPCID, in.SecurityGroups, s.cfg.StrictNetwork); err != nil {
			return err
		}
		out.SecurityGroupIds = b.SecurityGroups
		return store.LoadBalancers.Put(w, caller.Scope.Key(b.ID()), b)
	})
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetIpAddressType.html
func (s *Service) setIPAddressType(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.SetIpAddressTypeInput) (*elasticloadbalancingv2.SetIpAddressTypeOutput, error) {
	out := &elasticloadbalancingv2.SetIpAddressTypeOutput{IpAddressType: in.IpAddressType}
	if err := checkIPAddressType(string(in.IpAddressType)); err != nil {
		return nil, err
	}
	return out, s.view(ctx, func(r store.Reader) error { // the one type there is, which it has
		_, err := findBalancer(r, caller.Scope, in.LoadBalancerArn)
		return err
	})
}
