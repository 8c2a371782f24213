package simulate

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// columns is how wide the drawings are.
const columns = 72

// Summary is the result in a few words.
func (r Result) Summary() string {
	most, peak := int32(0), 0.0
	for _, m := range r.Minutes {
		most, peak = max(most, m.Desired), max(peak, m.Load)
	}
	length := time.Duration(len(r.Minutes)) * time.Minute
	return fmt.Sprintf("%s long, peak load %s; at most %d tasks, %.1f task-hours; %d scale-outs, %d scale-ins\nabove the target %s (%.0f%%); more load than tasks could take %s (%.0f%%)",
		short(length), number(peak), most, r.TaskHours, r.Out, r.In,
		short(r.Above), percent(r.Above, length), short(r.Short), percent(r.Short, length))
}

func percent(part, of time.Duration) float64 { return 100 * float64(part) / float64(max(of, 1)) }

func short(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func number(v float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.1f", v), "0"), ".")
}

// WriteText draws the result: load, CPU, desired and running tasks over time,
// then what was done, and the summary.
func (r Result) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, line := range []struct {
		name string
		of   func(Minute) float64
	}{
		{"load", func(m Minute) float64 { return m.Load }},
		{"cpu %", func(m Minute) float64 { return m.CPU }},
		{"desired", func(m Minute) float64 { return float64(m.Desired) }},
		{"running", func(m Minute) float64 { return float64(m.Running) }},
	} {
		bars, most := r.bars(line.of)
		fmt.Fprintf(&b, "%-8s %s  most %s\n", line.name, bars, number(most))
	}
	if n := len(r.Minutes); n > 0 {
		fmt.Fprintf(&b, "%-8s %-*s%s\n\n", "", min(columns, n)-5, r.Minutes[0].At.Format("15:04"), r.Minutes[n-1].At.Format("15:04"))
	}
	for _, a := range r.Activities {
		what := a.Description
		for _, n := range a.NotScaled {
			what = "Not scaled: " + *n.Code + "."
		}
		fmt.Fprintf(&b, "%s  %-32s %s\n", a.StartTime.Format("15:04:05"), what, shortCause(a.Cause))
	}
	fmt.Fprintf(&b, "\n%s\n", r.Summary())
	_, err := io.WriteString(w, b.String())
	return err
}

// shortCause leaves out what is the same in every line.
func shortCause(cause string) string {
	cause = strings.TrimPrefix(cause, "monitor alarm ")
	cause = strings.ReplaceAll(cause, "TargetTracking-"+resource+"-", "")
	return strings.ReplaceAll(cause, " in state ALARM triggered policy ", ", policy ")
}

// bars draws values as heights; each is the highest of its minutes.
func (r Result) bars(of func(Minute) float64) (string, float64) {
	n := min(columns, len(r.Minutes))
	values := make([]float64, n)
	most := 0.0
	for i, m := range r.Minutes {
		k := i * n / len(r.Minutes)
		values[k] = max(values[k], of(m))
		most = max(most, values[k])
	}
	levels := []rune("▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, v := range values {
		switch {
		case v <= 0:
			b.WriteByte(' ')
		default:
			b.WriteRune(levels[min(int(v/most*float64(len(levels))), len(levels)-1)])
		}
	}
	return b.String(), most
}
