package metrics

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"github.com/hatoba/hatoba/internal/state"
)

// ErrInvalid is a datum that can not be kept as it is.
var ErrInvalid = errors.New("invalid datum")

// ErrTooMany is the refusal of a series above Config.MaxSeries.
var ErrTooMany = errors.New("there are too many metrics")

// Put keeps data. It returns when all of them are on disk, or with an error
// when none of them counts: ErrInvalid, ErrTooMany, what Config.Ready says, or
// a disk's. After an error of the disk a part may be read until the next start.
func (e *Engine) Put(ctx context.Context, scope state.Scope, data []Datum) error {
	return e.count(e.put(ctx, scope, Once{}, data), len(data))
}

func (e *Engine) count(err error, data int) error {
	if err != nil {
		e.counters.refused.Add(int64(data))
		return err
	}
	e.counters.taken.Add(int64(data))
	return nil
}

func (e *Engine) put(ctx context.Context, scope state.Scope, once Once, data []Datum) error {
	if len(data) == 0 {
		return ctx.Err()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if e.cfg.Ready != nil {
		if err := e.cfg.Ready(); err != nil {
			return err
		}
	}
	now := e.cfg.Now()
	oldest, newest := now.Add(-MaxAge), now.Add(MaxAhead)
	for i := range data {
		if err := check(&data[i], oldest, newest); err != nil {
			return fmt.Errorf("datum %d: %w", i, err)
		}
	}
	record, err := e.write(ctx, scope, once, data, e.find(scope, data))
	if err != nil {
		return err
	}
	return e.journal.wait(record)
}

func bad(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
}

// check refuses what could not be given back.
func check(d *Datum, oldest, newest time.Time) error {
	if d.Time.Before(oldest) || d.Time.After(newest) {
		return bad("its time %s is more than two weeks in the past or two hours in the future", d.Time.UTC().Format(time.RFC3339))
	}
	if d.Counts != nil && len(d.Counts) != len(d.Values) {
		return bad("it has %d values and %d counts", len(d.Values), len(d.Counts))
	}
	// The sum of what is finite is too, or a difference shows it.
	if finite := d.Count + d.Sum + d.Min + d.Max; finite-finite != 0 {
		return bad("it has a number that is not finite")
	}
	for _, v := range d.Values {
		if v-v != 0 {
			return bad("it has a value that is not finite")
		}
	}
	for _, n := range d.Counts {
		if n-n != 0 || n < 0 {
			return bad("it has a count that is below 0 or not finite")
		}
	}
	if d.Values == nil && d.Count <= 0 {
		return bad("its count is not above 0")
	}
	return nil
}

// checkSeries refuses names that can not be kept.
func checkSeries(s *Series, unit string) error {
	if s.Namespace == "" || s.Name == "" {
		return bad("it has no namespace or no name")
	}
	ok := utf8.ValidString(s.Namespace) && utf8.ValidString(s.Name) && utf8.ValidString(unit)
	for _, d := range s.Dimensions {
		ok = ok && d.Name != "" && d.Value != "" && utf8.ValidString(d.Name) && utf8.ValidString(d.Value)
	}
	if !ok {
		return bad("a name or a value of a dimension is empty or no UTF-8")
	}
	return nil
}

// find looks up the entries of data, nil where there is none yet, while others
// write.
func (e *Engine) find(scope state.Scope, data []Datum) []*entry {
	found, key := make([]*entry, len(data)), make([]byte, 0, 256)
	e.known.RLock()
	defer e.known.RUnlock()
	for i := range data {
		key = append(appendIdentity(key[:0], scope, &data[i].Series), data[i].Unit...)
		found[i] = e.entries[string(key)]
	}
	return found
}

// write appends data to the journal and the tiers.
func (e *Engine) write(ctx context.Context, scope state.Scope, once Once, data []Datum, found []*entry) (record uint64, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.journal == nil {
		return 0, errors.New("the metrics are closed")
	}
	if record, yes := e.repeated(once); yes {
		return record, nil
	}
	defer e.trimSlots()
	if err := e.plan(ctx, scope, data, found); err != nil {
		return 0, err
	}
	written := e.mark(once)
	apps, _, err := e.append(ctx, e.samples, false)
	if err != nil {
		return 0, err
	}
	record, full, err := e.journal.write(e.samples)
	if err != nil {
		apps.rollback()
		return 0, err
	}
	if err := apps.commit(); err != nil {
		e.journal.fail(err) // the journal has it, and brings it to the tiers at the next start
		return 0, err
	}
	written(record)
	e.counters.samples.Add(int64(len(e.samples)))
	if full {
		select {
		case e.checkpoint <- struct{}{}:
		default:
		}
	}
	return record, nil
}

// trimSlots forgets buckets. During a call none may be forgotten: what it has
// taken of one can not be read yet.
func (e *Engine) trimSlots() {
	for _, s := range e.wide {
		s.trim()
	}
	e.wide = e.wide[:0]
}

// plan makes data into samples, each with a time of its own.
func (e *Engine) plan(ctx context.Context, scope state.Scope, data []Datum, found []*entry) error {
	e.samples = e.samples[:0]
	for i := range data {
		d := &data[i]
		s := found[i]
		if s == nil || s.gone {
			var err error
			if s, err = e.entry(scope, d); err != nil {
				return err
			}
		}
		t := d.Time.UnixMilli()
		s.last = max(s.last, t)
		if d.Fine {
			if err := e.spread(ctx, s, seconds, t/1000, d); err != nil {
				return err
			}
		}
		if err := e.spread(ctx, s, minutes, t/60_000, d); err != nil {
			return err
		}
	}
	return nil
}

// spread puts a datum's numbers at the next free times of its bucket.
func (e *Engine) spread(ctx context.Context, s *entry, r resolution, bucket int64, d *Datum) error {
	size := shapes[r].bucket.Milliseconds()
	use, err := e.free(ctx, s, r, bucket)
	if err != nil {
		return err
	}
	put := func(k kind, slot int, v float64) {
		c := e.column(s, r, k, slot/int(size))
		e.samples = append(e.samples, sample{column: c, t: bucket*size + int64(slot)%size, v: v})
	}
	value := func(v, times float64) {
		if times == 0 {
			return
		}
		put(kindValue, use.next, v)
		if times != 1 {
			put(kindTimes, use.next, times)
		}
		use.next++
	}
	switch {
	case len(d.Values) == 1 && d.Counts == nil:
		put(kindValue, use.next, d.Values[0])
		use.next++
	case d.Values != nil:
		for i, v := range d.Values {
			times := 1.0
			if d.Counts != nil {
				times = d.Counts[i]
			}
			value(v, times)
		}
	case d.Min == d.Max && math.Abs(d.Sum-d.Min*d.Count) <= 1e-12*math.Abs(d.Sum): // a set of which the values are known
		value(d.Min, d.Count)
	default:
		put(kindCount, use.next, d.Count)
		put(kindSum, use.next, d.Sum)
		put(kindMin, use.next, d.Min)
		put(kindMax, use.next, d.Max)
		use.next++
	}
	return nil
}

// free tells from where on the times of a bucket are free.
func (e *Engine) free(ctx context.Context, s *entry, r resolution, bucket int64) (*slotUse, error) {
	known := &s.used[r]
	if use := known.of(bucket); use != nil {
		return use, nil
	}
	size := shapes[r].bucket.Milliseconds()
	next := 0
	if bucket <= max(known.newest, e.high[r]/size) {
		var err error
		if next, err = e.taken(ctx, s, r, bucket*size, (bucket+1)*size-1); err != nil {
			return nil, err
		}
	}
	if len(known.recent) == wideSlots {
		e.wide = append(e.wide, known)
	}
	return known.keep(bucket, next), nil
}

// entry finds or makes the entry of a datum's series.
func (e *Engine) entry(scope state.Scope, d *Datum) (*entry, error) {
	e.key = append(appendIdentity(e.key[:0], scope, &d.Series), d.Unit...)
	if s := e.entries[string(e.key)]; s != nil {
		return s, nil
	}
	series := d.Series
	if err := checkSeries(&series, d.Unit); err != nil {
		return nil, err
	}
	series.Dimensions = sorted(series.Dimensions)
	e.key = append(appendIdentity(e.key[:0], scope, &series), d.Unit...)
	if s := e.entries[string(e.key)]; s != nil {
		return s, nil
	}
	if len(e.entries) >= e.cfg.MaxSeries {
		return nil, fmt.Errorf("%w: %d", ErrTooMany, len(e.entries))
	}
	return e.addEntry(scope, series, d.Unit), nil
}

func (e *Engine) addEntry(scope state.Scope, series Series, unit string) *entry {
	s := &entry{scope: scope, series: series, unit: unit, hash: hashOf(scope, &series)}
	s.series.Dimensions = append([]Dimension(nil), series.Dimensions...)
	e.known.Lock()
	defer e.known.Unlock()
	e.entries[string(appendIdentity(nil, scope, &series))+unit] = s
	return s
}
