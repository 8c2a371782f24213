package math

import (
	"math"
	"time"
)

// function is one that an expression may call.
type function struct {
	least, most int // arguments
	eval        func(env *Env, name string, args []Value) (Value, error)
}

// functions by name.
var functions = map[string]function{
	"ABS":   {1, 1, elementwise(math.Abs)},
	"CEIL":  {1, 1, elementwise(math.Ceil)},
	"FLOOR": {1, 1, elementwise(math.Floor)},
	"LOG":   {1, 1, elementwise(math.Log)},
	"LOG10": {1, 1, elementwise(math.Log10)},

	"AVG":             {1, 1, aggregate(average)},
	"SUM":             {1, 1, aggregate(sum)},
	"MIN":             {1, 1, aggregate(lowest)},
	"MAX":             {1, 1, aggregate(highest)},
	"STDDEV":          {1, 1, aggregate(deviation)},
	"DATAPOINT_COUNT": {1, 1, aggregate(func(v []float64) float64 { return float64(len(v)) })},

	"DIFF":        {1, 1, pairwise(func(a, b Point) float64 { return b.Value - a.Value })},
	"DIFF_TIME":   {1, 1, pairwise(func(a, b Point) float64 { return float64(b.Time - a.Time) })},
	"RATE":        {1, 1, pairwise(func(a, b Point) float64 { return (b.Value - a.Value) / float64(b.Time-a.Time) })},
	"RUNNING_SUM": {1, 1, runningSum},
	"FILL":        {2, 2, fill},
	"IF":          {2, 3, choose},
	"PERIOD":      {1, 1, period},
	"TIME_SERIES": {1, 1, timeSeries},

	"METRICS":      {0, 1, listMetrics},
	"METRIC_COUNT": {1, 1, metricCount},
	"FIRST":        {1, 1, end(func(n int) int { return 0 })},
	"LAST":         {1, 1, end(func(n int) int { return n - 1 })},
	"REMOVE_EMPTY": {1, 1, removeEmpty},
	"SORT":         {2, 4, sortSeries},
	"SLICE":        {2, 3, slice},
	"SEARCH":       {2, 3, search},

	"EPOCH":  {1, 1, ofTime(func(t time.Time) int { return int(t.Unix()) })},
	"MINUTE": {1, 1, ofTime(time.Time.Minute)},
	"HOUR":   {1, 1, ofTime(time.Time.Hour)},
	"DAY":    {1, 1, ofTime(func(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 })},
	"DATE":   {1, 1, ofTime(time.Time.Day)},
	"MONTH":  {1, 1, ofTime(func(t time.Time) int { return int(t.Month()) })},
	"YEAR":   {1, 1, ofTime(time.Time.Year)},
}

// unsupported are the functions that CloudWatch has besides.
var unsupported = map[string]bool{
	"ANOMALY_DETECTION_BAND": true, "DB_PERF_INSIGHTS": true, "INSIGHT_RULE_METRIC": true, "LAMBDA": true, "SERVICE_QUOTA": true,
}

func (n *callNode) eval(env *Env) (Value, error) {
	args := make([]Value, len(n.args))
	for i, a := range n.args {
		var err error
		if args[i], err = a.eval(env); err != nil {
			return args[i], err
		}
	}
	return n.fn.eval(env, n.name, args)
}

func badArgument(name string, v Value) error {
	return errorf("%s can not be applied to %s", name, kindNames[v.Kind])
}

// elementwise changes each number.
func elementwise(f func(float64) float64) func(*Env, string, []Value) (Value, error) {
	return func(_ *Env, name string, args []Value) (Value, error) {
		if args[0].Kind == Text {
			return args[0], badArgument(name, args[0])
		}
		return apply(args[0], func(v float64) (float64, bool) { return finite(f(v)) })
	}
}

