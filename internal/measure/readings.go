package measure

import (
	"time"

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

// Since is what was counted between two readings. Counters that fell began
// anew, as they do for a record that was removed and came back. Gauges are those
// of the later one.
func Since(before, now lb.Reading) lb.Reading {
	if now.Requests < before.Requests || now.NewConnections < before.NewConnections || now.BytesIn < before.BytesIn ||
		now.ResponseCount < before.ResponseCount || now.ConnectionErrors < before.ConnectionErrors {
		before = lb.Reading{}
	}
	less := func(a, b uint64) uint64 {
		if a < b {
			return a
		}
		return a - b
	}
	out := now
	for _, p := range []struct {
		to   *uint64
		from uint64
	}{
		{&out.Requests, before.Requests},
		{&out.Own502, before.Own502},
		{&out.Own503, before.Own503},
		{&out.Own504, before.Own504},
		{&out.Redirects, before.Redirects},
		{&out.FixedResponses, before.FixedResponses},
		{&out.BytesIn, before.BytesIn},
		{&out.BytesOut, before.BytesOut},
		{&out.NewConnections, before.NewConnections},
		{&out.ConnectionErrors, before.ConnectionErrors},
		{&out.ClientTLSErrors, before.ClientTLSErrors},
		{&out.TargetResets, before.TargetResets},
		{&out.ResponseCount, before.ResponseCount},
	} {
		*p.to = less(*p.to, p.from)
	}
	for i := range out.TargetStatus {
		out.TargetStatus[i] = less(now.TargetStatus[i], before.TargetStatus[i])
		out.OwnStatus[i] = less(now.OwnStatus[i], before.OwnStatus[i])
	}
	for i := range out.Buckets {
		out.Buckets[i] = less(now.Buckets[i], before.Buckets[i])
	}
	out.ResponseTime = time.Duration(less(uint64(now.ResponseTime), uint64(before.ResponseTime)))
	return out
}

// Sum adds what was counted of several.
func Sum(a, b lb.Reading) lb.Reading {
	a.Requests += b.Requests
	a.ConnectionErrors += b.ConnectionErrors
	a.NewConnections += b.NewConnections
	a.ResponseTime += b.ResponseTime
	a.ResponseCount += b.ResponseCount
	for i := range a.TargetStatus {
		a.TargetStatus[i] += b.TargetStatus[i]
	}
	for i := range a.Buckets {
		a.Buckets[i] += b.Buckets[i]
	}
	return a
}
