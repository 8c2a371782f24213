package metrics_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"

	"github.com/hatoba/hatoba/internal/metrics"
)

const (
	benchSeries = 20_000
	benchBatch  = 1000 // as many as a PutMetricData takes, or a target has
)

// BenchmarkIngest puts a value of each of 20,000 series, round after round, and
// lets tsdb's head, with its log, append the same in between. The ratio is
// ours to the head's: Puts are journaled and on disk when they return, the
// head's are neither.
func BenchmarkIngest(b *testing.B) {
	e, err := metrics.Open(b.Context(), metrics.Config{Dir: b.TempDir(), Now: func() time.Time { return noon }})
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	options := tsdb.DefaultOptions()
	options.MinBlockDuration, options.MaxBlockDuration = (4 * time.Hour).Milliseconds(), (4 * time.Hour).Milliseconds()
	head, err := tsdb.Open(b.TempDir(), nil, nil, options, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer head.Close()
	ours, theirs := newPutter(e), newAppender(head)
	var mine, its time.Duration
	ours.round(b, 0)
	theirs.round(b, 0)
	round := 0
	for b.Loop() {
		round++
		start := time.Now()
		theirs.round(b, round)
		middle := time.Now()
		ours.round(b, round)
		its, mine = its+middle.Sub(start), mine+time.Since(middle)
	}
	b.ReportMetric(float64(round*benchSeries)/mine.Seconds(), "data/s")
	b.ReportMetric(float64(round*benchSeries)/its.Seconds(), "head-samples/s")
	b.ReportMetric(its.Seconds()/mine.Seconds(), "ratio")
	b.ReportMetric(0, "ns/op")
}

// putter puts as twenty clients do at once.
type putter struct {
	e    *metrics.Engine
	data [][]metrics.Datum
}

func newPutter(e *metrics.Engine) *putter {
	p := &putter{e: e, data: make([][]metrics.Datum, benchSeries/benchBatch)}
	for i := range p.data {
		for j := range benchBatch {
			p.data[i] = append(p.data[i], metrics.Datum{Series: series("cpu", "Instance", fmt.Sprint(i), "Process", fmt.Sprint(j))})
		}
	}
	return p
}

func (p *putter) round(b *testing.B, round int) {
	at := noon.Add(time.Duration(round%120) * time.Minute).Add(-time.Duration(round/120) * time.Second)
	var group sync.WaitGroup
	for _, data := range p.data {
		group.Go(func() {
			for i := range data {
				data[i].Time = at
				data[i].Statistics = metrics.One(float64(round * i))
			}
			if err := p.e.Put(context.Background(), here, data); err != nil {
				b.Error(err)
			}
		})
	}
	group.Wait()
}

// appender appends as scrapes do: a commit for each target.
type appender struct {
	db     *tsdb.DB
	labels []labels.Labels
	refs   []storage.SeriesRef
}

func newAppender(db *tsdb.DB) *appender {
	a := &appender{db: db, refs: make([]storage.SeriesRef, benchSeries)}
	for i := range benchSeries {
		a.labels = append(a.labels, labels.FromStrings("__name__", "cpu", "instance", fmt.Sprint(i/benchBatch), "process", fmt.Sprint(i%benchBatch)))
	}
	return a
}

func (a *appender) round(b *testing.B, round int) {
	t := noon.Add(time.Duration(round) * time.Minute).UnixMilli()
	for from := 0; from < benchSeries; from += benchBatch {
		app := a.db.AppenderV2(context.Background())
		for i := from; i < from+benchBatch; i++ {
			var err error
			if a.refs[i], err = app.Append(a.refs[i], a.labels[i], 0, t, float64(round*i), nil, nil, storage.AppendV2Options{}); err != nil {
				b.Fatal(err)
			}
		}
		if err := app.Commit(); err != nil {
			b.Fatal(err)
		}
	}
}
