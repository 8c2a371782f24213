package alarm

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/metrics"
)

var noon = time.Date(2025, 7, 3, 12, 0, 30, 0, time.UTC)

func metric(m, n int32, treat string) types.MetricAlarm {
	return types.MetricAlarm{
		MetricName: aws.String("Latency"), Namespace: aws.String("App"), Statistic: types.StatisticAverage, Period: aws.Int32(60),
		EvaluationPeriods: &n, DatapointsToAlarm: &m, Threshold: aws.Float64(10), ComparisonOperator: types.ComparisonOperatorGreaterThanThreshold, TreatMissingData: &treat,
	}
}

// points are those of a picture: X breaches, 0 does not, - is missing; the
// newest is on the right.
func points(w Window, picture string) (out []metrics.Point) {
	marks := strings.Fields(picture)
	for i, mark := range marks {
		at := w.To.Add(-w.Period * time.Duration(len(marks)-i))
		switch mark {
		case "X":
			out = append(out, metrics.Point{Time: at, Value: 11, Count: 1})
		case "0":
			out = append(out, metrics.Point{Time: at, Value: 1, Count: 1})
		}
	}
	return out
}

// The tables of AWS's page; keep is no change.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
func TestMissingData(t *testing.T) {
	const keep = ""
	const unknown = types.StateValueInsufficientData
	const ok, alarm = types.StateValueOk, types.StateValueAlarm
	for _, c := range []struct {
		m                                        int32
		picture                                  string
		missing, ignore, breaching, notBreaching types.StateValue
	}{
		{3, "0 - X - X", ok, ok, ok, ok},
		{3, "0 - - - -", ok, ok, ok, ok},
		{3, "- - - - -", unknown, keep, alarm, ok},
		{3, "0 X X - X", alarm, alarm, alarm, alarm},
		{3, "- - X - -", alarm, keep, alarm, ok},
		{2, "0 - X - X", alarm, alarm, alarm, alarm},
		{2, "0 0 X 0 X", alarm, alarm, alarm, alarm},
		{2, "0 - X - -", ok, ok, alarm, ok},
		{2, "- - - - 0", ok, ok, alarm, ok},
		{2, "- - - X -", alarm, keep, alarm, ok},
		// Not prematurely.
		{3, "- - - - X", keep, keep, alarm, ok},
		{3, "- - - X -", keep, keep, alarm, ok},
		{2, "- - - - X", keep, keep, alarm, ok},
		{2, "- - - X X", alarm, alarm, alarm, alarm},
	} {
		for treat, want := range map[string]types.StateValue{Missing: c.missing, Ignore: c.ignore, Breaching: c.breaching, NotBreaching: c.notBreaching} {
			a := metric(c.m, 3, treat)
			w := WindowAt(a, noon)
			if w.Slots() != 5 {
				t.Fatalf("%d periods are looked at, want 5", w.Slots())
			}
			if got := Evaluate(a, w, points(w, c.picture), noon).State; got != want {
				t.Errorf("%d of 3, %s, %s: %q, want %q", c.m, c.picture, treat, got, want)
			}
		}
	}
	a := metric(1, 1, Breaching)
	a.Namespace = aws.String("AWS/DynamoDB")
	if got := Evaluate(a, WindowAt(a, noon), nil, noon).State; got != keep {
		t.Errorf("DynamoDB's missing data: %q, want no change", got)
	}
}

