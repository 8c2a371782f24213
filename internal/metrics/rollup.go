package metrics

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/hatoba/hatoba/internal/disk"
)

// settle is how long after nothing can come any more an hour is rolled up: a
// datum is looked at before it is written.
const settle = 10 * time.Minute

// RollUp rolls up the hours that are two weeks old, one after the other. Each
// is done once: the roll-ups are on disk before it is noted that they are.
// Where a crash comes between, the same numbers are written again for the same
// times, which changes nothing.
func (e *Engine) RollUp(ctx context.Context) error {
	until := e.cfg.Now().Add(-MaxAge - settle).Truncate(time.Hour)
	from := time.UnixMilli(e.rolled.Load())
	oldest := e.tiers[minutes].oldest()
	if oldest.After(from) {
		from = oldest.Truncate(time.Hour) // there is nothing before
	}
	if !from.Before(until) {
		return nil
	}
	for hour := from; hour.Before(until); hour = hour.Add(time.Hour) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := e.rollHour(ctx, hour); err != nil {
			return fmt.Errorf("roll up %s: %w", hour.UTC().Format(time.RFC3339), err)
		}
	}
	for _, r := range []resolution{fives, hours} {
		if err := e.tiers[r].sync(); err != nil {
			return err
		}
	}
	return e.writeRolled(until)
}

// oldest is the time of the first number.
func (t *tier) oldest() time.Time {
	first := t.db.Head().MinTime()
	if lowest := t.db.Head().MinOOOTime(); lowest < first {
		first = lowest
	}
	for _, b := range t.db.Blocks() {
		first = min(first, b.MinTime())
	}
	if first <= 0 || first == math.MaxInt64 {
		return time.UnixMilli(math.MaxInt32 * int64(1000))
	}
	return time.UnixMilli(first)
}

// rolling sums up an hour of one series in one unit.
type rolling struct {
	five [12]Distribution
	hour Distribution
}

// rollHour writes the roll-ups of an hour.
func (e *Engine) rollHour(ctx context.Context, hour time.Time) error {
	begin := hour.UnixMilli()
	var apps appenders
	pending := 0
	commit := func() error {
		pending = 0
		err := apps.commit()
		apps = appenders{}
		return err
	}
	var failed error
	err := e.tiers[minutes].readSeries(ctx, begin, func(l labels.Labels, unit string, r *rolling) {
		if failed != nil {
			return
		}
		for i := range r.five {
			if failed == nil {
				failed = e.putRolled(ctx, &apps, fives, l, unit, begin+int64(i)*(5*time.Minute).Milliseconds(), &r.five[i])
			}
		}
		if failed == nil {
			failed = e.putRolled(ctx, &apps, hours, l, unit, begin, &r.hour)
		}
		if pending++; pending >= 500 && failed == nil {
			failed = commit()
		}
	})
	if err = errors.Join(err, failed); err != nil {
		apps.rollback()
		return err
	}
	return commit()
}

// readSeries gives the sums of an hour, one series and unit after the other.
func (t *tier) readSeries(ctx context.Context, from int64, give func(l labels.Labels, unit string, r *rolling)) error {
	every := labels.MustNewMatcher(labels.MatchNotEqual, labelSeries, "")
	var hash string
	var base labels.Labels
	units := map[string]*rolling{}
	flush := func() {
		for unit, r := range units {
			give(base, unit, r)
		}
		clear(units)
	}
	err := t.read(ctx, from, from+time.Hour.Milliseconds()-1, []*labels.Matcher{every}, func(l labels.Labels, unit string, at int64, d *Distribution) {
		if h := l.Get(labelSeries); h != hash {
			flush()
			hash, base = h, l
		}
		r := units[unit]
		if r == nil {
			r = &rolling{}
			units[unit] = r
		}
		r.five[(at-from)/(5*time.Minute).Milliseconds()].Merge(d)
		r.hour.Merge(d)
	})
	flush()
	return err
}

// putRolled writes what is known of a period.
func (e *Engine) putRolled(ctx context.Context, apps *appenders, r resolution, l labels.Labels, unit string, t int64, d *Distribution) error {
	if d.Count <= 0 {
		return nil
	}
	b := labels.NewBuilder(l)
	b.Del(labelLane)
	b.Set(labelUnit, unit)
	app := apps.to(context.WithoutCancel(ctx), e, r)
	for k, v := range map[kind]float64{kindCount: d.Count, kindSum: d.Sum, kindMin: d.Min, kindMax: d.Max} {
		b.Set(labelKind, kindNames[k])
		if _, err := app.Append(0, b.Labels(), 0, t, v, nil, nil, storage.AppendV2Options{}); err != nil {
			return err
		}
	}
	if !d.complete() || d.Min == d.Max {
		return nil
	}
	b.Set(labelKind, kindNames[kindHistogram])
	_, err := app.Append(0, b.Labels(), 0, t, 0, nil, toHistogram(d), storage.AppendV2Options{})
	return err
}

