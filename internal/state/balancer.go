package state

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// LoadBalancer is an application or network load balancer. ID: the part of its
// ARN behind "loadbalancer/": "app/NAME/16hex" or "net/NAME/16hex". Writer: the
// ELBv2 operations, but for State.
type LoadBalancer struct {
	ARN            string
	Name           string
	Type           string // application or network
	Scheme         string // internet-facing or internal
	DNSName        string
	VPCID          string
	IPAddressType  string
	CreatedAt      time.Time
	Zones          []BalancerZone // by zone
	SecurityGroups []string       // ids as given
	Attributes     map[string]string
	Tags           []elbtypes.Tag

	State BalancerState // writer: control/targets
}

// Names are the balancer's in DNS, each with a dot at its end: its own, and the
// one that leads to it in tasks.
func (b LoadBalancer) Names() []string {
	name := strings.ToLower(b.DNSName)
	out := []string{name + "."}
	if rest, ok := strings.CutSuffix(name, ".localhost"); ok {
		out = append(out, rest+".hatoba.internal.")
	}
	return out
}

// BalancerZone is a balancer's place in a subnet, with the address it has there.
type BalancerZone struct {
	Subnet  string // as given
	Zone    string
	Address netip.Addr
}

// BalancerState tells whether a balancer answers.
type BalancerState struct {
	Code   string // "" and provisioning, active, active_impaired or failed
	Reason string
}

// Listener is a port that a balancer answers on. ID: the balancer's,
// "/", 16hex. Its default actions are those of its default rule. Writer: the
// ELBv2 operations.
type Listener struct {
	ARN          string
	Balancer     string // id
	Port         int32
	Protocol     string // HTTP, HTTPS, TCP or TLS
	Policy       string // TLS policy, "" without TLS
	ALPN         []string
	Certificates []string // ARNs, the default one first
	Attributes   map[string]string
	Tags         []elbtypes.Tag
	CreatedAt    time.Time
}

// Rule tells what a listener does with a request. ID: the listener's, "/",
// 16hex. Writer: the ELBv2 operations.
type Rule struct {
	ARN        string
	Priority   int32 // 0: the default rule, which comes last
	Conditions []elbtypes.RuleCondition
	Actions    []elbtypes.Action
	Transforms []elbtypes.RuleTransform
	Tags       []elbtypes.Tag
}

// TargetGroup is a set of targets with what they have in common. ID: "NAME/16hex",
// the part of its ARN behind "targetgroup/". Writer: the ELBv2 operations.
type TargetGroup struct {
	ARN             string
	Name            string
	Type            string // ip or instance
	Protocol        string // HTTP, HTTPS, TCP or TLS
	ProtocolVersion string // HTTP1, HTTP2 or GRPC; "" for network balancers
	Port            int32
	VPCID           string
	IPAddressType   string
	HealthCheck     TargetHealthCheck
	Attributes      map[string]string
	Tags            []elbtypes.Tag
	CreatedAt       time.Time

	// Balancers are the ids of those with a rule that forwards here.
	Balancers []string
}

// TargetHealthCheck is how a group's targets are asked for their health.
type TargetHealthCheck struct {
	Protocol  string // HTTP, HTTPS or TCP
	Port      string // a number or "traffic-port"
	Path      string // "" for TCP
	Interval  int32  // seconds
	Timeout   int32  // seconds
	Healthy   int32  // successes in a row
	Unhealthy int32  // failures in a row
	Codes     string // "200,202" or "200-299"; of gRPC with its protocol version; "" for TCP
}

// Associated tells whether a balancer's rule forwards to the group.
func (g TargetGroup) Associated() bool { return len(g.Balancers) > 0 }

// ID is the group's store id.
func (g TargetGroup) ID() string { return TargetGroupID(g.ARN) }

// ID is the balancer's store id.
func (b LoadBalancer) ID() string { return elbID(b.ARN, "loadbalancer") }

// ID is the listener's store id.
func (l Listener) ID() string { return elbID(l.ARN, "listener") }

// ID is the rule's store id.
func (r Rule) ID() string { return elbID(r.ARN, "listener-rule") }

// LoadBalancerID is the store id in a balancer's ARN, "" if it is none.
func LoadBalancerID(arn string) string { return elbID(arn, "loadbalancer") }

// ListenerID is the store id in a listener's ARN, "" if it is none.
func ListenerID(arn string) string { return elbID(arn, "listener") }

// RuleID is the store id in a rule's ARN, "" if it is none.
func RuleID(arn string) string { return elbID(arn, "listener-rule") }

// TargetGroupID is the store id in a target group's ARN, "" if it is none.
func TargetGroupID(arn string) string { return elbID(arn, "targetgroup") }

// elbID is what follows kind in an ELBv2 ARN.
func elbID(arn, kind string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "elasticloadbalancing" {
		return ""
	}
	id, ok := strings.CutPrefix(parts[5], kind+"/")
	if !ok {
		return ""
	}
	return id
}

// BalancerOf is the id of the balancer of a listener's or rule's id.
func BalancerOf(id string) string {
	parts := strings.SplitN(id, "/", 4)
	return strings.Join(parts[:min(3, len(parts))], "/")
}

// ListenerOf is the id of the listener of a rule's id.
func ListenerOf(id string) string {
	if i := strings.LastIndexByte(id, '/'); i >= 0 {
		return id[:i]
	}
	return ""
}

// ForwardsTo are the ARNs of the target groups that actions forward to, each
// once, in order.
func ForwardsTo(actions []elbtypes.Action) []string {
	var out []string
	add := func(arn *string) {
		if arn != nil && *arn != "" && !slices.Contains(out, *arn) {
			out = append(out, *arn)
		}
	}
	for _, a := range actions {
		add(a.TargetGroupArn)
		if a.ForwardConfig != nil {
			for _, g := range a.ForwardConfig.TargetGroups {
				add(g.TargetGroupArn)
			}
		}
	}
	return out
}
