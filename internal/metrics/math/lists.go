package math

import (
	"cmp"
	"math"
	"slices"
	"time"
)

func listMetrics(env *Env, name string, args []Value) (Value, error) {
	part := ""
	if len(args) == 1 {
		if args[0].Kind != Text {
			return args[0], badArgument(name, args[0])
		}
		part = args[0].text
	}
	if env.Metrics == nil {
		return ListOf(nil), nil
	}
	return ListOf(env.Metrics(part)), nil
}

func metricCount(_ *Env, name string, args []Value) (Value, error) {
	if v := args[0]; v.Kind != List && v.Kind != TimeSeries {
		return v, badArgument(name, v)
	}
	return number(float64(len(args[0].series))), nil
}

// end takes one series of a list; an empty list gives an empty series.
func end(which func(n int) int) func(*Env, string, []Value) (Value, error) {
	return func(_ *Env, name string, args []Value) (Value, error) {
		v := args[0]
		if v.Kind != List && v.Kind != TimeSeries {
			return v, badArgument(name, v)
		}
		if len(v.series) == 0 {
			return Of(Series{}), nil
		}
		return Of(v.series[which(len(v.series))]), nil
	}
}

func removeEmpty(_ *Env, name string, args []Value) (Value, error) {
	v := args[0]
	if v.Kind != List && v.Kind != TimeSeries {
		return v, badArgument(name, v)
	}
	out := ListOf(nil)
	for _, s := range v.series {
		if len(s.Points) > 0 {
			out.series = append(out.series, s)
		}
	}
	return out, nil
}

var sortKeys = map[string]func([]float64) float64{"AVG": average, "SUM": sum, "MIN": lowest, "MAX": highest}

// sortSeries orders a list by what its series are about, and takes the first.
func sortSeries(_ *Env, name string, args []Value) (Value, error) {
	v := args[0]
	if v.Kind != List {
		return v, badArgument(name, v)
	}
	if args[1].Kind != Text || sortKeys[args[1].text] == nil {
		return v, errorf("SORT orders by AVG, SUM, MIN or MAX")
	}
	key, descending := sortKeys[args[1].text], false
	if len(args) > 2 {
		if descending = args[2].text == "DESC"; args[2].Kind != Text || !descending && args[2].text != "ASC" {
			return v, errorf("SORT orders ASC or DESC")
		}
	}
	out := ListOf(slices.Clone(v.series))
	slices.SortStableFunc(out.series, func(a, b Series) int {
		c := cmp.Compare(key(numbers(a.Points)), key(numbers(b.Points)))
		if descending {
			return -c
		}
		return c
	})
	if len(args) == 4 {
		if args[3].Kind != Scalar || args[3].Number < 0 {
			return v, errorf("SORT is limited by a number")
		}
		out.series = out.series[:int(min(args[3].Number, float64(len(out.series))))]
	}
	return out, nil
}

// slice takes a part of a list: one series, or those from one index to before
// another.
func slice(_ *Env, name string, args []Value) (Value, error) {
	v := args[0]
	if v.Kind != List {
		return v, badArgument(name, v)
	}
	index := func(a Value) (int, bool) {
		return int(min(max(a.Number, 0), float64(len(v.series)))), a.Kind == Scalar && a.Number == math.Trunc(a.Number) && a.Number >= 0
	}
	from, ok := index(args[1])
	if !ok {
		return v, errorf("SLICE takes whole numbers from 0 on")
	}
	if len(args) == 2 {
		if from >= len(v.series) {
			return Of(Series{}), nil
		}
		return Of(v.series[from]), nil
	}
	to, ok := index(args[2])
	if !ok {
		return v, errorf("SLICE takes whole numbers from 0 on")
	}
	return ListOf(v.series[min(from, to):to]), nil
}

func search(env *Env, name string, args []Value) (Value, error) {
	if args[0].Kind != Text || args[1].Kind != Text {
		return args[0], errorf("SEARCH takes a text to search for, a statistic and a period")
	}
	s, err := ParseSearch(args[0].text)
	if err != nil {
		return args[0], err
	}
	period := env.Period
	if len(args) == 3 {
		if args[2].Kind != Scalar || !goodPeriod(args[2].Number) {
			return args[2], errorf("the period of SEARCH must be 1, 5, 10, 20, 30 or a multiple of 60")
		}
		period = time.Duration(args[2].Number) * time.Second
	}
	if env.Search == nil {
		return ListOf(nil), nil
	}
	found, err := env.Search(s, args[1].text, period)
	return ListOf(found), err
}

func goodPeriod(p float64) bool {
	return p == 1 || p == 5 || p == 10 || p == 20 || p == 30 || p >= 60 && math.Mod(p, 60) == 0 && p <= 86400*366
}
