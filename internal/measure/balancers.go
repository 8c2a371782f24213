package measure

import (
	"time"

	"github.com/hatoba/hatoba/internal/lb"
	"github.com/hatoba/hatoba/internal/metrics"
)

// Balancer is what a load balancer did in a minute. Readings are what was
// counted in it; gauges were read in between.
type Balancer struct {
	Name    string // app/NAME/ID or net/NAME/ID
	Network bool
	Zones   []string
	Kinds   map[string]bool // protocols of its listeners
	lb.Reading
	Active []float64 // connections of clients
	Groups []Group
}

// Group is what a target group did in a minute.
type Group struct {
	Name   string // targetgroup/NAME/ID
	Shared bool   // by several balancers: whose requests it counts is not known
	lb.Reading
	Active []float64         // connections to targets
	Zones  map[string]Target // what its targets did, by zone
	Health []Health          // as it was, several times
}

// Target is what the targets of a zone did.
type Target struct{ lb.Reading }

// Health is how many targets of a group were registered, healthy and unhealthy
// at a time.
type Health struct {
	Registered         int
	Healthy, Unhealthy map[string]int // by zone
}

// Balancers are the metrics of a minute's load balancers. Nothing flowed: there
// is no more than the health of targets. A metric that AWS reports when there is
// a nonzero value has a point only then.
//
// Sources: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-cloudwatch-metrics.html
func Balancers(minute time.Time, balancers []Balancer) []metrics.Datum {
	t := newTally(minute)
	for _, b := range balancers {
		if b.Network {
			t.network(b)
		} else {
			t.application(b)
		}
		for _, g := range b.Groups {
			t.health(b, g)
		}
	}
	return t.list()
}

// sets are the balancer's dimensions. Its zone is told when it is in one.
func (b Balancer) sets() [][]metrics.Dimension {
	out := [][]metrics.Dimension{dims("LoadBalancer", b.Name)}
	if len(b.Zones) == 1 {
		out = append(out, dims("LoadBalancer", b.Name, "AvailabilityZone", b.Zones[0]))
	}
	return out
}

// flows tells whether anything went through the balancer.
func (b Balancer) flows() bool {
	return b.Requests+b.NewConnections+b.BytesIn+b.BytesOut+b.ClientTLSErrors > 0 || most(b.Active) > 0
}

func most(list []float64) (out float64) {
	for _, v := range list {
		out = max(out, v)
	}
	return out
}

func mean(list []float64) float64 {
	sum := 0.0
	for _, v := range list {
		sum += v
	}
	return sum / float64(max(1, len(list)))
}

// each are the statistics of n events: each is a sample of 1.
func each(n uint64) metrics.Statistics {
	if n == 0 {
		return metrics.One(0)
	}
	return metrics.Statistics{Count: float64(n), Sum: float64(n), Min: 1, Max: 1, Values: []float64{1}, Counts: []float64{float64(n)}}
}

// all are the statistics of several readings of a gauge.
func all(list []float64) metrics.Statistics {
	out := metrics.Statistics{Count: float64(len(list)), Values: list, Min: list[0], Max: list[0]}
	for _, v := range list {
		out.Sum += v
		out.Min, out.Max = min(out.Min, v), max(out.Max, v)
	}
	return out
}

// events counts events of an application load balancer, if there were any.
func (t *tally) events(name string, n uint64, sets ...[]metrics.Dimension) {
	if n > 0 {
		t.put(NamespaceApplication, name, count, each(n), sets...)
	}
}

// amount is one value, if it is not zero.
func (t *tally) amount(namespace, name, unit string, v float64, sets ...[]metrics.Dimension) {
	if v > 0 {
		t.put(namespace, name, unit, metrics.One(v), sets...)
	}
}

var classes = [...]string{2: "2XX", 3: "3XX", 4: "4XX", 5: "5XX"}

func (t *tally) application(b Balancer) {
	if !b.flows() {
		return
	}
	const ns = NamespaceApplication
	sets := b.sets()
	active, opened, errors := mean(b.Active), b.NewConnections, uint64(0)
	var answers []lb.Reading
	for _, g := range b.Groups {
		if g.Shared {
			continue
		}
		active += mean(g.Active)
		opened += g.NewConnections
		errors += g.ConnectionErrors
		answers = append(answers, g.Reading)
	}
	t.put(ns, "RequestCount", count, each(b.Requests), sets...)
	t.amount(ns, "ActiveConnectionCount", count, active, sets...)
	t.amount(ns, "NewConnectionCount", count, float64(opened), sets...)
	t.amount(ns, "ProcessedBytes", bytesUnit, float64(b.BytesIn+b.BytesOut), sets...)
	t.amount(ns, "ClientTLSNegotiationErrorCount", count, float64(b.ClientTLSErrors), sets...)
	t.amount(ns, "TargetConnectionErrorCount", count, float64(errors), sets...)
	for class := 3; class <= 5; class++ {
		t.events("HTTPCode_ELB_"+classes[class]+"_Count", b.OwnStatus[class], sets...)
	}
	t.events("HTTPCode_ELB_502_Count", b.Own502, sets...)
	t.events("HTTPCode_ELB_503_Count", b.Own503, sets...)
	t.events("HTTPCode_ELB_504_Count", b.Own504, sets...)
	t.events("HTTP_Redirect_Count", b.Redirects, sets...)
	t.events("HTTP_Fixed_Response_Count", b.FixedResponses, sets...)
	for class := 2; class <= 5; class++ {
		t.events("HTTPCode_Target_"+classes[class]+"_Count", b.TargetStatus[class], sets...)
	}
	if s, ok := times(answers...); ok {
		t.put(ns, "TargetResponseTime", seconds, s, sets...)
	}
	for _, g := range b.Groups {
		t.group(b, g)
	}
}

