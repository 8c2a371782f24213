package metrics

import (
	"context"
	"errors"
	"math"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/hatoba/hatoba/internal/state"
)

// Once names data so that they count once, however often they come: of a
// producer only a number above the last one is taken. Numbers are below 2^53.
type Once struct {
	Producer string
	Number   int64
}

// keepMarks is how long a producer that puts nothing more is known.
const keepMarks = 48 * time.Hour

// mark is how far a producer's data were taken. It is stored in the tier of
// minutes, by the very record that brings the data, as a column without the
// label of a series: it is never read as one.
type mark struct {
	column *column
	number int64
	at     int64  // milliseconds
	record uint64 // of the journal, 0: of an earlier one
}

// PutOnce is Put for data that may come again, also after a crash. When it
// returns nil they are on disk, this time or since an earlier one.
func (e *Engine) PutOnce(ctx context.Context, scope state.Scope, once Once, data []Datum) error {
	return e.count(e.put(ctx, scope, once, data), len(data))
}

// repeated tells whether data were taken before, and by which record. The
// caller holds e.mu.
func (e *Engine) repeated(once Once) (record uint64, yes bool) {
	m := e.marks[once.Producer]
	if once.Producer == "" || m == nil || once.Number > m.number {
		return 0, false
	}
	return m.record, true
}

// mark adds the sample that makes the samples of a Put count once. The returned
// function notes that they are in a record.
func (e *Engine) mark(once Once) (written func(record uint64)) {
	if once.Producer == "" {
		return func(uint64) {}
	}
	m := e.marks[once.Producer]
	if m == nil {
		m = e.newMark(once.Producer)
	}
	at := max(e.cfg.Now().UnixMilli(), m.at+1) // a number of its own for each time
	e.samples = append(e.samples, sample{column: m.column, t: at, v: float64(once.Number)})
	return func(record uint64) {
		m.number, m.at, m.record = once.Number, at, record
		e.marks[once.Producer] = m
	}
}

func (e *Engine) newMark(producer string) *mark {
	e.lastID++
	l := labels.FromStrings(labelProducer, producer)
	return &mark{column: &column{id: e.lastID, tier: minutes, labels: l}, number: math.MinInt64}
}

// loadMarks finds how far producers have come.
func (e *Engine) loadMarks(ctx context.Context) error {
	from := e.cfg.Now().Add(-keepMarks).UnixMilli()
	q, err := e.tiers[minutes].db.Querier(from, math.MaxInt64)
	if err != nil {
		return err
	}
	set := q.Select(ctx, false, nil, labels.MustNewMatcher(labels.MatchNotEqual, labelProducer, ""))
	for set.Next() {
		m := e.newMark(strings.Clone(set.At().Labels().Get(labelProducer)))
		it := set.At().Iterator(nil)
		for it.Next() != 0 {
			at, v := it.At()
			m.at, m.number = max(m.at, at), max(m.number, int64(v))
		}
		if err := it.Err(); err != nil {
			return errors.Join(err, q.Close())
		}
		e.marks[m.column.labels.Get(labelProducer)] = m
	}
	return errors.Join(set.Err(), q.Close())
}

// forgetMarks drops those of producers that are gone. The caller holds e.mu.
func (e *Engine) forgetMarks() {
	cutoff := e.cfg.Now().Add(-keepMarks).UnixMilli()
	for producer, m := range e.marks {
		if m.at < cutoff {
			delete(e.marks, producer)
		}
	}
}
