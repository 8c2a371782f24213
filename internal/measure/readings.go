package measure

import (
	"github.com/hatoba/hatoba/internal/latency"
	"github.com/hatoba/hatoba/internal/lb"
	"github.com/hatoba/hatoba/internal/metrics"
)

// times are the statistics of how long targets took, in seconds. Each is known
// to half a power of two and stands in its bucket's middle, moved so that their
// sum is the exact one.
func times(readings ...lb.Reading) (metrics.Statistics, bool) {
	var sum lb.Reading
	for _, r := range readings {
		sum.ResponseTime += r.ResponseTime
		sum.ResponseCount += r.ResponseCount
		for i, n := range r.Buckets {
			sum.Buckets[i] += n
		}
	}
	out := metrics.Statistics{Sum: sum.ResponseTime.Seconds()}
	for i, n := range sum.Buckets {
		if n == 0 {
			continue
		}
		out.Count += float64(n)
		out.Values, out.Counts = append(out.Values, latency.Middle(i).Seconds()), append(out.Counts, float64(n))
	}
	if out.Count == 0 {
		return out, false
	}
	middles := 0.0
	for i, v := range out.Values {
		middles += v * out.Counts[i]
	}
	for i := range out.Values {
		out.Values[i] *= out.Sum / middles
	}
	out.Min, out.Max = out.Values[0], out.Values[len(out.Values)-1]
	return out, true
}

// counts are all that only grows in a reading.
func counts(r *lb.Reading) []*uint64 {
	out := []*uint64{
		&r.Requests, &r.Own502, &r.Own503, &r.Own504, &r.Redirects, &r.FixedResponses, &r.BytesIn, &r.BytesOut,
		&r.NewConnections, &r.ConnectionErrors, &r.ClientTLSErrors, &r.TargetResets, &r.ResponseCount,
	}
	for i := range r.TargetStatus {
		out = append(out, &r.TargetStatus[i], &r.OwnStatus[i])
	}
	for i := range r.Buckets {
		out = append(out, &r.Buckets[i])
	}
	return out
}

// Since is what was counted between two readings. Counters that fell began
// anew, as they do for a record that was removed and came back. Gauges are those
// of the later one.
func Since(before, now lb.Reading) lb.Reading {
	if now.Requests < before.Requests || now.NewConnections < before.NewConnections || now.BytesIn < before.BytesIn ||
		now.ResponseCount < before.ResponseCount || now.ConnectionErrors < before.ConnectionErrors {
		before = lb.Reading{}
	}
	from := counts(&before)
	for i, n := range counts(&now) {
		if *n >= *from[i] {
			*n -= *from[i]
		}
	}
	if now.ResponseTime >= before.ResponseTime {
		now.ResponseTime -= before.ResponseTime
	}
	return now
}

// Sum adds what was counted. Gauges are those of the later one.
func Sum(before, now lb.Reading) lb.Reading {
	from := counts(&before)
	for i, n := range counts(&now) {
		*n += *from[i]
	}
	now.ResponseTime += before.ResponseTime
	return now
}

// Moved tells whether anything was counted.
func Moved(r lb.Reading) bool {
	r.ActiveConnections, r.Outstanding = 0, 0
	return r != lb.Reading{}
}