func TestReason(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2025, 7, 3, 11, minute, 0, 0, time.UTC) }
	one := func(a types.MetricAlarm) types.MetricAlarm { a.DatapointsToAlarm = nil; return a }
	p := func(minute int, v float64) metrics.Point { return metrics.Point{Time: at(minute), Value: v, Count: 2} }
	for _, c := range []struct {
		alarm  types.MetricAlarm
		points []metrics.Point
		want   string
	}{
		{metric(3, 3, Missing), []metrics.Point{p(57, 30), p(58, 31.5), p(59, 32.6)},
			"Threshold Crossed: 3 out of the last 3 datapoints [32.6 (03/07/25 11:59:00), 31.5 (03/07/25 11:58:00), 30.0 (03/07/25 11:57:00)] were greater than the threshold (10.0) (minimum 3 datapoints for OK -> ALARM transition)."},
		{metric(1, 1, Missing), []metrics.Point{p(59, 2)},
			"Threshold Crossed: 1 out of the last 1 datapoints [2.0 (03/07/25 11:59:00)] was not greater than the threshold (10.0) (minimum 1 datapoint for ALARM -> OK transition)."},
		{metric(2, 3, Missing), []metrics.Point{p(57, 1), p(58, 12), p(59, 2)},
			"Threshold Crossed: 2 out of the last 3 datapoints [2.0 (03/07/25 11:59:00), 1.0 (03/07/25 11:57:00)] were not greater than the threshold (10.0) (minimum 2 datapoints for ALARM -> OK transition)."},
		{one(metric(1, 1, Missing)), []metrics.Point{p(59, 32.6)}, "Threshold Crossed: 1 datapoint [32.6 (03/07/25 11:59:00)] was greater than the threshold (10.0)."},
		{one(metric(8, 8, Breaching)), []metrics.Point{p(59, 2)},
			"Threshold Crossed: 1 datapoint [2.0 (03/07/25 11:59:00)] was not greater than the threshold (10.0) and 7 missing datapoints were treated as [Breaching]."},
		{metric(3, 3, NotBreaching), nil, "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as [NonBreaching]."},
		{metric(1, 1, Breaching), nil, "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [Breaching]."},
		{metric(3, 3, NotBreaching), []metrics.Point{p(59, 20)}, "Threshold Crossed: 1 datapoint was received for 3 periods and 2 missing datapoints were treated as [NonBreaching]."},
		{metric(1, 1, Missing), nil, "Insufficient Data: 1 datapoint was unknown."},
		{metric(5, 5, Missing), nil, "Insufficient Data: 5 datapoints were unknown."},
		{one(metric(6, 6, Missing)), []metrics.Point{p(54, 11), p(55, 11), p(56, 11), p(57, 11), p(58, 11), p(59, 12)},
			"Threshold Crossed: 6 datapoints were greater than the threshold (10.0). The most recent datapoints which crossed the threshold: [12.0 (03/07/25 11:59:00), 11.0 (03/07/25 11:58:00), 11.0 (03/07/25 11:57:00), 11.0 (03/07/25 11:56:00), 11.0 (03/07/25 11:55:00)]."},
	} {
		if got := Evaluate(c.alarm, WindowAt(c.alarm, noon), c.points, noon).Reason(); got != c.want {
			t.Errorf("said\n%s, want\n%s", got, c.want)
		}
	}
	a := metric(2, 2, Missing)
	a.Unit = types.StandardUnitSeconds
	got := Evaluate(a, WindowAt(a, noon), []metrics.Point{p(57, 1.5), p(59, 20)}, noon).Data()
	want := `{"version":"1.0","queryDate":"2025-07-03T12:00:30.000+0000","startDate":"2025-07-03T11:57:00.000+0000","unit":"Seconds","statistic":"Average","period":60,"recentDatapoints":[1.5,20.0],"threshold":10.0,"evaluatedDatapoints":[{"timestamp":"2025-07-03T11:59:00.000+0000","sampleCount":2.0,"value":20.0},{"timestamp":"2025-07-03T11:57:00.000+0000","sampleCount":2.0,"value":1.5}]}`
	if got != want {
		t.Errorf("data\n%s, want\n%s", got, want)
	}
	a = metric(2, 2, Breaching)
	got = Evaluate(a, WindowAt(a, noon), nil, noon).Data()
	want = `{"version":"1.0","queryDate":"2025-07-03T12:00:30.000+0000","statistic":"Average","period":60,"recentDatapoints":[],"threshold":10.0,"evaluatedDatapoints":[{"timestamp":"2025-07-03T11:59:00.000+0000"},{"timestamp":"2025-07-03T11:58:00.000+0000"}]}`
	if got != want {
		t.Errorf("data\n%s, want\n%s", got, want)
	}
}

