package simulate

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/alarm"
	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/scaling"
	"github.com/hatoba/hatoba/internal/state"
)

// Service is the model of a service.
type Service struct {
	PerTask float64       // the load that takes all of a task's CPU
	Start   time.Duration // from the decision until a task takes load
	Memory  float64       // percent of memory that a task takes without load
	PerLoad float64       // percent of memory that a task takes at full load besides
	Desired int32         // at the begin; less than the minimum is that
}

// Minute is what was in a minute, on average; desired and running at its end.
type Minute struct {
	At               time.Time
	Load             float64
	CPU              float64 // percent
	Desired, Running int32
}

// Result is what came of a load curve.
type Result struct {
	Minutes    []Minute
	Activities []state.ScalingActivity
	TaskHours  float64
	Above      time.Duration // the metrics of target tracking, any of them, were above their target
	Short      time.Duration // there was more load than the tasks that ran could take
	Out, In    int           // actions
	// PerTask is the load that takes all of a task's CPU.
	PerTask float64
}

// run is a simulation under way.
type run struct {
	s      Scenario
	t      Trace
	m      Service
	now    time.Time
	view   scaling.View
	ready  []time.Time // when each task takes load, the oldest first
	points map[string][]metrics.Point
	wake   time.Time
	at     map[string]*int // place in the trace by column
	result Result
	minute minute
}

// minute gathers what happens in one.
type minute struct {
	n                      int
	load, cpu, memory, per float64
	short                  float64
	own                    map[string]float64
}

// Run replays a load curve second by second. Alarms are evaluated at the end of
// each minute, with its datapoint; CloudWatch takes a little longer.
func Run(s Scenario, t Trace, m Service) (Result, error) {
	r := &run{s: s, t: t, m: m, now: t.Start, points: map[string][]metrics.Point{}, at: map[string]*int{}}
	r.view = scaling.View{Target: s.Target, Actions: slices.Clone(s.Actions), Looked: map[string]time.Time{}}
	for i := range r.view.Actions {
		r.view.Actions[i].UpdatedAt = t.Start.Add(-time.Second)
	}
	r.view.Service.Desired = min(max(m.Desired, s.Target.Min), s.Target.Max)
	for range r.view.Service.Desired {
		r.ready = append(r.ready, t.Start)
	}
	for i := range r.s.Alarms {
		r.s.Alarms[i].StateValue, r.s.Alarms[i].StateTransitionedTimestamp = cw.StateValueInsufficientData, &t.Start
	}
	r.minute.own = map[string]float64{}
	r.wake = t.Start
	r.result.PerTask = m.PerTask
	for end := t.Start.Add(t.Length()); !r.now.After(end); r.now = r.now.Add(time.Second) {
		if r.now.After(t.Start) && r.now.Truncate(time.Minute).Equal(r.now) {
			if err := r.endMinute(); err != nil {
				return r.result, err
			}
		}
		r.running()
		if !r.wake.IsZero() && !r.now.Before(r.wake) {
			if err := r.decide(); err != nil {
				return r.result, err
			}
		}
		r.second()
	}
	r.activities()
	return r.result, nil
}

// running counts the tasks that take load. One that began to changes what the
// decision sees.
func (r *run) running() {
	n := int32(0)
	for _, at := range r.ready {
		if !at.After(r.now) {
			n++
		}
	}
	if n != r.view.Service.Running {
		r.view.Service.Running = n
		r.wake = r.now
	}
}

// second adds a second's load.
func (r *run) second() {
	value := func(name string) float64 {
		if r.at[name] == nil {
			r.at[name] = new(int)
		}
		return r.t.value(r.t.Columns[name], r.now.Sub(r.t.Start), r.at[name])
	}
	load, n := value("load"), float64(r.view.Service.Running)
	m := &r.minute
	m.n++
	m.load += load
	if n > 0 {
		share := min(load/(n*r.m.PerTask), 1)
		m.cpu += 100 * share
		m.memory += min(r.m.Memory+r.m.PerLoad*share, 100)
		m.per += load / n
	}
	if load > n*r.m.PerTask {
		m.short++
	}
	for name := range r.t.Columns {
		if name != "load" {
			m.own[name] += value(name)
		}
	}
	r.result.TaskHours += float64(len(r.ready)) / 3600
}

