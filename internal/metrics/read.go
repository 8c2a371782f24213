package metrics

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/hatoba/hatoba/internal/state"
)

// Bucket is a period of a series in one unit.
type Bucket struct {
	Time time.Time // its begin
	Unit string    // "" is None
	Distribution
}

// Read implements Reader. Periods are counted from From, rounded down as
// CloudWatch does: to the minute, and further the longer ago it is. Data that
// are no longer kept as finely as the period asks are not given.
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
func (e *Engine) Read(ctx context.Context, scope state.Scope, q Query) ([]Point, error) {
	s, err := ParseStatistic(q.Statistic)
	if err != nil {
		return nil, err
	}
	buckets, err := e.Buckets(ctx, scope, q)
	if err != nil {
		return nil, err
	}
	var points []Point
	for _, b := range JoinUnits(buckets) {
		if v, ok := b.Statistic(s); ok {
			points = append(points, Point{Time: b.Time, Value: v, Count: b.Count})
		}
	}
	return points, nil
}

// JoinUnits joins what Buckets gave for one period in several units, under the
// unit that most values have.
func JoinUnits(buckets []Bucket) []Bucket {
	var out []Bucket
	most := 0.0
	for _, b := range buckets {
		n := len(out)
		if n == 0 || !out[n-1].Time.Equal(b.Time) {
			out, most = append(out, b), b.Count
			continue
		}
		if out[n-1].Merge(&b.Distribution); b.Count > most {
			out[n-1].Unit, most = b.Unit, b.Count
		}
	}
	return out
}

// Begin is where the first period of a query begins.
func Begin(from time.Time, period time.Duration, now time.Time) time.Time {
	switch age := now.Sub(from); {
	case period < time.Minute:
		return from.Truncate(period)
	case age < keepMinutes:
		return from.Truncate(time.Minute)
	case age < keepFives:
		return from.Truncate(5 * time.Minute)
	}
	return from.Truncate(time.Hour)
}

// Buckets gives the periods of a query that have data, of each unit by itself,
// ordered by time and unit. The query's statistic is not looked at.
func (e *Engine) Buckets(ctx context.Context, scope state.Scope, q Query) ([]Bucket, error) {
	if q.Period < time.Second || q.Period%time.Second != 0 {
		return nil, fmt.Errorf("a period of %s can not be read", q.Period)
	}
	now := e.cfg.Now()
	series := q.Series
	series.Dimensions = sorted(series.Dimensions)
	match := []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, labelSeries, hashOf(scope, &series))}
	unit, all := q.Unit, q.Unit == ""
	if unit == "None" {
		unit = ""
	}
	if !all {
		match = append(match, labels.MustNewMatcher(labels.MatchEqual, labelUnit, unit))
	}
	begin := Begin(q.From, q.Period, now)
	period := q.Period.Milliseconds()
	found := map[bucketKey]*Bucket{}
	for _, part := range e.parts(begin, q.To, q.Period, now) {
		err := e.tiers[part.tier].read(ctx, part.from, part.to, match, func(_ labels.Labels, unit string, t int64, d *Distribution) {
			key := bucketKey{(t - begin.UnixMilli()) / period, unit}
			b := found[key]
			if b == nil {
				b = &Bucket{Time: begin.Add(time.Duration(key.n) * q.Period), Unit: unit}
				found[key] = b
			}
			b.Merge(d)
		})
		if err != nil {
			return nil, fmt.Errorf("read metrics: %w", err)
		}
	}
	return slices.SortedFunc(values(found), func(a, b Bucket) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Unit, b.Unit))
	}), nil
}

type bucketKey struct {
	n    int64
	unit string
}

func values(m map[bucketKey]*Bucket) func(func(Bucket) bool) {
	return func(yield func(Bucket) bool) {
		for b := range maps.Values(m) {
			if !yield(*b) {
				return
			}
		}
	}
}

// part is what of a query one tier answers.
type part struct {
	tier     resolution
	from, to int64 // milliseconds; to is included
}