// aggregate makes a number of a series, and a series of a list of them: of what
// they have at each time.
func aggregate(f func([]float64) float64) func(*Env, string, []Value) (Value, error) {
	return func(_ *Env, name string, args []Value) (Value, error) {
		switch v := args[0]; v.Kind {
		case Scalar:
			return number(f([]float64{v.Number})), nil
		case TimeSeries:
			return number(f(numbers(v.one().Points))), nil
		case List:
			return Of(across(v.series, f)), nil
		default:
			return v, badArgument(name, v)
		}
	}
}

func numbers(points []Point) []float64 {
	out := make([]float64, len(points))
	for i, p := range points {
		out[i] = p.Value
	}
	return out
}

// across applies f to what several series have at each time.
func across(list []Series, f func([]float64) float64) Series {
	out := Series{}
	next := make([]int, len(list))
	var have []float64
	for _, s := range list {
		out.Period = max(out.Period, s.Period)
	}
	for {
		first := int64(math.MaxInt64)
		for i, s := range list {
			if next[i] < len(s.Points) {
				first = min(first, s.Points[next[i]].Time)
			}
		}
		if first == math.MaxInt64 {
			return out
		}
		have = have[:0]
		for i, s := range list {
			if next[i] < len(s.Points) && s.Points[next[i]].Time == first {
				have = append(have, s.Points[next[i]].Value)
				next[i]++
			}
		}
		out.Points = append(out.Points, Point{first, f(have)})
	}
}

func sum(v []float64) (out float64) {
	for _, x := range v {
		out += x
	}
	return out
}

func average(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	return sum(v) / float64(len(v))
}

func lowest(v []float64) (out float64) {
	for i, x := range v {
		if i == 0 || x < out {
			out = x
		}
	}
	return out
}

func highest(v []float64) (out float64) {
	for i, x := range v {
		if i == 0 || x > out {
			out = x
		}
	}
	return out
}

// deviation is the standard deviation of a population.
func deviation(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	mean, squares := average(v), 0.0
	for _, x := range v {
		squares += (x - mean) * (x - mean)
	}
	return math.Sqrt(squares / float64(len(v)))
}

// overSeries changes each series of a value.
func overSeries(name string, v Value, f func(Series) Series) (Value, error) {
	if v.Kind != TimeSeries && v.Kind != List {
		return v, badArgument(name, v)
	}
	return each(v, f), nil
}

// pairwise makes a series of each two points that follow each other.
func pairwise(f func(a, b Point) float64) func(*Env, string, []Value) (Value, error) {
	return func(_ *Env, name string, args []Value) (Value, error) {
		return overSeries(name, args[0], func(s Series) Series {
			var out []Point
			for i := 1; i < len(s.Points); i++ {
				out = append(out, Point{s.Points[i].Time, f(s.Points[i-1], s.Points[i])})
			}
			return s.with(out)
		})
	}
}

func runningSum(_ *Env, name string, args []Value) (Value, error) {
	return overSeries(name, args[0], func(s Series) Series {
		total := 0.0
		return s.with(mapped(s.Points, func(v float64) (float64, bool) {
			total += v
			return total, true
		}))
	})
}

func ofTime(f func(time.Time) int) func(*Env, string, []Value) (Value, error) {
	return func(_ *Env, name string, args []Value) (Value, error) {
		return overSeries(name, args[0], func(s Series) Series {
			out := make([]Point, len(s.Points))
			for i, p := range s.Points {
				out[i] = Point{p.Time, float64(f(time.Unix(p.Time, 0).UTC()))}
			}
			return s.with(out)
		})
	}
}

func period(_ *Env, name string, args []Value) (Value, error) {
	if args[0].Kind != TimeSeries {
		return args[0], badArgument(name, args[0])
	}
	return number(args[0].one().Period.Seconds()), nil
}

func timeSeries(env *Env, name string, args []Value) (Value, error) {
	if args[0].Kind != Scalar {
		return args[0], badArgument(name, args[0])
	}
	return Of(env.constant(args[0].Number)), nil
}