// endMinute makes datapoints of a minute, and evaluates the alarms.
func (r *run) endMinute() error {
	m, at := r.minute, r.now.Truncate(time.Minute).Add(-time.Minute)
	r.minute = minute{own: map[string]float64{}}
	n := float64(m.n)
	r.result.Minutes = append(r.result.Minutes, Minute{At: at, Load: m.load / n, CPU: m.cpu / n, Desired: r.view.Service.Desired, Running: r.view.Service.Running})
	r.result.Short += time.Duration(m.short) * time.Second
	if r.view.Service.Running > 0 {
		r.point("CPUUtilization", at, m.cpu/n)
		r.point("MemoryUtilization", at, m.memory/n)
		r.point("RequestCountPerTarget", at, m.per)
	}
	for name, sum := range m.own {
		r.point(name, at, sum/n)
	}
	above := false
	for i := range r.s.Alarms {
		a := &r.s.Alarms[i]
		w := alarm.WindowAt(*a, r.now)
		points, err := scaling.Points(context.Background(), r, state.Scope{}, *a, w)
		if err != nil {
			return err
		}
		if v := alarm.Evaluate(*a, w, points, r.now); v.State != "" && v.State != a.StateValue {
			a.StateValue, a.StateTransitionedTimestamp, r.wake = v.State, aws.Time(r.now), r.now
		}
		if k := len(points); k > 0 && strings.HasPrefix(*a.AlarmName, "TargetTracking-") && a.ComparisonOperator == cw.ComparisonOperatorGreaterThanThreshold {
			above = above || points[k-1].Value > *a.Threshold
		}
	}
	if above {
		r.result.Above += time.Minute
	}
	return nil
}

func (r *run) point(metric string, at time.Time, v float64) {
	r.points[metric] = append(r.points[metric], metrics.Point{Time: at, Value: v, Count: 1})
}

// Read gives the points of a metric by its name. Here they are made of minutes.
func (r *run) Read(_ context.Context, _ state.Scope, q metrics.Query) (out []metrics.Point, err error) {
	all := r.points[q.Name]
	first, _ := slices.BinarySearchFunc(all, q.From, func(p metrics.Point, at time.Time) int { return p.Time.Compare(at) })
	for _, p := range all[first:] {
		if !p.Time.Before(q.To) {
			break
		}
		begin := q.From.Add(p.Time.Sub(q.From).Truncate(max(q.Period, time.Minute)))
		k := len(out) - 1
		if k < 0 || !out[k].Time.Equal(begin) {
			out = append(out, metrics.Point{Time: begin, Value: p.Value, Count: 1})
			continue
		}
		switch o := &out[k]; q.Statistic {
		case "Sum":
			o.Value += p.Value
		case "Maximum":
			o.Value = math.Max(o.Value, p.Value)
		case "Minimum":
			o.Value = math.Min(o.Value, p.Value)
		default:
			o.Value = (o.Value*o.Count + p.Value) / (o.Count + 1)
			o.Count++
		}
	}
	return out, nil
}

// decide asks the code that scales services, and does what it says.
func (r *run) decide() error {
	r.view.Policies = r.view.Policies[:0]
	for _, p := range r.s.Policies {
		policy := scaling.Policy{ScalingPolicy: p}
		for _, a := range r.s.Alarms {
			if !calls(a, p) {
				continue
			}
			x := scaling.Alarm{Name: *a.AlarmName, InAlarm: a.StateValue == cw.StateValueAlarm, Since: *a.StateTransitionedTimestamp, Threshold: *a.Threshold,
				Low: strings.HasPrefix(string(a.ComparisonOperator), "LessThan")}
			points, err := scaling.Points(context.Background(), r, state.Scope{}, a, alarm.WindowAt(a, r.now))
			if err != nil {
				return err
			}
			x.Values, x.At = scaling.Newest(a, points)
			policy.Alarms = append(policy.Alarms, x)
		}
		r.view.Policies = append(r.view.Policies, policy)
	}
	plan := scaling.Decide(r.now, r.view)
	r.wake = plan.Wake
	for _, name := range plan.Looked {
		r.view.Looked[name] = r.now
	}
	for i := range r.view.Actions {
		if at, ran := plan.Ran[r.view.Actions[i].Name]; ran {
			r.view.Actions[i].RanAt = &at
		}
	}
	r.apply(plan)
	return nil
}

func (r *run) apply(plan scaling.Plan) {
	if plan.Finished != nil {
		r.result.Activities = append(r.result.Activities, *plan.Finished)
		r.view.Pending = nil
	}
	for i, a := range plan.Activities {
		if plan.Began && i == len(plan.Activities)-1 {
			r.view.Pending = &a
		} else {
			r.result.Activities = append(r.result.Activities, a)
		}
	}
	switch was := r.view.Service.Desired; {
	case plan.Desired > was:
		r.result.Out++
		for range plan.Desired - was {
			r.ready = append(r.ready, r.now.Add(r.m.Start))
		}
	case plan.Desired < was:
		r.result.In++
		r.ready = r.ready[:plan.Desired] // the newest go
	}
	r.view.Service.Desired = plan.Desired
	r.view.Target.Min, r.view.Target.Max, r.view.Target.Progress = plan.Min, plan.Max, plan.Progress
	if r.view.Pending != nil {
		r.view.Target.Progress.Pending = "pending"
	}
}

// activities puts what happened in its order, with what is still under way.
func (r *run) activities() {
	if r.view.Pending != nil {
		r.result.Activities = append(r.result.Activities, *r.view.Pending)
	}
	slices.SortStableFunc(r.result.Activities, func(a, b state.ScalingActivity) int { return a.StartTime.Compare(b.StartTime) })
}
