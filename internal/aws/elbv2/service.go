// Package elbv2 is the front door of Elastic Load Balancing: application and
// network load balancers, their listeners and rules, target groups and targets.
// It writes what is wanted; control/targets makes it so.
//
// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/
package elbv2

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// Config is what a Service works with.
type Config struct {
	Store store.Store
	Now   func() time.Time // nil: time.Now
	// NewID gives 16 hexadecimal digits that were never given before; nil: random.
	NewID func() string
	// Open makes a scope's default network where there is none yet; nil: it is there.
	Open func(context.Context, state.Scope) error
	// StrictNetwork refuses subnet and security-group ids nobody made, instead
	// of adopting them into the default VPC.
	StrictNetwork bool
	// HasBucket tells whether access logs have a bucket to go to; nil: none has.
	HasBucket func(ctx context.Context, scope state.Scope, bucket string) bool
}

// Service answers ELBv2 requests. It may be used concurrently.
type Service struct{ cfg Config }

// New returns a Service.
func New(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.NewID == nil {
		cfg.NewID = randomID
	}
	if cfg.Open == nil {
		cfg.Open = func(context.Context, state.Scope) error { return nil }
	}
	if cfg.HasBucket == nil {
		cfg.HasBucket = func(context.Context, state.Scope, string) bool { return false }
	}
	return &Service{cfg: cfg}
}

func randomID() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// now is the time as ELBv2 tells it.
func (s *Service) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Millisecond) }

func (s *Service) view(ctx context.Context, fn func(store.Reader) error) error {
	return s.cfg.Store.View(ctx, fn)
}

// update runs fn, which may run twice, over a transaction.
func (s *Service) update(ctx context.Context, fn func(store.Writer) error) error {
	return s.cfg.Store.Update(ctx, fn)
}

// op is wire.Op with the scope's default network made first.
func op[I, O any](s *Service, name string, handler func(context.Context, wire.Caller, *I) (*O, error)) wire.Operation {
	return wire.Op(name, func(ctx context.Context, caller wire.Caller, in *I) (*O, error) {
		if err := s.cfg.Open(ctx, caller.Scope); err != nil {
			return nil, err
		}
		return handler(ctx, caller, in)
	})
}

// Describe tells wire what is served. What is not listed is refused by name.
func (s *Service) Describe() wire.Service {
	return wire.Service{
		Name: "elasticloadbalancing", Title: "Elastic Load Balancing", Protocol: wire.Query,
		APIVersion: "2015-12-01", Namespace: "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
		Naming: wire.ELBv2Naming, Client: (*elasticloadbalancingv2.Client)(nil),
		Operations: []wire.Operation{
			op(s, "CreateLoadBalancer", s.createLoadBalancer),
			op(s, "DescribeLoadBalancers", s.describeLoadBalancers),
			op(s, "DeleteLoadBalancer", s.deleteLoadBalancer),
			op(s, "DescribeLoadBalancerAttributes", s.describeLoadBalancerAttributes),
			op(s, "ModifyLoadBalancerAttributes", s.modifyLoadBalancerAttributes),
			op(s, "SetSubnets", s.setSubnets),
			op(s, "SetSecurityGroups", s.setSecurityGroups),
			op(s, "SetIpAddressType", s.setIPAddressType),
			op(s, "DescribeCapacityReservation", s.describeCapacityReservation),

			op(s, "CreateListener", s.createListener),
			op(s, "DescribeListeners", s.describeListeners),
			op(s, "ModifyListener", s.modifyListener),
			op(s, "DeleteListener", s.deleteListener),
			op(s, "DescribeListenerAttributes", s.describeListenerAttributes),
			op(s, "ModifyListenerAttributes", s.modifyListenerAttributes),
			op(s, "AddListenerCertificates", s.addListenerCertificates),
			op(s, "RemoveListenerCertificates", s.removeListenerCertificates),
			op(s, "DescribeListenerCertificates", s.describeListenerCertificates),

			op(s, "CreateRule", s.createRule),
			op(s, "DescribeRules", s.describeRules),
			op(s, "ModifyRule", s.modifyRule),
			op(s, "DeleteRule", s.deleteRule),
			op(s, "SetRulePriorities", s.setRulePriorities),

			op(s, "CreateTargetGroup", s.createTargetGroup),
			op(s, "DescribeTargetGroups", s.describeTargetGroups),
			op(s, "ModifyTargetGroup", s.modifyTargetGroup),
			op(s, "DeleteTargetGroup", s.deleteTargetGroup),
			op(s, "DescribeTargetGroupAttributes", s.describeTargetGroupAttributes),
			op(s, "ModifyTargetGroupAttributes", s.modifyTargetGroupAttributes),

			op(s, "RegisterTargets", s.registerTargets),
			op(s, "DeregisterTargets", s.deregisterTargets),
			op(s, "DescribeTargetHealth", s.describeTargetHealth),

			op(s, "AddTags", s.addTags),
			op(s, "RemoveTags", s.removeTags),
			op(s, "DescribeTags", s.describeTags),
			op(s, "DescribeSSLPolicies", s.describeSSLPolicies),
			op(s, "DescribeAccountLimits", s.describeAccountLimits),
		},
	}
}
