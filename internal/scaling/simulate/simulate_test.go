package simulate

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const policy = `{"TargetValue": 50, "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}}`

func scenario(t testing.TB, low, high int32) Scenario {
	t.Helper()
	var s Scenario
	if err := s.Add("cpu", strings.NewReader(policy)); err != nil {
		t.Fatal(err)
	}
	if err := s.Bound(low, high); err != nil {
		t.Fatal(err)
	}
	return s
}

// By AWS's rules it takes three minutes until load adds tasks, and fifteen until
// its end takes them away.
func TestOutInThreeMinutesInAfterFifteen(t *testing.T) {
	trace, err := ReadTrace(strings.NewReader("0,10\n10m,10\n10m1s,180\n30m,180\n30m1s,10\n60m,10\n"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(scenario(t, 1, 10), trace, Service{PerTask: 100, Start: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	var out, in time.Duration
	for _, a := range r.Activities {
		switch at := a.StartTime.Sub(trace.Start); {
		case a.To > a.From && out == 0:
			out = at - 10*time.Minute
		case a.To < a.From && in == 0:
			in = at - 30*time.Minute
		}
	}
	if out != 3*time.Minute || in < 15*time.Minute || in > 17*time.Minute {
		t.Errorf("out after %s, in after %s", out, in)
	}
	if last := r.Minutes[len(r.Minutes)-1]; last.Running != 1 || r.Out == 0 || r.In == 0 {
		t.Errorf("at the end %+v, %d out, %d in", last, r.Out, r.In)
	}
}

// Whatever the load: within the bounds, and the same each time.
func TestAnyLoad(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		low := rapid.Int32Range(0, 3).Draw(rt, "min")
		high := low + rapid.Int32Range(0, 10).Draw(rt, "more")
		var text strings.Builder
		for i := range rapid.IntRange(2, 12).Draw(rt, "points") {
			text.WriteString((time.Duration(i) * 7 * time.Minute).String() + "," + rapid.SampledFrom([]string{"0", "5", "80", "300", "2000"}).Draw(rt, "load") + "\n")
		}
		trace, err := ReadTrace(strings.NewReader(text.String()))
		if err != nil {
			rt.Fatal(err)
		}
		m := Service{PerTask: 100, Start: time.Duration(rapid.IntRange(0, 200).Draw(rt, "start")) * time.Second}
		draw := func() string {
			r, err := Run(scenario(t, low, high), trace, m)
			if err != nil {
				rt.Fatal(err)
			}
			for _, m := range r.Minutes {
				if m.Desired < low || m.Desired > high || m.Running > high {
					rt.Fatalf("%+v, outside of %d to %d", m, low, high)
				}
			}
			var b strings.Builder
			if err := r.WriteSVG(&b); err != nil {
				rt.Fatal(err)
			}
			if err := r.WriteText(&b); err != nil {
				rt.Fatal(err)
			}
			return b.String()
		}
		if once, again := draw(), draw(); once != again {
			rt.Fatal("the same load gave two results")
		}
	})
}

func FuzzReadTrace(f *testing.F) {
	for _, text := range []string{"0,1\n60,2\n", "time,load,jobs\n15:04,1,2\n15:06,3,4\n", "2030-01-01T00:00:00Z,1\n2030-01-01T01:00:00Z,5\n", "1h,1e3\n2h,0\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		trace, err := ReadTrace(strings.NewReader(text))
		if err == nil && (trace.Length() < time.Minute || trace.Length() > longest || trace.Columns["load"] == nil) {
			t.Errorf("%q is read as %+v", text, trace)
		}
	})
}

func FuzzScenario(f *testing.F) {
	for _, text := range []string{policy, `[{"MinCapacity":1,"MaxCapacity":2}]`, `{"Schedule":"rate(1 minute)","ScalableTargetAction":{"MinCapacity":1}}`} {
		f.Add(text)
	}
	trace, err := ReadTrace(strings.NewReader("0,10\n10m,500\n"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var s Scenario
		if s.Add("fuzz", strings.NewReader(text)) != nil || s.Check() != nil || s.Target.Max > 1000 {
			return
		}
		if _, err := Run(s, trace, Service{PerTask: 100}); err != nil {
			t.Log(err)
		}
	})
}
