package alarm

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/metrics"
)

const (
	// Created is the reason of an alarm that was not evaluated yet.
	Created = "Unchecked: Initial alarm creation"
	// listed is how many datapoints a reason names when there are more.
	listed = 5
)

// Reason is why, as CloudWatch says it.
func (v Verdict) Reason() string {
	n := v.window.Needed
	if v.State == types.StateValueInsufficientData {
		return "Insufficient Data: " + counted(n, "datapoint") + was(n) + "unknown."
	}
	points, not, way := v.breaching(), "", "OK -> ALARM"
	least := toAlarm(v.alarm)
	if v.State == types.StateValueOk {
		points, not, way = v.fine(), "not ", "ALARM -> OK"
		least = n - least + 1
	}
	treated := v.treated()
	if len(points) == 0 && treated != "" {
		received := "no datapoints were"
		if len(v.points) > 0 {
			received = counted(len(v.points), "datapoint") + strings.TrimRight(was(len(v.points)), " ")
		}
		return "Threshold Crossed: " + received + " received for " + counted(n, "period") + treated + "."
	}
	what := counted(len(points), "datapoint")
	minimum := ""
	if v.alarm.DatapointsToAlarm != nil {
		what = strconv.Itoa(len(points)) + " out of the last " + strconv.Itoa(n) + " datapoints"
		minimum = " (minimum " + counted(least, "datapoint") + " for " + way + " transition)"
	}
	crossed := was(len(points)) + not + compared(v.alarm.ComparisonOperator) + " the threshold (" + number(aws.ToFloat64(v.alarm.Threshold)).String() + ")" + treated + minimum + "."
	if len(points) > listed {
		return "Threshold Crossed: " + what + crossed + " The most recent datapoints which crossed the threshold: " + list(points[:listed]) + "."
	}
	return "Threshold Crossed: " + what + " " + list(points) + crossed
}

func was(n int) string {
	if n == 1 {
		return " was "
	}
	return " were "
}

func list(points []metrics.Point) string {
	var parts []string
	for _, p := range points {
		parts = append(parts, number(p.Value).String()+" ("+p.Time.UTC().Format("02/01/06 15:04:05")+")")
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// treated tells what became of missing datapoints; "" where nothing was made
// of them.
func (v Verdict) treated() string {
	as := map[string]string{Breaching: "[Breaching]", NotBreaching: "[NonBreaching]"}[v.treat]
	if v.missing == 0 || as == "" {
		return ""
	}
	return " and " + counted(v.missing, "missing datapoint") + was(v.missing) + "treated as " + as
}

func (v Verdict) fine() []metrics.Point {
	crossing := v.breaching()
	return slices.DeleteFunc(slices.Clone(v.points), func(p metrics.Point) bool { return slices.Contains(crossing, p) })
}

type reasonData struct {
	Version             string      `json:"version"`
	QueryDate           string      `json:"queryDate"`
	StartDate           string      `json:"startDate,omitempty"`
	Unit                string      `json:"unit,omitempty"`
	Statistic           string      `json:"statistic,omitempty"`
	Period              int         `json:"period"`
	RecentDatapoints    []number    `json:"recentDatapoints"`
	Threshold           number      `json:"threshold"`
	EvaluatedDatapoints []evaluated `json:"evaluatedDatapoints"`
}

type evaluated struct {
	Timestamp   string  `json:"timestamp"`
	SampleCount *number `json:"sampleCount,omitempty"`
	Value       *number `json:"value,omitempty"`
}

// most is how many datapoints the reason's data has: it is at most 4,000
// characters long.
const most = 30

// Data is the reason as CloudWatch writes it for programs: JSON.
func (v Verdict) Data() string {
	d := reasonData{
		Version: "1.0", QueryDate: moment(v.at), Unit: string(v.alarm.Unit), Statistic: string(v.alarm.Statistic), Period: int(v.window.Period.Seconds()),
		RecentDatapoints: []number{}, Threshold: number(aws.ToFloat64(v.alarm.Threshold)), EvaluatedDatapoints: []evaluated{},
	}
	if d.Statistic == "" {
		d.Statistic = aws.ToString(v.alarm.ExtendedStatistic)
	}
	points := v.points[:min(len(v.points), most)]
	for _, p := range slices.Backward(points) {
		d.RecentDatapoints = append(d.RecentDatapoints, number(p.Value))
	}
	if len(points) > 0 {
		d.StartDate = moment(points[len(points)-1].Time)
	}
	known := map[string]metrics.Point{}
	for _, p := range points {
		known[moment(p.Time)] = p
	}
	missing := v.missing
	for at := v.window.To.Add(-v.window.Period); !at.Before(v.window.From) && len(d.EvaluatedDatapoints) < most; at = at.Add(-v.window.Period) {
		e := evaluated{Timestamp: moment(at)}
		p, ok := known[e.Timestamp]
		switch {
		case ok:
			value := number(p.Value)
			e.Value = &value
			if count := number(p.Count); count > 0 {
				e.SampleCount = &count
			}
		case missing > 0:
			missing--
		default:
			continue
		}
		d.EvaluatedDatapoints = append(d.EvaluatedDatapoints, e)
	}
	return document(d)
}