// group is what went to a target group.
func (t *tally) group(b Balancer, g Group) {
	const ns = NamespaceApplication
	perTarget := dims("TargetGroup", g.Name)
	if n := g.healthy(); n > 0 {
		sets := [][]metrics.Dimension{perTarget}
		if !g.Shared {
			sets = append(sets, dims("LoadBalancer", b.Name, "TargetGroup", g.Name))
		}
		t.put(ns, "RequestCountPerTarget", count, metrics.One(float64(g.Requests)/n), sets...)
	}
	if g.Shared {
		return
	}
	t.answers(g.Reading, dims("LoadBalancer", b.Name, "TargetGroup", g.Name))
	for zone, z := range g.Zones {
		t.answers(z.Reading, dims("LoadBalancer", b.Name, "TargetGroup", g.Name, "AvailabilityZone", zone))
	}
}

func (t *tally) answers(r lb.Reading, set []metrics.Dimension) {
	const ns = NamespaceApplication
	t.put(ns, "RequestCount", count, each(r.Requests), set)
	for class := 2; class <= 5; class++ {
		t.events("HTTPCode_Target_"+classes[class]+"_Count", r.TargetStatus[class], set)
	}
	if s, ok := times(r); ok {
		t.put(ns, "TargetResponseTime", seconds, s, set)
	}
	t.amount(ns, "TargetConnectionErrorCount", count, float64(r.ConnectionErrors), set)
}

// healthy is how many targets shared the requests: the mean of the readings that
// found a healthy one, since nobody answers while there is none and a minute in
// which the first targets came is no smaller group; with none healthy at all,
// those that were registered, which get requests then.
func (g Group) healthy() float64 {
	var healthy, registered []float64
	for _, h := range g.Health {
		if n := total(h.Healthy); n > 0 {
			healthy = append(healthy, float64(n))
		}
		if h.Registered > 0 {
			registered = append(registered, float64(h.Registered))
		}
	}
	if len(healthy) > 0 {
		return mean(healthy)
	}
	return mean(registered)
}

func total(byZone map[string]int) (n int) {
	for _, v := range byZone {
		n += v
	}
	return n
}

// health is reported while targets are registered, whether anything flows or
// not.
func (t *tally) health(b Balancer, g Group) {
	ns := NamespaceApplication
	if b.Network {
		ns = NamespaceNetwork
	}
	set := dims("LoadBalancer", b.Name, "TargetGroup", g.Name)
	for _, h := range g.Health {
		if h.Registered == 0 {
			continue
		}
		t.add(ns, "HealthyHostCount", count, float64(total(h.Healthy)), set)
		t.add(ns, "UnHealthyHostCount", count, float64(total(h.Unhealthy)), set)
		zones := map[string]bool{}
		for zone := range h.Healthy {
			zones[zone] = true
		}
		for zone := range h.Unhealthy {
			zones[zone] = true
		}
		for zone := range zones {
			if zone == "" {
				continue
			}
			set := dims("LoadBalancer", b.Name, "TargetGroup", g.Name, "AvailabilityZone", zone)
			t.add(ns, "HealthyHostCount", count, float64(h.Healthy[zone]), set)
			t.add(ns, "UnHealthyHostCount", count, float64(h.Unhealthy[zone]), set)
		}
	}
}

// network is what a network load balancer did. What its listeners carried is
// told by protocol where they all have the same.
func (t *tally) network(b Balancer) {
	const ns = NamespaceNetwork
	sets := b.sets()
	if len(b.Active) > 0 {
		t.put(ns, "ActiveFlowCount", count, all(b.Active), sets...)
	}
	t.amount(ns, "NewFlowCount", count, float64(b.NewConnections), sets...)
	t.amount(ns, "ProcessedBytes", bytesUnit, float64(b.BytesIn+b.BytesOut), sets...)
	t.amount(ns, "ClientTLSNegotiationErrorCount", count, float64(b.ClientTLSErrors), sets...)
	if len(b.Kinds) != 1 {
		return
	}
	for kind := range b.Kinds {
		if most(b.Active) > 0 {
			t.put(ns, "ActiveFlowCount_"+kind, count, all(b.Active), sets...)
		}
		t.amount(ns, "NewFlowCount_"+kind, count, float64(b.NewConnections), sets...)
		t.amount(ns, "ProcessedBytes_"+kind, bytesUnit, float64(b.BytesIn+b.BytesOut), sets...)
	}
}
