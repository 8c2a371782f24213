// Package math is CloudWatch's metric math: expressions over time series, and
// the queries of a GetMetricData or an alarm that refer to each other.
//
// An expression by itself:
//
//	e, err := math.Parse("100 * errors / FILL(requests, 1)")
//	v, err := e.Evaluate(&math.Env{
//		Window: math.Window{From: from, To: to, Now: now},
//		Lookup: func(id string) (math.Value, bool) { … },
//	})
//	series := v.Series()
//
// All queries of a request or an alarm, fetched and evaluated in their order:
//
//	plan, err := math.NewPlan([]math.Query{
//		{ID: "errors", Metric: &metrics.Query{Series: s, Statistic: "Sum", Period: time.Minute}},
//		{ID: "rate", Expression: "errors / PERIOD(errors)", Return: true},
//	})
//	results, err := plan.Evaluate(ctx, source, math.Window{From: from, To: to, Now: now})
//	for _, r := range results { use(r.ID, r.Series) } // those to be returned
//
// It is pure but for the Source that Evaluate reads. Errors of Parse, NewPlan
// and Evaluate that are the author's are *Error.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
package math

import "fmt"

// Error is what is wrong with an expression, for its author.
type Error struct {
	Text string
	// Unsupported says that CloudWatch has what Hatoba has not.
	Unsupported bool
}

func (e *Error) Error() string { return e.Text }

func errorf(format string, args ...any) error { return &Error{Text: fmt.Sprintf(format, args...)} }
