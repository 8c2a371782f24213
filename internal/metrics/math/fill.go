package math

// fill puts points where a series has none: of a number, of another series, or
// of its neighbours.
func fill(env *Env, name string, args []Value) (Value, error) {
	by := args[1]
	switch {
	case by.Kind == List:
		return by, badArgument(name, by)
	case by.Kind == Text && by.text != "REPEAT" && by.text != "LINEAR":
		return by, errorf("FILL fills with a number, a time series, REPEAT or LINEAR, and not with %q", by.text)
	}
	if args[0].Kind == Scalar {
		return args[0], nil
	}
	return overSeries(name, args[0], func(s Series) Series {
		grid := env.grid(s.Period)
		out := make([]Point, 0, len(grid))
		for _, t := range grid {
			if v, ok := at(s.Points, t); ok {
				out = append(out, Point{t, v})
			} else if v, ok := filler(by, s.Points, out, t); ok {
				out = append(out, Point{t, v})
			}
		}
		return s.with(out)
	})
}

// filler is what a time without a point gets; before are the points so far.
func filler(by Value, points, before []Point, t int64) (float64, bool) {
	switch {
	case by.Kind == Scalar:
		return by.Number, true
	case by.Kind == TimeSeries:
		return at(by.one().Points, t)
	case len(before) == 0:
		return 0, false
	case by.text == "REPEAT":
		return before[len(before)-1].Value, true
	}
	a := before[len(before)-1]
	for _, b := range points {
		if b.Time > t {
			return a.Value + (b.Value-a.Value)*float64(t-a.Time)/float64(b.Time-a.Time), true
		}
	}
	return 0, false
}

// choose is IF: at each time of the condition one of two values, or none.
func choose(env *Env, name string, args []Value) (Value, error) {
	condition := args[0]
	otherwise := Value{Kind: TimeSeries, series: []Series{{}}}
	if len(args) == 3 {
		otherwise = args[2]
	}
	for _, v := range []Value{condition, args[1], otherwise} {
		if v.Kind == Text {
			return v, badArgument(name, v)
		}
	}
	switch condition.Kind {
	case Scalar:
		if condition.Number != 0 {
			return args[1], nil
		}
		return otherwise, nil
	case List:
		return condition, badArgument(name, condition)
	}
	if args[1].Kind == List || otherwise.Kind == List {
		return condition, errorf("IF can not choose from a list of time series")
	}
	when := condition.one()
	out := Series{Period: when.Period}
	for _, p := range when.Points {
		v := otherwise
		if p.Value != 0 {
			v = args[1]
		}
		if v.Kind == Scalar {
			out.Points = append(out.Points, Point{p.Time, v.Number})
		} else if x, ok := at(v.one().Points, p.Time); ok {
			out.Points = append(out.Points, Point{p.Time, x})
		}
	}
	return Of(out), nil
}