func TestFewSamples(t *testing.T) {
	a := metric(1, 1, Missing)
	a.Statistic, a.ExtendedStatistic, a.EvaluateLowSampleCountPercentile = "", aws.String("p99"), aws.String(Ignore)
	w := WindowAt(a, noon)
	point := metrics.Point{Time: w.To.Add(-time.Minute), Value: 20, Count: 999}
	if got := Evaluate(a, w, []metrics.Point{point}, noon).State; got != "" {
		t.Errorf("with 999 samples: %q, want no change", got)
	}
	point.Count = 1000
	if got := Evaluate(a, w, []metrics.Point{point}, noon).State; got != types.StateValueAlarm {
		t.Errorf("with 1,000 samples: %q", got)
	}
	point.Count, a.EvaluateLowSampleCountPercentile = 1, aws.String("evaluate")
	if got := Evaluate(a, w, []metrics.Point{point}, noon).State; got != types.StateValueAlarm {
		t.Errorf("evaluated with one: %q", got)
	}
}

func TestWindow(t *testing.T) {
	for _, c := range []struct {
		period, n int32
		to, from  string
	}{
		{60, 1, "12:07:00", "12:04:00"},
		{300, 2, "12:07:00", "11:47:00"},
		{10, 3, "12:07:40", "12:06:50"},
		{3600, 25, "12:00:00", "09:00:00"},
	} {
		a := metric(1, c.n, Missing)
		a.Period = &c.period
		w := WindowAt(a, time.Date(2025, 7, 3, 12, 7, 45, 0, time.UTC))
		if got := w.To.Format(time.TimeOnly); got != c.to {
			t.Errorf("%d × %d ends %s, want %s", c.n, c.period, got, c.to)
		}
		if got := w.From.Format(time.TimeOnly); got != c.from {
			t.Errorf("%d × %d begins %s, want %s", c.n, c.period, got, c.from)
		}
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0.0", 70: "70.0", 38.839999999999996: "38.839999999999996", 0.001: "0.001", 0.0005: "5.0E-4", 1e7: "1.0E7", 123456789.5: "1.234567895E8", -2.5: "-2.5", 9999999: "9999999.0",
	} {
		if got := number(v).String(); got != want {
			t.Errorf("%v is %s, want %s", v, got, want)
		}
	}
}

// What holds of every evaluation: with all the data there is the treatment
// says nothing; breaching data never turns an alarm OK, nor fine data one to
// ALARM; and points outside of the window do not count.
func TestEvaluations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int32Range(1, 10).Draw(t, "n")
		m := rapid.Int32Range(1, n).Draw(t, "m")
		treat := rapid.SampledFrom([]string{Missing, Ignore, Breaching, NotBreaching}).Draw(t, "treat")
		a := metric(m, n, treat)
		w := WindowAt(a, noon)
		picture := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"X", "0", "-"}), w.Slots(), w.Slots()).Draw(t, "picture"), " ")
		data := points(w, picture)
		v := Evaluate(a, w, data, noon)
		if len(v.Reason()) > 1023 || len(v.Data()) > 4000 {
			t.Errorf("too long: %s %s", v.Reason(), v.Data())
		}
		outside := append(data, metrics.Point{Time: w.To, Value: math.Inf(1)}, metrics.Point{Time: w.From.Add(-time.Second), Value: -1})
		if got := Evaluate(a, w, outside, noon).State; got != v.State {
			t.Errorf("%s: %q with points outside, %q without", picture, got, v.State)
		}
		if !strings.Contains(picture, "0") && treat != NotBreaching && v.State == types.StateValueOk {
			t.Errorf("%s, %s: OK", picture, treat)
		}
		if !strings.Contains(picture, "X") && treat != Breaching && v.State == types.StateValueAlarm {
			t.Errorf("%s, %s: ALARM", picture, treat)
		}
		if len(data) >= int(n) {
			for _, other := range []string{Missing, Ignore, Breaching, NotBreaching} {
				if got := Evaluate(metric(m, n, other), w, data, noon).State; got != v.State {
					t.Errorf("%s: %q treated as %s, %q as %s", picture, got, other, v.State, treat)
				}
			}
		}
	})
}
