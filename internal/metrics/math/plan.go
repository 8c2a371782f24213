package math

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/metrics"
)

// Query is one of those of a request or an alarm: a metric or an expression.
type Query struct {
	ID         string
	Metric     *metrics.Query // Series, Statistic, Unit and Period
	Expression string
	Label      string        // "": one is made
	Period     time.Duration // of an expression that has none by its metrics
	Return     bool          // it is a result
}

// Source reads metrics.
type Source interface {
	Read(ctx context.Context, q metrics.Query) ([]metrics.Point, error)
	// Search lists the metrics that a search finds.
	Search(ctx context.Context, s *Search) ([]metrics.Series, error)
}

// Result is a series of a query that is to be returned. A query has as many as
// its value has series.
type Result struct {
	ID, Label string
	Query     int // its index
	Series    Series
}

// MaxFound is how many metrics a SEARCH gives.
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
const MaxFound = 500

// defaultPeriod is that of an expression over no metric.
const defaultPeriod = 5 * time.Minute

// Plan are queries that were checked, in an order in which they can be
// evaluated. It may be used concurrently.
type Plan struct {
	queries []Query
	parsed  []*Expression // nil of metrics
	order   []int
	byID    map[string]int
}

// NewPlan checks queries: ids, what they refer to, and what the expressions do
// with it. An *Error says what is wrong.
func NewPlan(queries []Query) (*Plan, error) {
	p := &Plan{queries: slices.Clone(queries), parsed: make([]*Expression, len(queries)), byID: map[string]int{}}
	for i, q := range queries {
		switch _, taken := p.byID[q.ID]; {
		case !ValidID(q.ID):
			return nil, errorf("the id %q is not valid: it begins with a lower-case letter and has letters, digits and underscores", q.ID)
		case taken:
			return nil, errorf("the id %q is there twice", q.ID)
		case (q.Metric == nil) == (q.Expression == ""):
			return nil, errorf("the query %q has to have either a metric or an expression", q.ID)
		}
		p.byID[q.ID] = i
		if q.Metric != nil {
			continue
		}
		var err error
		if p.parsed[i], err = Parse(q.Expression); err != nil {
			return nil, inExpression(q.ID, err)
		}
	}
	state := make([]byte, len(queries))
	for i := range queries {
		if queries[i].Metric != nil {
			_ = p.visit(i, state) // before all expressions, which METRICS refers to unnamed; it refers to nothing
		}
	}
	for i := range queries {
		if err := p.visit(i, state); err != nil {
			return nil, err
		}
	}
	// With no data at all, what goes wrong is wrong with the expressions.
	_, err := p.Evaluate(context.Background(), nothing{}, Window{})
	return p, err
}

type nothing struct{}

func (nothing) Read(context.Context, metrics.Query) ([]metrics.Point, error) { return nil, nil }

func (nothing) Search(context.Context, *Search) ([]metrics.Series, error) { return nil, nil }

func inExpression(id string, err error) error {
	var own *Error
	if errors.As(err, &own) {
		return &Error{Text: "Error in expression '" + id + "': " + own.Text, Unsupported: own.Unsupported}
	}
	return err
}

// visit puts a query behind those it refers to.
func (p *Plan) visit(i int, state []byte) error {
	const under, done = 1, 2
	switch state[i] {
	case done:
		return nil
	case under:
		return inExpression(p.queries[i].ID, errorf("it refers to itself"))
	}
	state[i] = under
	if e := p.parsed[i]; e != nil {
		for _, id := range e.refs {
			j, ok := p.byID[id]
			if !ok {
				return inExpression(p.queries[i].ID, errorf("there is no query with the id %q", id))
			}
			if err := p.visit(j, state); err != nil {
				return err
			}
		}
	}
	state[i] = done
	p.order = append(p.order, i)
	return nil
}

// Period is that of a query: the longest of the metrics it is made of; where it
// is made of none its own, else the longest of the request.
func (p *Plan) Period(i int) time.Duration {
	q := p.queries[i]
	if q.Metric != nil {
		return q.Metric.Period
	}
	longest := time.Duration(0)
	for _, id := range p.parsed[i].refs {
		longest = max(longest, p.Period(p.byID[id]))
	}
	if longest > 0 {
		return longest
	}
	if q.Period > 0 {
		return q.Period
	}
	for _, other := range p.queries {
		if other.Metric != nil {
			longest = max(longest, other.Metric.Period)
		}
	}
	if longest > 0 {
		return longest
	}
	return defaultPeriod
}

