// Package ec2 is the front door of Amazon EC2 as far as the network reaches:
// VPCs, subnets, security groups, routes, gateways and network interfaces. Its
// types are its own, named as the SDK's, because the SDK's package of EC2 is
// larger than all others together; test/ec2 proves them against it.
//
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/
package ec2

import (
	"context"
	"net/netip"
	"reflect"
	"sync"
	"time"

	"github.com/hatoba/hatoba/internal/defaultnetwork"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// Config is what a Service works with.
type Config struct {
	Store    store.Store
	Now      func() time.Time // nil: time.Now
	NewID    func() string    // 17 hexadecimal digits that were never given before
	VPCRange netip.Prefix     // of the default VPC of scopes that have none yet
}

// Service answers EC2 requests.
type Service struct {
	cfg Config

	mu     sync.Mutex
	opened map[state.Scope]bool // scopes known to have their defaults
}

// New returns a Service.
func New(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Service{cfg: cfg, opened: map[state.Scope]bool{}}
}

// Describe tells wire what is served.
func (s *Service) Describe() wire.Service {
	return wire.Service{
		Name: "ec2", Title: "Amazon EC2", Protocol: wire.EC2Query,
		APIVersion: "2016-11-15", Namespace: "http://ec2.amazonaws.com/doc/2016-11-15/",
		Operations: []wire.Operation{
			op(s, "CreateVpc", createVpc),
			op(s, "DescribeVpcs", describeVpcs),
			op(s, "DeleteVpc", deleteVpc),
			op(s, "DescribeVpcAttribute", describeVpcAttribute),
			op(s, "ModifyVpcAttribute", modifyVpcAttribute),

			op(s, "CreateSubnet", createSubnet),
			op(s, "DescribeSubnets", describeSubnets),
			op(s, "DeleteSubnet", deleteSubnet),
			op(s, "ModifySubnetAttribute", modifySubnetAttribute),

			op(s, "CreateSecurityGroup", createSecurityGroup),
			op(s, "DescribeSecurityGroups", describeSecurityGroups),
			op(s, "DeleteSecurityGroup", deleteSecurityGroup),
			op(s, "AuthorizeSecurityGroupIngress", authorizeIngress),
			op(s, "AuthorizeSecurityGroupEgress", authorizeEgress),
			op(s, "RevokeSecurityGroupIngress", revokeIngress),
			op(s, "RevokeSecurityGroupEgress", revokeEgress),
			op(s, "DescribeSecurityGroupRules", describeSecurityGroupRules),
			op(s, "ModifySecurityGroupRules", modifySecurityGroupRules),
			op(s, "UpdateSecurityGroupRuleDescriptionsIngress", updateDescriptionsIngress),
			op(s, "UpdateSecurityGroupRuleDescriptionsEgress", updateDescriptionsEgress),

			op(s, "CreateRouteTable", createRouteTable),
			op(s, "DescribeRouteTables", describeRouteTables),
			op(s, "DeleteRouteTable", deleteRouteTable),
			op(s, "AssociateRouteTable", associateRouteTable),
			op(s, "DisassociateRouteTable", disassociateRouteTable),
			op(s, "ReplaceRouteTableAssociation", replaceRouteTableAssociation),
			op(s, "CreateRoute", createRoute),
			op(s, "ReplaceRoute", replaceRoute),
			op(s, "DeleteRoute", deleteRoute),

			op(s, "CreateInternetGateway", createInternetGateway),
			op(s, "AttachInternetGateway", attachInternetGateway),
			op(s, "DetachInternetGateway", detachInternetGateway),
			op(s, "DeleteInternetGateway", deleteInternetGateway),
			op(s, "DescribeInternetGateways", describeInternetGateways),

			op(s, "AllocateAddress", allocateAddress),
			op(s, "DescribeAddresses", describeAddresses),
			op(s, "DescribeAddressesAttribute", describeAddressesAttribute),
			op(s, "ReleaseAddress", releaseAddress),
			op(s, "CreateNatGateway", createNatGateway),
			op(s, "DescribeNatGateways", describeNatGateways),
			op(s, "DeleteNatGateway", deleteNatGateway),

			op(s, "CreateNetworkInterface", createNetworkInterface),
			op(s, "DescribeNetworkInterfaces", describeNetworkInterfaces),
			op(s, "DeleteNetworkInterface", deleteNetworkInterface),

			op(s, "DescribeNetworkAcls", describeNetworkAcls),
			op(s, "DescribePrefixLists", describePrefixLists),
			op(s, "DescribeAvailabilityZones", describeAvailabilityZones),
			op(s, "DescribeRegions", describeRegions),
			op(s, "DescribeAccountAttributes", describeAccountAttributes),

			op(s, "CreateTags", createTags),
			op(s, "DeleteTags", deleteTags),
			op(s, "DescribeTags", describeTags),
		},
	}
}

// call is a request while it is answered.
type call struct {
	*Service
	ctx   context.Context
	scope state.Scope
	dry   bool
}

// op binds a handler so that the caller's account finds its default VPC, and
// so that a dry run changes nothing.
func op[I, O any](s *Service, name string, handler func(*call, *I) (*O, error)) wire.Operation {
	return wire.Op(name, func(ctx context.Context, caller wire.Caller, in *I) (*O, error) {
		if err := s.open(ctx, caller.Scope); err != nil {
			return nil, err
		}
		c := &call{Service: s, ctx: ctx, scope: caller.Scope}
		if dry := reflect.ValueOf(in).Elem().FieldByName("DryRun"); dry.IsValid() {
			c.dry = dry.Bool()
		}
		out, err := handler(c, in)
		if err == nil && c.dry {
			err = errDryRun
		}
		return out, err
	})
}

// open gives a scope its defaults the first time it is used.
func (s *Service) open(ctx context.Context, scope state.Scope) error {
	s.mu.Lock()
	known := s.opened[scope]
	s.mu.Unlock()
	if known {
		return nil
	}
	err := s.cfg.Store.Update(ctx, func(w store.Writer) error { return defaultnetwork.Put(w, scope, s.cfg.VPCRange) })
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.opened[scope] = true
	s.mu.Unlock()
	return nil
}

func (c *call) view(fn func(store.Reader) error) error { return c.cfg.Store.View(c.ctx, fn) }

// update runs fn, which may run twice, over a transaction that a dry run gives
// up at its end.
func (c *call) update(fn func(store.Writer) error) error {
	return c.cfg.Store.Update(c.ctx, func(w store.Writer) error {
		if err := fn(w); err != nil {
			return err
		}
		if c.dry {
			return errDryRun
		}
		return nil
	})
}

func (c *call) id(kind string) string { return kind + "-" + c.cfg.NewID() }

func (c *call) arn(kind, id string) string {
	return "arn:aws:ec2:" + c.scope.Region + ":" + c.scope.Account + ":" + kind + "/" + id
}
