package alarm

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/state"
)

// notice is what an SNS topic is told. The order is AWS's.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
type notice struct {
	AlarmName                          string
	AlarmDescription                   *string
	AWSAccountId                       string //nolint:revive // the document's name
	AlarmConfigurationUpdatedTimestamp string
	NewStateValue                      types.StateValue
	NewStateReason                     string
	StateChangeTime                    string
	Region                             string
	AlarmArn                           string
	OldStateValue                      types.StateValue
	OKActions                          []string
	AlarmActions                       []string
	InsufficientDataActions            []string
	Trigger                            *noticeTrigger `json:",omitempty"`
	AlarmRule                          string         `json:",omitempty"`
	TriggeringChildren                 []noticeChild  `json:",omitzero"`
}

type noticeTrigger struct {
	MetricName                       string             `json:",omitempty"`
	Namespace                        string             `json:",omitempty"`
	StatisticType                    string             `json:",omitempty"`
	Statistic                        string             `json:",omitempty"`
	ExtendedStatistic                string             `json:",omitempty"`
	Unit                             json.RawMessage    `json:",omitempty"` // null where none is asked for
	Dimensions                       []noticeDimension  `json:",omitzero"`
	Period                           int                //
	EvaluationPeriods                int32              //
	DatapointsToAlarm                *int32             `json:",omitempty"`
	ComparisonOperator               string             //
	Threshold                        number             //
	TreatMissingData                 string             //
	EvaluateLowSampleCountPercentile string             //
	Metrics                          []noticeMathMetric `json:",omitempty"`
}

type noticeDimension struct {
	Value string `json:"value"`
	Name  string `json:"name"`
}

type noticeMathMetric struct {
	Expression string            `json:",omitempty"`
	Id         string            //nolint:revive // the document's name
	Label      string            `json:",omitempty"`
	MetricStat *noticeMetricStat `json:",omitempty"`
	ReturnData bool
}

type noticeMetricStat struct {
	Metric struct {
		Dimensions []noticeDimension
		MetricName string
		Namespace  string
	}
	Period int32
	Stat   string
	Unit   string `json:",omitempty"`
}

type noticeChild struct {
	Arn   string
	State struct {
		Value     types.StateValue
		Timestamp string
	}
}

// Notice is the subject and the message that an SNS topic gets when an alarm
// has changed its state.
func Notice(a state.Alarm, scope state.Scope, old types.StateValue) (subject, message string) {
	n := notice{AWSAccountId: scope.Account, Region: regionName(scope.Region), OldStateValue: old}
	if c := a.Composite; c != nil {
		n.AlarmName, n.AlarmDescription, n.AlarmArn = aws.ToString(c.AlarmName), c.AlarmDescription, aws.ToString(c.AlarmArn)
		n.of(c.AlarmConfigurationUpdatedTimestamp, c.StateValue, c.StateReason, c.StateTransitionedTimestamp)
		n.OKActions, n.AlarmActions, n.InsufficientDataActions = some(c.OKActions), some(c.AlarmActions), some(c.InsufficientDataActions)
		n.AlarmRule, n.TriggeringChildren = aws.ToString(c.AlarmRule), childrenIn(aws.ToString(c.StateReasonData))
	} else {
		m := a.Metric
		n.AlarmName, n.AlarmDescription, n.AlarmArn = aws.ToString(m.AlarmName), m.AlarmDescription, aws.ToString(m.AlarmArn)
		n.of(m.AlarmConfigurationUpdatedTimestamp, m.StateValue, m.StateReason, m.StateTransitionedTimestamp)
		n.OKActions, n.AlarmActions, n.InsufficientDataActions = some(m.OKActions), some(m.AlarmActions), some(m.InsufficientDataActions)
		n.Trigger = triggerOf(*m)
	}
	return cut(string(n.NewStateValue) + `: "` + n.AlarmName + `" in ` + n.Region), document(n)
}

func (n *notice) of(configured *time.Time, value types.StateValue, reason *string, at *time.Time) {
	n.AlarmConfigurationUpdatedTimestamp, n.StateChangeTime = moment(aws.ToTime(configured)), moment(aws.ToTime(at))
	n.NewStateValue, n.NewStateReason = value, aws.ToString(reason)
}

// cut makes a subject that SNS takes: at most 100 characters.
func cut(subject string) string {
	const longest, dots = 100, "..."
	if utf8.RuneCountInString(subject) <= longest {
		return subject
	}
	return string([]rune(subject)[:longest-len(dots)]) + dots
}

func some(list []string) []string { return append([]string{}, list...) }

func triggerOf(m types.MetricAlarm) *noticeTrigger {
	t := &noticeTrigger{
		Period: int(Period(m).Seconds()), EvaluationPeriods: aws.ToInt32(m.EvaluationPeriods), DatapointsToAlarm: m.DatapointsToAlarm,
		ComparisonOperator: string(m.ComparisonOperator), Threshold: number(aws.ToFloat64(m.Threshold)),
		TreatMissingData: aws.ToString(m.TreatMissingData), EvaluateLowSampleCountPercentile: aws.ToString(m.EvaluateLowSampleCountPercentile),
	}
	if len(m.Metrics) > 0 {
		for _, q := range m.Metrics {
			t.Metrics = append(t.Metrics, mathMetric(q))
		}
		return t
	}
	t.MetricName, t.Namespace, t.Dimensions = aws.ToString(m.MetricName), aws.ToString(m.Namespace), dimensionsOf(m.Dimensions)
	t.StatisticType, t.Statistic = "Statistic", strings.ToUpper(string(m.Statistic))
	if m.Statistic == types.StatisticSampleCount {
		t.Statistic = "SAMPLE_COUNT"
	}
	if m.ExtendedStatistic != nil {
		t.StatisticType, t.ExtendedStatistic = "ExtendedStatistic", *m.ExtendedStatistic
	}
	t.Unit = json.RawMessage("null")
	if m.Unit != "" {
		t.Unit = json.RawMessage(strconv.Quote(string(m.Unit)))
	}
	return t
}

func mathMetric(q types.MetricDataQuery) noticeMathMetric {
	out := noticeMathMetric{Expression: aws.ToString(q.Expression), Id: aws.ToString(q.Id), Label: aws.ToString(q.Label), ReturnData: q.ReturnData == nil || *q.ReturnData}
	if s := q.MetricStat; s != nil {
		out.MetricStat = &noticeMetricStat{Period: aws.ToInt32(s.Period), Stat: aws.ToString(s.Stat), Unit: string(s.Unit)}
		if s.Metric != nil {
			out.MetricStat.Metric.MetricName, out.MetricStat.Metric.Namespace = aws.ToString(s.Metric.MetricName), aws.ToString(s.Metric.Namespace)
			out.MetricStat.Metric.Dimensions = dimensionsOf(s.Metric.Dimensions)
		}
	}
	return out
}

func dimensionsOf(list []types.Dimension) []noticeDimension {
	out := []noticeDimension{}
	for _, d := range list {
		out = append(out, noticeDimension{Value: aws.ToString(d.Value), Name: aws.ToString(d.Name)})
	}
	return out
}

func childrenIn(data string) []noticeChild {
	var t triggers
	_ = json.Unmarshal([]byte(data), &t) // SetAlarmState takes anything: then there are none
	out := []noticeChild{}
	for _, a := range t.Alarms {
		c := noticeChild{Arn: a.ARN}
		c.State.Value, c.State.Timestamp = a.State.Value, a.State.Timestamp
		out = append(out, c)
	}
	return out
}