// Searches tells whether what is read depends on what metrics there are.
func (p *Plan) Searches() bool {
	return slices.ContainsFunc(p.parsed, func(e *Expression) bool { return e != nil && e.uses["SEARCH"] })
}

// Evaluate reads the metrics of a window and gives the results, in the order of
// the queries. Periods are counted as the reader counts them, from the window's
// begin.
func (p *Plan) Evaluate(ctx context.Context, source Source, w Window) ([]Result, error) {
	run := &evaluation{p: p, ctx: ctx, source: source, window: w, values: make([]Value, len(p.queries))}
	for _, i := range p.order {
		if err := run.query(i); err != nil {
			return nil, err
		}
	}
	var out []Result
	for i, q := range p.queries {
		if !q.Return {
			continue
		}
		for _, s := range run.values[i].series {
			out = append(out, Result{ID: q.ID, Label: labelOf(q, run.values[i].Kind, s), Query: i, Series: s})
		}
	}
	return out, nil
}

// labelOf is what a result is called. Series of a list keep their own label
// behind the query's.
func labelOf(q Query, k Kind, s Series) string {
	switch {
	case q.Label != "" && k == List && s.Label != "":
		return q.Label + " " + s.Label
	case q.Label != "":
		return q.Label
	case s.Label != "":
		return s.Label
	}
	return q.ID
}

// evaluation is an Evaluate under way.
type evaluation struct {
	p      *Plan
	ctx    context.Context
	source Source
	window Window
	values []Value
}

func (r *evaluation) query(i int) (err error) {
	q := r.p.queries[i]
	if q.Metric != nil {
		s, err := r.read(*q.Metric)
		s.Label = r.p.metricLabel(q.Metric)
		r.values[i] = Of(s)
		return err
	}
	env := &Env{
		Window: r.window, Period: r.p.Period(i),
		Begin: func(period time.Duration) time.Time { return metrics.Begin(r.window.From, period, r.window.Now) },
		Lookup: func(id string) (Value, bool) {
			j, ok := r.p.byID[id]
			if !ok {
				return Value{}, false
			}
			return r.values[j], true
		},
		Metrics: r.metrics,
		Search:  r.search,
	}
	if r.values[i], err = r.p.parsed[i].Evaluate(env); err != nil {
		return inExpression(q.ID, err)
	}
	return nil
}

func (r *evaluation) read(q metrics.Query) (Series, error) {
	q.From, q.To = r.window.From, r.window.To
	points, err := r.source.Read(r.ctx, q)
	s := Series{Period: q.Period, Metric: &q, Points: make([]Point, len(points))}
	for i, p := range points {
		s.Points[i] = Point{p.Time.Unix(), p.Value}
	}
	return s, err
}

// metrics gives the metrics of the request whose id holds a text.
func (r *evaluation) metrics(part string) (out []Series) {
	for i, q := range r.p.queries {
		if q.Metric != nil && strings.Contains(q.ID, part) {
			out = append(out, r.values[i].one())
		}
	}
	return out
}

func (r *evaluation) search(s *Search, statistic string, period time.Duration) (out []Series, err error) {
	if _, err := metrics.ParseStatistic(statistic); err != nil {
		return nil, errorf("%s", err)
	}
	found, err := r.source.Search(r.ctx, s)
	if err != nil {
		return nil, err
	}
	if len(found) > MaxFound {
		found = found[:MaxFound]
	}
	names := map[string]bool{}
	for _, m := range found {
		names[m.Name] = true
	}
	for _, m := range found {
		series, err := r.read(metrics.Query{Series: m, Statistic: statistic, Period: period})
		if err != nil {
			return nil, err
		}
		series.Label = foundLabel(m, len(names) > 1)
		out = append(out, series)
	}
	return out, nil
}

// foundLabel tells metrics apart: by the values of their dimensions, and the
// name where there are several.
func foundLabel(m metrics.Series, named bool) string {
	var parts []string
	for _, d := range m.Dimensions {
		parts = append(parts, d.Value)
	}
	if named || len(parts) == 0 {
		parts = append(parts, m.Name)
	}
	return strings.Join(parts, " ")
}

// metricLabel is the metric's name, with what tells it apart where another
// query has the same one.
func (p *Plan) metricLabel(q *metrics.Query) string {
	same := 0
	for _, other := range p.queries {
		if other.Metric != nil && other.Metric.Name == q.Name {
			same++
		}
	}
	if same > 1 {
		return foundLabel(q.Series, true)
	}
	return q.Name
}
