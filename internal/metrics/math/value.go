package math

import (
	"time"

	"github.com/hatoba/hatoba/internal/metrics"
)

// Point is a value at the begin of a period.
type Point struct {
	Time  int64 // Unix seconds
	Value float64
}

// Series is a time series, oldest first. Periods without data have no point.
type Series struct {
	Label  string
	Period time.Duration
	Points []Point
	// Metric is the query it was read by, nil where it was calculated of several.
	Metric *metrics.Query
}

// Kind is what an expression gives.
type Kind uint8

// The kinds.
const (
	Scalar     Kind = iota // a number
	TimeSeries             // one series
	List                   // any number of series
	Text                   // an argument, no result
)

var kindNames = [...]string{"a number", "a time series", "a list of time series", "a text"}

// Value is what an expression gives.
type Value struct {
	Kind   Kind
	Number float64
	text   string
	series []Series
}

// Of is the value of one series.
func Of(s Series) Value { return Value{Kind: TimeSeries, series: []Series{s}} }

// ListOf is the value of several.
func ListOf(s []Series) Value { return Value{Kind: List, series: s} }

func number(v float64) Value { return Value{Kind: Scalar, Number: v} }

// Series gives the series of a value: one, any number, or none for a number.
func (v Value) Series() []Series { return v.series }

func (v Value) one() Series { return v.series[0] }

// Window is the time that is asked for.
type Window struct {
	From, To time.Time // From included, To not
	Now      time.Time
}

// Env is what an expression is evaluated in.
type Env struct {
	Window Window
	// Begin is where the periods of a length begin; nil: at From.
	Begin func(period time.Duration) time.Time
	// Period is that of what has none by itself, such as TIME_SERIES(1).
	Period time.Duration
	// Lookup gives the value of an id.
	Lookup func(id string) (Value, bool)
	// Metrics gives the metrics whose id holds a text, for METRICS.
	Metrics func(part string) []Series
	// Search gives what SEARCH finds.
	Search func(search *Search, statistic string, period time.Duration) ([]Series, error)
}

// Evaluate gives the value of the expression: a time series or a list of them.
func (e *Expression) Evaluate(env *Env) (Value, error) {
	v, err := e.root.eval(env)
	if err == nil && v.Kind != TimeSeries && v.Kind != List {
		return v, errorf("the expression gives %s; a time series or a list of them must be given", kindNames[v.Kind])
	}
	return v, err
}

// grid are the begins of the periods in the window.
func (env *Env) grid(period time.Duration) []int64 {
	if period <= 0 {
		return nil
	}
	begin := env.Window.From
	if env.Begin != nil {
		begin = env.Begin(period)
	}
	var out []int64
	for t := begin; t.Before(env.Window.To) && len(out) < maxGrid; t = t.Add(period) {
		out = append(out, t.Unix())
	}
	return out
}

// maxGrid bounds what one call of FILL or TIME_SERIES makes: what a
// GetMetricData may return.
const maxGrid = 100_800

func (n *numberNode) eval(*Env) (Value, error) { return number(n.value), nil }

func (n *textNode) eval(*Env) (Value, error) { return Value{Kind: Text, text: n.text}, nil }

func (n *wordNode) eval(*Env) (Value, error) { return Value{Kind: Text, text: n.word}, nil }

func (n *refNode) eval(env *Env) (Value, error) {
	if env.Lookup != nil {
		if v, ok := env.Lookup(n.id); ok {
			return v, nil
		}
	}
	return Value{}, errorf("there is no query with the id %q", n.id)
}

func (n *listNode) eval(env *Env) (Value, error) {
	out := Value{Kind: List}
	for _, item := range n.items {
		v, err := item.eval(env)
		if err != nil {
			return v, err
		}
		switch v.Kind {
		case TimeSeries, List:
			out.series = append(out.series, v.series...)
		case Scalar:
			out.series = append(out.series, env.constant(v.Number))
		default:
			return v, errorf("a list holds time series, and not %s", kindNames[v.Kind])
		}
	}
	return out, nil
}

// constant is a number as a series.
func (env *Env) constant(v float64) Series {
	s := Series{Period: env.Period}
	for _, t := range env.grid(env.Period) {
		s.Points = append(s.Points, Point{t, v})
	}
	return s
}

// at finds the point of a time; points are sorted.
func at(points []Point, t int64) (float64, bool) {
	low, high := 0, len(points)
	for low < high {
		mid := (low + high) / 2
		if points[mid].Time < t {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if low < len(points) && points[low].Time == t {
		return points[low].Value, true
	}
	return 0, false
}