// parts divides a query among the tiers: each time is answered by the finest
// that has it. Where tiers meet is a full hour, which no roll-up crosses.
func (e *Engine) parts(from, to time.Time, period time.Duration, now time.Time) []part {
	var out []part
	add := func(r resolution, from, to time.Time) {
		if from.Before(to) {
			out = append(out, part{r, from.UnixMilli(), to.UnixMilli() - 1})
		}
	}
	if period < time.Minute {
		add(seconds, later(from, now.Add(-keepFine)), to)
		return out
	}
	kept := now.Add(-keepMinutes)
	if period%(5*time.Minute) != 0 {
		add(minutes, later(from, kept), to)
		return out
	}
	edge := kept.Truncate(time.Hour)
	if rolled := time.UnixMilli(e.rolled.Load()); rolled.Before(edge) {
		edge = rolled // behind it there are only minutes
	}
	add(minutes, later(from, edge), to)
	coarse := now.Add(-keepFives).Truncate(time.Hour)
	add(fives, later(from, coarse), earlier(to, edge))
	if period%time.Hour == 0 {
		add(hours, later(from, now.Add(-keepHours)), earlier(to, earlier(edge, coarse)))
	}
	return out
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// visit is told of what was stored at a time, in milliseconds, for a series, of
// which it gets the labels of some column, in a unit. d is valid during the call.
type visit func(l labels.Labels, unit string, t int64, d *Distribution)

// read visits what a tier has, one series after the other: the label of the
// identity is the first, so what belongs together follows each other.
func (t *tier) read(ctx context.Context, from, to int64, match []*labels.Matcher, visit visit) error {
	q, err := t.db.Querier(from, to)
	if err != nil {
		return err
	}
	defer q.Close()
	var g gathered
	set := q.Select(ctx, true, nil, match...)
	for set.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := g.take(set.At(), visit); err != nil {
			return err
		}
	}
	g.flush(visit)
	return set.Err()
}

// gathered are the columns of one series, by unit and lane.
type gathered struct {
	hash   string
	labels labels.Labels
	parts  map[gatheredKey]*columns
}

type gatheredKey struct {
	unit string
	lane int
}

type columns struct {
	numbers    [kindHistogram]map[int64]float64
	values     []Weighted
	times      []int64
	histograms map[int64]Distribution
}

func (g *gathered) take(s storage.Series, visit visit) error {
	l := s.Labels()
	if hash := l.Get(labelSeries); hash != g.hash || g.parts == nil {
		g.flush(visit)
		g.hash, g.labels, g.parts = hash, l, map[gatheredKey]*columns{}
	}
	key := gatheredKey{unit: l.Get(labelUnit)}
	key.lane, _ = strconv.Atoi(l.Get(labelLane))
	c := g.parts[key]
	if c == nil {
		c = &columns{}
		g.parts[key] = c
	}
	name := l.Get(labelKind)
	k := slices.Index(kindNames[:], name)
	it := s.Iterator(nil)
	for typ := it.Next(); typ != chunkenc.ValNone; typ = it.Next() {
		switch {
		case kind(k) == kindValue && typ == chunkenc.ValFloat:
			t, v := it.At()
			c.times = append(c.times, t)
			c.values = append(c.values, Weighted{v, 1})
		case kind(k) == kindHistogram && typ == chunkenc.ValFloatHistogram:
			t, h := it.AtFloatHistogram(nil)
			if c.histograms == nil {
				c.histograms = map[int64]Distribution{}
			}
			c.histograms[t] = ofHistogram(h)
		case k >= 0 && kind(k) < kindHistogram && typ == chunkenc.ValFloat:
			if c.numbers[k] == nil {
				c.numbers[k] = map[int64]float64{}
			}
			t, v := it.At()
			c.numbers[k][t] = v
		}
	}
	return it.Err()
}

// flush gives what was gathered.
func (g *gathered) flush(visit visit) {
	for key, c := range g.parts {
		c.give(g.labels, key.unit, visit)
	}
	g.parts = nil
}

func (c *columns) give(l labels.Labels, unit string, visit visit) {
	var d Distribution
	for i, w := range c.values {
		t := c.times[i]
		if times, ok := c.numbers[kindTimes][t]; ok {
			w.Times = times
		}
		d = Distribution{Values: d.Values[:0]}
		d.Add(w.Value, w.Times)
		visit(l, unit, t, &d)
	}
	for t, count := range c.numbers[kindCount] {
		set := Distribution{}
		set.AddSet(count, c.numbers[kindSum][t], c.numbers[kindMin][t], c.numbers[kindMax][t])
		switch h, ok := c.histograms[t]; {
		case ok:
			set.Values, set.Known = h.within(set.Min, set.Max)
		case set.Min == set.Max:
			set.Values, set.Known = []Weighted{{set.Min, count}}, count
		}
		visit(l, unit, t, &set)
	}
}

// taken tells how many times of a bucket have numbers.
func (e *Engine) taken(ctx context.Context, s *entry, r resolution, from, to int64) (next int, err error) {
	q, err := e.tiers[r].db.Querier(from, to)
	if err != nil {
		return 0, err
	}
	defer q.Close()
	set := q.Select(ctx, false, nil, labels.MustNewMatcher(labels.MatchEqual, labelSeries, s.hash), labels.MustNewMatcher(labels.MatchEqual, labelUnit, s.unit))
	for set.Next() {
		lane, _ := strconv.Atoi(set.At().Labels().Get(labelLane))
		it := set.At().Iterator(nil)
		for it.Next() != chunkenc.ValNone {
			next = max(next, lane*int(shapes[r].bucket.Milliseconds())+int(it.AtT()-from)+1)
		}
		if err := it.Err(); err != nil {
			return 0, err
		}
	}
	return next, set.Err()
}
