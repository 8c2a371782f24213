package math

import "math"

func (n *minusNode) eval(env *Env) (Value, error) {
	v, err := n.of.eval(env)
	if err != nil {
		return v, err
	}
	return apply(v, func(x float64) (float64, bool) { return -x, true })
}

// apply changes every number of a value; one for which there is no answer is
// left out.
func apply(v Value, f func(float64) (float64, bool)) (Value, error) {
	switch v.Kind {
	case Scalar:
		out, _ := f(v.Number) // what is no number leaves no point of a series it is applied to
		return number(out), nil
	case TimeSeries, List:
		return each(v, func(s Series) Series { return s.with(mapped(s.Points, f)) }), nil
	}
	return v, errorf("%s can not be calculated with", kindNames[v.Kind])
}

// each changes every series.
func each(v Value, f func(Series) Series) Value {
	out := Value{Kind: v.Kind, series: make([]Series, len(v.series))}
	for i, s := range v.series {
		out.series[i] = f(s)
	}
	return out
}

func (s Series) with(points []Point) Series {
	s.Points = points
	return s
}

func mapped(points []Point, f func(float64) (float64, bool)) []Point {
	out := make([]Point, 0, len(points))
	for _, p := range points {
		if v, ok := f(p.Value); ok {
			out = append(out, Point{p.Time, v})
		}
	}
	return out
}

func (n *binaryNode) eval(env *Env) (Value, error) {
	left, err := n.left.eval(env)
	if err != nil {
		return left, err
	}
	right, err := n.right.eval(env)
	if err != nil {
		return right, err
	}
	return combine(n.op, left, right)
}

// combine applies an operator. Two series give what both have a point for; a
// list and something else, that for each of the list.
func combine(op string, a, b Value) (Value, error) {
	f := operators[op]
	switch {
	case a.Kind == Text || b.Kind == Text:
		return a, errorf("a text can not be calculated with: %s", op)
	case a.Kind == List && b.Kind == List:
		return a, errorf("%s can not be applied to two lists of time series", op)
	case a.Kind == Scalar && b.Kind == Scalar:
		return apply(a, func(x float64) (float64, bool) { return finite(f(x, b.Number)) })
	case b.Kind == Scalar:
		return apply(a, func(x float64) (float64, bool) { return finite(f(x, b.Number)) })
	case a.Kind == Scalar:
		return apply(b, func(x float64) (float64, bool) { return finite(f(a.Number, x)) })
	case b.Kind == List:
		one := a.one()
		return each(b, func(s Series) Series { return joined(one, s, f).named(s) }), nil
	case a.Kind == List:
		one := b.one()
		return each(a, func(s Series) Series { return joined(s, one, f).named(s) }), nil
	}
	return Of(joined(a.one(), b.one(), f)), nil
}

func (s Series) named(as Series) Series {
	s.Label, s.Metric = as.Label, as.Metric
	return s
}

// joined has what two series have at the same times.
func joined(a, b Series, f func(x, y float64) float64) Series {
	out := Series{Period: max(a.Period, b.Period)}
	for i, j := 0, 0; i < len(a.Points) && j < len(b.Points); {
		p, q := a.Points[i], b.Points[j]
		switch {
		case p.Time < q.Time:
			i++
		case p.Time > q.Time:
			j++
		default:
			if v, ok := finite(f(p.Value, q.Value)); ok {
				out.Points = append(out.Points, Point{p.Time, v})
			}
			i++
			j++
		}
	}
	return out
}

// finite drops what is no number: a division by 0 leaves no point.
func finite(v float64) (float64, bool) { return v, !math.IsNaN(v) && !math.IsInf(v, 0) }

var operators = map[string]func(x, y float64) float64{
	"+":  func(x, y float64) float64 { return x + y },
	"-":  func(x, y float64) float64 { return x - y },
	"*":  func(x, y float64) float64 { return x * y },
	"/":  func(x, y float64) float64 { return x / y },
	"^":  math.Pow,
	"==": func(x, y float64) float64 { return truth(x == y) },
	"!=": func(x, y float64) float64 { return truth(x != y) },
	"<=": func(x, y float64) float64 { return truth(x <= y) },
	">=": func(x, y float64) float64 { return truth(x >= y) },
	"<":  func(x, y float64) float64 { return truth(x < y) },
	">":  func(x, y float64) float64 { return truth(x > y) },
	"&&": func(x, y float64) float64 { return truth(x != 0 && y != 0) },
	"||": func(x, y float64) float64 { return truth(x != 0 || y != 0) },
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
