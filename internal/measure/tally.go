// Package measure turns what was measured of tasks and load balancers into the
// metrics that CloudWatch has of them: names, dimensions, units and formulas are
// AWS's. It is pure.
//
// Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html,
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-enhanced-observability-metrics-ECS.html
package measure

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/metrics"
)

// The namespaces.
const (
	NamespaceECS         = "AWS/ECS"
	NamespaceInsights    = "ECS/ContainerInsights"
	NamespaceApplication = "AWS/ApplicationELB"
	NamespaceNetwork     = "AWS/NetworkELB"
)

// CloudWatch's units that are used here.
const (
	percent        = "Percent"
	none           = "None"
	count          = "Count"
	megabytes      = "Megabytes"
	gigabytes      = "Gigabytes"
	bytesUnit      = "Bytes"
	bytesPerSecond = "Bytes/Second"
	seconds        = "Seconds"
)

// dims are dimensions, in the order of their names.
func dims(pairs ...string) []metrics.Dimension {
	out := make([]metrics.Dimension, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, metrics.Dimension{Name: pairs[i], Value: pairs[i+1]})
	}
	slices.SortFunc(out, func(a, b metrics.Dimension) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// tally gathers the values of one minute, a datum for each series.
type tally struct {
	minute time.Time
	data   map[string]*metrics.Datum
	order  []string
}

func newTally(minute time.Time) *tally {
	return &tally{minute: minute, data: map[string]*metrics.Datum{}}
}

// add counts a value for a metric with each of the sets of dimensions.
func (t *tally) add(namespace, name, unit string, v float64, sets ...[]metrics.Dimension) {
	for _, set := range sets {
		d := t.datum(namespace, name, unit, set)
		one := metrics.One(v)
		if d.Count == 0 {
			d.Statistics = one
			continue
		}
		d.Count++
		d.Sum += v
		d.Min, d.Max = min(d.Min, v), max(d.Max, v)
		d.Values = append(d.Values, v)
	}
}

// put is what is known of a metric as it is.
func (t *tally) put(namespace, name, unit string, s metrics.Statistics, sets ...[]metrics.Dimension) {
	for _, set := range sets {
		t.datum(namespace, name, unit, set).Statistics = s
	}
}

func (t *tally) datum(namespace, name, unit string, set []metrics.Dimension) *metrics.Datum {
	var key strings.Builder
	for _, part := range []string{namespace, name} {
		key.WriteString(part)
		key.WriteByte(0)
	}
	for _, d := range set {
		key.WriteString(d.Name)
		key.WriteByte(0)
		key.WriteString(d.Value)
		key.WriteByte(0)
	}
	d := t.data[key.String()]
	if d == nil {
		d = &metrics.Datum{Series: metrics.Series{Namespace: namespace, Name: name, Dimensions: set}, Time: t.minute, Unit: unit}
		t.data[key.String()] = d
		t.order = append(t.order, key.String())
	}
	return d
}

// list is all of it, in the order it came.
func (t *tally) list() []metrics.Datum {
	out := make([]metrics.Datum, 0, len(t.order))
	for _, key := range t.order {
		out = append(out, *t.data[key])
	}
	return out
}
