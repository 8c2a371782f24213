// Package metrics keeps what was measured, as CloudWatch does: series of
// statistics, told apart by namespace, name and dimensions, read back per
// period.
package metrics

import (
	"context"
	"time"

	"github.com/hatoba/hatoba/internal/state"
)

// Series is one metric with its dimensions.
type Series struct {
	Namespace  string
	Name       string
	Dimensions []Dimension // by name; none has an empty value
}

// Dimension tells series of one metric apart.
type Dimension struct{ Name, Value string }

// Datum is what was measured at a time: a number of values.
type Datum struct {
	Series
	Time time.Time
	Unit string // CloudWatch's StandardUnit; "" is None
	// Fine keeps it to the second, for three hours; else it counts for its minute.
	Fine bool
	Statistics
}

// Statistics sum up values. Where the values themselves are known they are in
// Values, each as often as Counts says (once where Counts is nil): only then
// are there percentiles.
type Statistics struct {
	Count, Sum, Min, Max float64
	Values, Counts       []float64
}

// One are the statistics of one value.
func One(v float64) Statistics {
	return Statistics{Count: 1, Sum: v, Min: v, Max: v, Values: []float64{v}}
}

// Query asks for one statistic of one series.
type Query struct {
	Series
	Unit      string // "" takes every unit, of which the most usual is told
	Statistic string // Average, Sum, Minimum, Maximum, SampleCount, p99, tm(10%:90%), …
	Period    time.Duration
	From, To  time.Time // From included, To not
}

// Point is a statistic of one period. Periods without data have none.
type Point struct {
	Time  time.Time // the period's begin
	Value float64
	Count float64 // of the values it is made of
}

// Writer takes what was measured. Put returns when it is durable: all of it or
// an error.
type Writer interface {
	Put(ctx context.Context, scope state.Scope, data []Datum) error
}

// Reader gives it back, oldest first.
type Reader interface {
	Read(ctx context.Context, scope state.Scope, q Query) ([]Point, error)
}
