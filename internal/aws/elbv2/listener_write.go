package elbv2

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html
func (s *Service) createListener(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.CreateListenerInput) (*elasticloadbalancingv2.CreateListenerOutput, error) {
	asked := state.Listener{Port: aws.ToInt32(in.Port), Protocol: string(in.Protocol), Policy: aws.ToString(in.SslPolicy), ALPN: in.AlpnPolicy}
	var err error
	if asked.Certificates, err = oneCertificate(in.Certificates); err != nil {
		return nil, err
	}
	if asked.Tags, err = mergedTags(nil, in.Tags); err != nil {
		return nil, err
	}
	if err := checkMutual(in.MutualAuthentication); err != nil {
		return nil, err
	}
	id, ruleID, now, scope := s.cfg.NewID(), s.cfg.NewID(), s.now(), caller.Scope
	out := &elasticloadbalancingv2.CreateListenerOutput{}
	return out, s.update(ctx, func(w store.Writer) error {
		b, err := findBalancer(w, scope, in.LoadBalancerArn)
		if err != nil {
			return err
		}
		l, err := settle(w, scope, b, asked)
		if err != nil {
			return err
		}
		rule := state.Rule{}
		if rule.Actions, err = checkActions(w, scope, b, l, in.DefaultActions); err != nil {
			return err
		}
		for _, old := range listenersOf(w, scope, b.ID()) {
			if old.Port != l.Port {
				continue
			}
			had, _ := defaultRule(w, scope, old.ID())
			if !sameListener(old, l) || !same(had.Actions, rule.Actions) {
				return wire.Errorf("DuplicateListener", "A listener already exists on this port for this load balancer '%s'", b.ARN)
			}
			out.Listeners = []types.Listener{shownListener(w, scope, old, had)}
			return nil
		}
		if count(listenersOf(w, scope, b.ID())) >= maxListeners {
			return tooMany("TooManyListeners", "listeners of a load balancer", maxListeners)
		}
		l.Balancer, l.CreatedAt = b.ID(), now
		storeID := b.ID() + "/" + id
		l.ARN = scope.ARN("elasticloadbalancing", "listener/"+storeID)
		rule.ARN = scope.ARN("elasticloadbalancing", "listener-rule/"+storeID+"/"+ruleID)
		if err := store.Listeners.Put(w, scope.Key(storeID), l); err != nil {
			return err
		}
		if err := store.Rules.Put(w, scope.Key(rule.ID()), rule); err != nil {
			return err
		}
		out.Listeners = []types.Listener{shownListener(w, scope, l, rule)}
		return associate(w, scope, b.ID(), state.ForwardsTo(rule.Actions))
	})
}

// sameListener tells whether a listener is what a request asks for.
func sameListener(old, asked state.Listener) bool {
	return old.Protocol == asked.Protocol && old.Policy == asked.Policy && same(old.ALPN, asked.ALPN) &&
		(len(asked.Certificates) == 0 || len(old.Certificates) > 0 && old.Certificates[0] == asked.Certificates[0])
}

// same tells whether two values are stored alike.
func same[T any](a, b T) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyListener.html
func (s *Service) modifyListener(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.ModifyListenerInput) (*elasticloadbalancingv2.ModifyListenerOutput, error) {
	certificates, err := oneCertificate(in.Certificates)
	if err != nil {
		return nil, err
	}
	if err := checkMutual(in.MutualAuthentication); err != nil {
		return nil, err
	}
	scope := caller.Scope
	out := &elasticloadbalancingv2.ModifyListenerOutput{}
	return out, s.update(ctx, func(w store.Writer) error {
		l, err := findListener(w, scope, in.ListenerArn)
		if err != nil {
			return err
		}
		b, _ := store.LoadBalancers.Get(w, scope.Key(l.Balancer))
		l = modifiedListener(l, in, certificates)
		if l, err = settle(w, scope, b, l); err != nil {
			return err
		}
		for key, other := range listenersOf(w, scope, b.ID()) {
			if other.Port == l.Port && key.ID != l.ID() {
				return wire.Errorf("DuplicateListener", "A listener already exists on this port for this load balancer '%s'", b.ARN)
			}
		}
		rule, _ := defaultRule(w, scope, l.ID())
		touched := state.ForwardsTo(rule.Actions)
		actions := rule.Actions
		if len(in.DefaultActions) > 0 {
			actions = in.DefaultActions
		}
		if rule.Actions, err = checkActions(w, scope, b, l, actions); err != nil {
			return err
		}
		if err := store.Listeners.Put(w, scope.Key(l.ID()), l); err != nil {
			return err
		}
		if err := store.Rules.Put(w, scope.Key(rule.ID()), rule); err != nil {
			return err
		}
		out.Listeners = []types.Listener{shownListener(w, scope, l, rule)}
		return associate(w, scope, b.ID(), append(touched, state.ForwardsTo(rule.Actions)...))
	})
}

// modifiedListener is a listener with what a request changes. One that speaks
// no TLS any more has no certificates and no policy.
func modifiedListener(l state.Listener, in *elasticloadbalancingv2.ModifyListenerInput, certificates []string) state.Listener {
	if in.Port != nil {
		l.Port = *in.Port
	}
	if in.Protocol != "" {
		l.Protocol = string(in.Protocol)
	}
	if !secure(l.Protocol) {
		l.Certificates, l.Policy = nil, ""
	}
	if l.Protocol != protocolTLS {
		l.ALPN = nil
	}
	if in.SslPolicy != nil {
		l.Policy = *in.SslPolicy
	}
	if in.AlpnPolicy != nil {
		l.ALPN = in.AlpnPolicy
	}
	if len(certificates) > 0 {
		others := l.Certificates
		if len(others) > 0 {
			others = others[1:]
		}
		l.Certificates = certificates
		for _, arn := range others {
			if arn != certificates[0] {
				l.Certificates = append(l.Certificates, arn)
			}
		}
	}
	return l
}
