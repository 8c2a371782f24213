package metrics

import (
	"cmp"
	"math"
	"slices"
)

// Weighted is a value and how often it was.
type Weighted struct{ Value, Times float64 }

// Distribution is what is known of the values of a period.
type Distribution struct {
	Count, Sum, Min, Max float64
	// Values are those that are known; Known is how many. There are percentiles
	// only where all are. Those older than two weeks are known to 0.3 %.
	Values []Weighted
	Known  float64
}

// Add adds a value that was there so often.
func (d *Distribution) Add(v, times float64) {
	if times <= 0 {
		return
	}
	d.AddSet(times, v*times, v, v)
	d.Values = append(d.Values, Weighted{v, times})
	d.Known += times
}

// AddSet adds values of which nothing else is known.
func (d *Distribution) AddSet(count, sum, lowest, highest float64) {
	if count <= 0 {
		return
	}
	if d.Count == 0 {
		d.Min, d.Max = lowest, highest
	}
	d.Count += count
	d.Sum += sum
	d.Min = min(d.Min, lowest)
	d.Max = max(d.Max, highest)
}

// Merge adds what another one has.
func (d *Distribution) Merge(o *Distribution) {
	d.AddSet(o.Count, o.Sum, o.Min, o.Max)
	d.Values = append(d.Values, o.Values...)
	d.Known += o.Known
}

// complete tells whether every value is known.
func (d *Distribution) complete() bool {
	return d.Count > 0 && math.Abs(d.Known-d.Count) <= 1e-9*d.Count
}

// sort orders the values and joins equal ones.
func (d *Distribution) sort() {
	slices.SortFunc(d.Values, func(a, b Weighted) int { return cmp.Compare(a.Value, b.Value) })
	out := d.Values[:0]
	for _, w := range d.Values {
		if n := len(out); n > 0 && out[n-1].Value == w.Value {
			out[n-1].Times += w.Times
			continue
		}
		out = append(out, w)
	}
	d.Values = out
}

// Statistic gives one; false where it is not known.
func (d *Distribution) Statistic(s Statistic) (float64, bool) {
	if d.Count <= 0 {
		return 0, false
	}
	switch s.Kind {
	case SampleCount:
		return d.Count, true
	case Sum:
		return d.Sum, true
	case Average:
		return d.Sum / d.Count, true
	case Minimum:
		return d.Min, true
	case Maximum:
		return d.Max, true
	}
	if !d.complete() {
		return 0, false
	}
	d.sort()
	switch s.Kind {
	case Percentile:
		return d.percentile(s.High), true
	case PercentileRank:
		_, n := d.between(s.Low, s.High)
		return 100 * n / d.Count, true
	}
	low, high := s.Low, s.High
	if s.Percent {
		return d.trimmed(s)
	}
	sum, n := d.between(low, high)
	return ofPart(s.Kind, sum, n)
}

func ofPart(k StatisticKind, sum, n float64) (float64, bool) {
	switch k {
	case TrimmedCount:
		return n, true
	case TrimmedSum:
		return sum, true
	case TrimmedMean:
		return sum / n, n > 0
	}
	return 0, false
}

// percentile interpolates between the two values next to the rank, so that p0
// is the least and p100 the greatest.
func (d *Distribution) percentile(p float64) float64 {
	rank := p / 100 * (d.Count - 1)
	lower := math.Floor(rank)
	a, b := d.at(lower), d.at(lower+1)
	return a + (b-a)*(rank-lower)
}

// at is the value of a rank, counted from 0.
func (d *Distribution) at(rank float64) float64 {
	seen := 0.0
	for _, w := range d.Values {
		if seen += w.Times; rank < seen-1e-9 {
			return w.Value
		}
	}
	return d.Values[len(d.Values)-1].Value
}

// between sums up the values above low, up to high. Without a lower end it is
// also included.
func (d *Distribution) between(low, high float64) (sum, n float64) {
	for _, w := range d.Values {
		if (w.Value > low || math.IsInf(low, -1)) && w.Value <= high {
			sum += w.Value * w.Times
			n += w.Times
		}
	}
	return sum, n
}

// trimmed takes the values between two percentages of their number; what lies
// on an edge counts in part. A winsorised mean takes those outside as the
// values at the edges.
func (d *Distribution) trimmed(s Statistic) (float64, bool) {
	from, to := s.Low/100*d.Count, s.High/100*d.Count
	seen, sum, n := 0.0, 0.0, 0.0
	lowest, highest := math.Inf(1), math.Inf(-1)
	for _, w := range d.Values {
		part := min(seen+w.Times, to) - max(seen, from)
		seen += w.Times
		if part <= 1e-9 {
			continue
		}
		sum += w.Value * part
		n += part
		lowest, highest = min(lowest, w.Value), max(highest, w.Value)
	}
	if n == 0 {
		return 0, s.Kind == TrimmedCount || s.Kind == TrimmedSum
	}
	if s.Kind == WinsorizedMean {
		return (sum + lowest*from + highest*(d.Count-to)) / d.Count, true
	}
	return ofPart(s.Kind, sum, n)
}