// A roll-up's values are kept in buckets that are 2^(1/256) wide, that is known
// to 0.14 %; in wider ones where they would be very many.
const (
	finest      = 8
	mostBuckets = 640
)

// toHistogram counts the values of a distribution. The same values make the
// same histogram.
func toHistogram(d *Distribution) *histogram.FloatHistogram {
	d.sort()
	for schema := int32(finest); ; schema-- {
		h := &histogram.FloatHistogram{Schema: schema, ZeroThreshold: 1e-128, Count: d.Count, Sum: d.Sum}
		for _, w := range d.Values {
			if math.Abs(w.Value) <= h.ZeroThreshold {
				h.ZeroCount += w.Times
			}
		}
		h.PositiveSpans, h.PositiveBuckets = spans(d.Values, schema, h.ZeroThreshold, 1)
		h.NegativeSpans, h.NegativeBuckets = spans(d.Values, schema, h.ZeroThreshold, -1)
		if len(h.PositiveBuckets)+len(h.NegativeBuckets) <= mostBuckets || schema == -4 {
			return h
		}
	}
}

// spans counts the values of one sign. They are sorted; the negative ones are
// taken from the last.
func spans(values []Weighted, schema int32, zero, sign float64) (out []histogram.Span, counts []float64) {
	next := int32(0)
	for i := range values {
		w := values[i]
		if sign < 0 {
			w = values[len(values)-1-i]
		}
		v := w.Value * sign
		if v <= zero {
			continue
		}
		index := int32(math.Ceil(math.Log2(v) * math.Exp2(float64(schema))))
		switch {
		case len(out) > 0 && index == next-1:
			counts[len(counts)-1] += w.Times
			continue
		case len(out) == 0 || index != next:
			out = append(out, histogram.Span{Offset: index - next})
		}
		out[len(out)-1].Length++
		counts = append(counts, w.Times)
		next = index + 1
	}
	return out, counts
}

// ofHistogram takes the values of a bucket for its middle.
func ofHistogram(h *histogram.FloatHistogram) (d Distribution) {
	for it := h.AllBucketIterator(); it.Next(); {
		b := it.At()
		if b.Count <= 0 {
			continue
		}
		v := 0.0
		switch {
		case b.Lower >= 0 && b.Upper > h.ZeroThreshold:
			v = math.Sqrt(b.Lower * b.Upper)
		case b.Upper <= 0 && b.Lower < -h.ZeroThreshold:
			v = -math.Sqrt(b.Lower * b.Upper)
		}
		d.Add(v, b.Count)
	}
	return d
}

// within are the values, none of them beyond what is known to be the ends.
func (d *Distribution) within(lowest, highest float64) ([]Weighted, float64) {
	for i := range d.Values {
		d.Values[i].Value = min(max(d.Values[i].Value, lowest), highest)
	}
	return d.Values, d.Known
}

// deletable is until when a tier's blocks may go: what is over age and, of the
// minutes, rolled up.
func (e *Engine) deletable(t *tier) time.Time {
	edge := e.cfg.Now().Add(-t.keep)
	if t.bucket == time.Minute {
		return earlier(edge.Truncate(time.Hour), time.UnixMilli(e.rolled.Load()))
	}
	return edge
}

func (e *Engine) readRolled() error {
	text, err := os.ReadFile(filepath.Join(e.cfg.Dir, rolledFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	until, err := time.Parse(time.RFC3339, strings.TrimSpace(string(text)))
	if err != nil {
		return fmt.Errorf("%s: %s is no time: %w", rolledFile, strconv.Quote(string(text)), err)
	}
	e.rolled.Store(until.UnixMilli())
	return nil
}

func (e *Engine) writeRolled(until time.Time) error {
	text := until.UTC().Format(time.RFC3339) + "\n"
	if err := disk.Write(filepath.Join(e.cfg.Dir, rolledFile), []byte(text), 0o600); err != nil {
		return err
	}
	e.rolled.Store(until.UnixMilli())
	return nil
}
