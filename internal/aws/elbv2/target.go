package elbv2

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func checkTargets(list []types.TargetDescription) error {
	if len(list) == 0 {
		return invalid("At least one target must be specified")
	}
	if len(list) > maxTargetsAtOnce {
		return invalid("Cannot specify more than %d targets", maxTargetsAtOnce)
	}
	for _, t := range list {
		switch {
		case aws.ToString(t.Id) == "":
			return invalid("A target ID must be specified")
		case t.Port != nil && (*t.Port < 1 || *t.Port > 65535):
			return invalid("The port '%d' must be between 1 and 65535 inclusive", *t.Port)
		case aws.ToString(t.QuicServerId) != "":
			return unsupported("QuicServerId is not supported here")
		}
	}
	return nil
}

// newTarget is a target of a group as a request describes it.
func newTarget(r store.Reader, scope state.Scope, g state.TargetGroup, d types.TargetDescription, now time.Time) (state.Target, error) {
	t := state.Target{Group: g.ID(), Address: *d.Id, Port: g.Port, Zone: aws.ToString(d.AvailabilityZone), RegisteredAt: now}
	if d.Port != nil {
		t.Port = *d.Port
	}
	if g.Type == string(types.TargetTypeEnumInstance) {
		if !isInstance(r, scope, t.Address) {
			return t, wire.Errorf("InvalidTarget", "The following targets are not in a running state and cannot be registered: '%s'", t.Address)
		}
		return t, nil
	}
	addr, err := netip.ParseAddr(t.Address)
	if err != nil || !addr.Is4() {
		return t, invalid("The IP address '%s' must be a valid IPv4 address", t.Address)
	}
	vpc, known := store.VPCs.Get(r, scope.Key(g.VPCID))
	shared := netip.MustParsePrefix("100.64.0.0/10")
	within := !known || vpc.CIDR.Contains(addr)
	switch {
	case !within && !addr.IsPrivate() && !shared.Contains(addr) || addr.IsLoopback() || addr.IsLinkLocalUnicast() || addr.IsMulticast() || addr.IsUnspecified():
		return t, invalid("The IP address '%s' is not within a range from which targets can be registered: the VPC's, 10.0.0.0/8, 100.64.0.0/10, 172.16.0.0/12 or 192.168.0.0/16", addr)
	case t.Zone == "" && !within:
		return t, invalid("You must specify an Availability Zone for IP address '%s': it is outside of the VPC, so that must be 'all'", addr)
	case t.Zone != "" && t.Zone != "all" && !isZone(r, scope, t.Zone):
		return t, invalid("The Availability Zone '%s' is not valid", t.Zone)
	}
	return t, nil
}

func isInstance(r store.Reader, scope state.Scope, id string) bool {
	for _, i := range store.ContainerInstances.List(r, scope, "") {
		if i.EC2InstanceID == id {
			return true
		}
	}
	return false
}

