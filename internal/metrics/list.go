package metrics

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/hatoba/hatoba/internal/state"
)

// Listed is a series that had data in the last two weeks.
type Listed struct {
	Scope state.Scope
	Series
	Last time.Time // of its newest datum; within a day or two if that came before the last start
}

// List gives the series of a scope, and of every scope where it is empty,
// that keep takes, ordered by namespace, name and dimensions.
func (e *Engine) List(scope state.Scope, keep func(Listed) bool) []Listed {
	cutoff := e.cfg.Now().Add(-MaxAge)
	found := map[string]Listed{}
	e.mu.Lock()
	for _, s := range e.entries {
		l := Listed{Scope: s.scope, Series: s.series, Last: time.UnixMilli(s.last).UTC()}
		if scope != (state.Scope{}) && s.scope != scope || l.Last.Before(cutoff) {
			continue
		}
		if other, ok := found[s.hash]; ok && other.Last.After(l.Last) {
			continue
		}
		found[s.hash] = l
	}
	e.mu.Unlock()
	var out []Listed
	for _, l := range found {
		if keep == nil || keep(l) {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b Listed) int {
		return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name), compareDimensions(a.Dimensions, b.Dimensions),
			strings.Compare(a.Scope.Account, b.Scope.Account), strings.Compare(a.Scope.Region, b.Scope.Region))
	})
	return out
}

func compareDimensions(a, b []Dimension) int {
	return slices.CompareFunc(a, b, func(a, b Dimension) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Value, b.Value))
	})
}

// forget drops the entries of series that had no data for two weeks.
func (e *Engine) forget() {
	cutoff := e.cfg.Now().Add(-MaxAge - time.Hour).UnixMilli()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.known.Lock()
	defer e.known.Unlock()
	e.forgetMarks()
	for key, s := range e.entries {
		if s.last < cutoff {
			s.gone = true
			delete(e.entries, key)
		}
	}
}

// loadEntries finds the series of the last two weeks: when they had data last
// is looked up for what is in memory, and is a block's end for the others.
func (e *Engine) loadEntries() error {
	t := e.tiers[minutes]
	cutoff := e.cfg.Now().Add(-MaxAge).UnixMilli()
	now := e.cfg.Now().UnixMilli()
	for _, b := range t.db.Blocks() {
		if b.MaxTime() <= cutoff {
			continue
		}
		q, err := tsdb.NewBlockQuerier(b, b.MinTime(), b.MaxTime())
		if err != nil {
			return err
		}
		last := min(b.MaxTime()-1, now)
		if err := e.loadFrom(q, &storage.SelectHints{Func: "series", Start: b.MinTime(), End: b.MaxTime()}, func(storage.Series) int64 { return last }); err != nil {
			return err
		}
	}
	from := max(cutoff, t.db.Head().MinTime())
	q, err := t.db.Querier(from, math.MaxInt64)
	if err != nil {
		return err
	}
	return e.loadFrom(q, nil, newest)
}

// newest is the time of a series' last number.
func newest(s storage.Series) (last int64) {
	it := s.Iterator(nil)
	for it.Next() != chunkenc.ValNone {
		last = it.AtT()
	}
	return last
}

func (e *Engine) loadFrom(q storage.Querier, hints *storage.SelectHints, last func(storage.Series) int64) error {
	defer q.Close()
	set := q.Select(context.Background(), false, hints, labels.MustNewMatcher(labels.MatchNotEqual, labelSeries, ""))
	for set.Next() {
		scope, series, unit := ofLabels(set.At().Labels())
		series.Dimensions = sorted(series.Dimensions)
		key := append(appendIdentity(nil, scope, &series), unit...)
		s := e.entries[string(key)]
		if s == nil {
			s = e.addEntry(scope, series, unit)
		}
		s.last = max(s.last, last(set.At()))
	}
	return set.Err()
}