func isZone(r store.Reader, scope state.Scope, zone string) bool {
	for _, s := range store.Subnets.List(r, scope, "") {
		if s.AvailabilityZone == zone {
			return true
		}
	}
	return false
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RegisterTargets.html
func (s *Service) registerTargets(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.RegisterTargetsInput) (*elasticloadbalancingv2.RegisterTargetsOutput, error) {
	if err := checkTargets(in.Targets); err != nil {
		return nil, err
	}
	now, scope := s.now(), caller.Scope
	return &elasticloadbalancingv2.RegisterTargetsOutput{}, s.update(ctx, func(w store.Writer) error {
		g, err := findGroup(w, scope, in.TargetGroupArn)
		if err != nil {
			return err
		}
		for _, d := range in.Targets {
			t, err := newTarget(w, scope, g, d, now)
			if err != nil {
				return err
			}
			key := scope.Key(state.TargetID(t.Group, t.Address, t.Port))
			if old, ok := store.Targets.Get(w, key); ok && old.Draining == nil {
				continue // registered, maybe by a service
			}
			if err := store.Targets.Put(w, key, t); err != nil {
				return err
			}
		}
		if count(store.Targets.List(w, scope, g.ID()+"/")) > maxTargetsOfGroup {
			return tooMany("TooManyTargets", "targets of a target group", maxTargetsOfGroup)
		}
		return nil
	})
}

// deregisterTargets has targets drain; of a group that no balancer uses they
// are gone at once. Those without a port are meant at every port.
//
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeregisterTargets.html
func (s *Service) deregisterTargets(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.DeregisterTargetsInput) (*elasticloadbalancingv2.DeregisterTargetsOutput, error) {
	if err := checkTargets(in.Targets); err != nil {
		return nil, err
	}
	now, scope := s.now(), caller.Scope
	return &elasticloadbalancingv2.DeregisterTargetsOutput{}, s.update(ctx, func(w store.Writer) error {
		g, err := findGroup(w, scope, in.TargetGroupArn)
		if err != nil {
			return err
		}
		for _, d := range in.Targets {
			found := targetsOf(w, scope, g, d)
			if len(found) == 0 {
				return wire.Errorf("InvalidTarget", "The following targets are not registered: '%s'", *d.Id)
			}
			for _, t := range found {
				key := scope.Key(state.TargetID(t.Group, t.Address, t.Port))
				if !g.Associated() {
					store.Targets.Delete(w, key)
					continue
				}
				if t.Draining != nil {
					continue
				}
				t.Draining = &now
				if err := store.Targets.Put(w, key, t); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// targetsOf are the registered targets that a request means: at the port it
// says, else at every one.
func targetsOf(r store.Reader, scope state.Scope, g state.TargetGroup, d types.TargetDescription) (out []state.Target) {
	for _, t := range store.Targets.List(r, scope, g.ID()+"/"+aws.ToString(d.Id)+":") {
		if d.Port == nil || *d.Port == t.Port {
			out = append(out, t)
		}
	}
	return out
}

// shownHealth is a target as DescribeTargetHealth tells it.
func shownHealth(g state.TargetGroup, t state.Target) types.TargetHealthDescription {
	h := t.Health
	switch {
	case t.Draining != nil:
		h = state.TargetHealth{State: "draining", Reason: string(types.TargetHealthReasonEnumDeregistrationInProgress), Description: "Target deregistration is in progress"}
	case !g.Associated():
		h = state.TargetHealth{State: "unused", Reason: string(types.TargetHealthReasonEnumNotInUse), Description: "Target group is not configured to receive traffic from the load balancer"}
	case h.State == "" || h.State == "unused" && h.Reason == string(types.TargetHealthReasonEnumNotInUse):
		h = state.TargetHealth{State: "initial", Reason: string(types.TargetHealthReasonEnumRegistrationInProgress), Description: "Target registration is in progress"}
	}
	out := types.TargetHealthDescription{
		Target:          &types.TargetDescription{Id: aws.String(t.Address), Port: aws.Int32(t.Port)},
		TargetHealth:    &types.TargetHealth{State: types.TargetHealthStateEnum(h.State)},
		HealthCheckPort: aws.String(g.HealthCheck.Port),
	}
	if g.HealthCheck.Port == "traffic-port" {
		out.HealthCheckPort = aws.String(strconv.Itoa(int(t.Port)))
	}
	if t.Zone != "" {
		out.Target.AvailabilityZone = aws.String(t.Zone)
	}
	if h.Reason != "" {
		out.TargetHealth.Reason, out.TargetHealth.Description = types.TargetHealthReasonEnum(h.Reason), aws.String(h.Description)
	}
	if !ofNetwork(g.Protocol) {
		out.AdministrativeOverride = &types.AdministrativeOverride{
			State: types.TargetAdministrativeOverrideStateEnumNoOverride, Reason: types.TargetAdministrativeOverrideReasonEnumNoOverrideEngaged,
			Description: aws.String("No override is currently active on target"),
		}
	}
	return out
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html
func (s *Service) describeTargetHealth(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.DescribeTargetHealthInput) (*elasticloadbalancingv2.DescribeTargetHealthOutput, error) {
	for _, include := range in.Include {
		if !slices.Contains(include.Values(), include) {
			return nil, invalid("The value '%s' of Include is not valid", include)
		}
	}
	anomalies := len(in.Include) > 0
	out := &elasticloadbalancingv2.DescribeTargetHealthOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		out.TargetHealthDescriptions = []types.TargetHealthDescription{}
		g, err := findGroup(r, caller.Scope, in.TargetGroupArn)
		if err != nil {
			return err
		}
		for _, t := range store.Targets.List(r, caller.Scope, g.ID()+"/") {
			if len(in.Targets) == 0 {
				out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, shownHealth(g, t))
			}
		}
		for _, d := range in.Targets {
			found := targetsOf(r, caller.Scope, g, d)
			if len(found) == 0 {
				out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, notRegistered(g, d))
			}
			for _, t := range found {
				out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, shownHealth(g, t))
			}
		}
		for i := range out.TargetHealthDescriptions {
			if anomalies && !ofNetwork(g.Protocol) { // none is looked for
				out.TargetHealthDescriptions[i].AnomalyDetection = &types.AnomalyDetection{Result: types.AnomalyResultEnumNormal, MitigationInEffect: types.MitigationInEffectEnumNo}
			}
		}
		return nil
	})
}

func notRegistered(g state.TargetGroup, d types.TargetDescription) types.TargetHealthDescription {
	port := g.Port
	if d.Port != nil {
		port = *d.Port
	}
	return types.TargetHealthDescription{
		Target: &types.TargetDescription{Id: d.Id, Port: &port, AvailabilityZone: d.AvailabilityZone},
		TargetHealth: &types.TargetHealth{
			State: types.TargetHealthStateEnumUnused, Reason: types.TargetHealthReasonEnumNotRegistered, Description: aws.String("Target is not registered to the target group"),
		},
	}
}
