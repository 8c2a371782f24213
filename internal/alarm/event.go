package alarm

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/state"
)

// What event buses are told of alarms.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html

// StateChange is the event of a change of state: a is the alarm after it,
// before the alarm as it was. id is a UUID.
func StateChange(id string, scope state.Scope, before, a state.Alarm, at time.Time) state.Envelope {
	return envelope(id, "CloudWatch Alarm State Change", scope, a, at, map[string]any{
		"state": told(a), "previousState": told(before), "configuration": configuration(a),
	})
}

// ConfigurationChange is the event of an operation: create, update or delete.
// before is what there was, nil when there was none.
func ConfigurationChange(id, operation string, scope state.Scope, before *state.Alarm, a state.Alarm, at time.Time) state.Envelope {
	state := told(a)
	delete(state, "reason")
	delete(state, "reasonData")
	detail := map[string]any{"operation": operation, "state": state, "configuration": whole(a)}
	if before != nil {
		detail["previousConfiguration"] = whole(*before)
	}
	return envelope(id, "CloudWatch Alarm Configuration Change", scope, a, at, detail)
}

func envelope(id, kind string, scope state.Scope, a state.Alarm, at time.Time, detail map[string]any) state.Envelope {
	detail["alarmName"] = a.Name()
	b, _ := json.Marshal(detail) // of numbers that number has made finite, and of text
	return state.Envelope{
		Version: "0", ID: id, DetailType: kind, Source: "aws.cloudwatch", Account: scope.Account, Region: scope.Region,
		Time: at.UTC().Format(time.RFC3339), Resources: []string{a.ARN()}, Detail: b,
	}
}

func told(a state.Alarm) map[string]any {
	out := map[string]any{"value": string(a.Value())}
	var reason, data *string
	var at *time.Time
	if c := a.Composite; c != nil {
		reason, data, at = c.StateReason, c.StateReasonData, c.StateUpdatedTimestamp
		if c.ActionsSuppressedBy != "" {
			out["actionsSuppressedBy"], out["actionsSuppressedReason"] = string(c.ActionsSuppressedBy), aws.ToString(c.ActionsSuppressedReason)
		}
	} else if m := a.Metric; m != nil {
		reason, data, at = m.StateReason, m.StateReasonData, m.StateUpdatedTimestamp
	}
	out["reason"], out["timestamp"] = aws.ToString(reason), moment(aws.ToTime(at))
	if data != nil {
		out["reasonData"] = *data
	}
	return out
}

// configuration is what a change of state tells of the alarm.
func configuration(a state.Alarm) map[string]any {
	out := map[string]any{}
	if c := a.Composite; c != nil {
		out["alarmRule"] = aws.ToString(c.AlarmRule)
		if c.ActionsSuppressor != nil {
			out["actionsSuppressor"] = *c.ActionsSuppressor
			out["actionsSuppressorWaitPeriod"], out["actionsSuppressorExtensionPeriod"] = aws.ToInt32(c.ActionsSuppressorWaitPeriod), aws.ToInt32(c.ActionsSuppressorExtensionPeriod)
		}
		describe(out, c.AlarmDescription)
		return out
	}
	describe(out, a.Metric.AlarmDescription)
	out["metrics"] = metricsOf(*a.Metric)
	return out
}

func describe(out map[string]any, description *string) {
	if description != nil {
		out["description"] = *description
	}
}

// whole is what a change of the configuration tells of it.
func whole(a state.Alarm) map[string]any {
	out := configuration(a)
	out["alarmName"] = a.Name()
	if c := a.Composite; c != nil {
		out["actionsEnabled"], out["timestamp"] = aws.ToBool(c.ActionsEnabled), moment(aws.ToTime(c.AlarmConfigurationUpdatedTimestamp))
		out["okActions"], out["alarmActions"], out["insufficientDataActions"] = some(c.OKActions), some(c.AlarmActions), some(c.InsufficientDataActions)
		return out
	}
	m := a.Metric
	out["evaluationPeriods"], out["threshold"], out["comparisonOperator"] = aws.ToInt32(m.EvaluationPeriods), number(aws.ToFloat64(m.Threshold)), string(m.ComparisonOperator)
	if m.TreatMissingData != nil {
		out["treatMissingData"] = *m.TreatMissingData
	}
	if m.DatapointsToAlarm != nil {
		out["datapointsToAlarm"] = *m.DatapointsToAlarm
	}
	out["actionsEnabled"], out["timestamp"] = aws.ToBool(m.ActionsEnabled), moment(aws.ToTime(m.AlarmConfigurationUpdatedTimestamp))
	out["okActions"], out["alarmActions"], out["insufficientDataActions"] = some(m.OKActions), some(m.AlarmActions), some(m.InsufficientDataActions)
	return out
}

func metricsOf(m types.MetricAlarm) []any {
	if len(m.Metrics) == 0 {
		stat := string(m.Statistic)
		if m.ExtendedStatistic != nil {
			stat = *m.ExtendedStatistic
		}
		metric := &types.Metric{Namespace: m.Namespace, MetricName: m.MetricName, Dimensions: m.Dimensions}
		return []any{map[string]any{"id": idOf(aws.ToString(m.AlarmArn)), "metricStat": metricStat(metric, aws.ToInt32(m.Period), stat, m.Unit), "returnData": true}}
	}
	var out []any
	for _, q := range m.Metrics {
		one := map[string]any{"id": aws.ToString(q.Id), "returnData": q.ReturnData == nil || *q.ReturnData}
		if q.Expression != nil {
			one["expression"] = *q.Expression
		}
		if q.Label != nil {
			one["label"] = *q.Label
		}
		if s := q.MetricStat; s != nil {
			one["metricStat"] = metricStat(s.Metric, aws.ToInt32(s.Period), aws.ToString(s.Stat), s.Unit)
		}
		out = append(out, one)
	}
	return out
}

func metricStat(m *types.Metric, period int32, stat string, unit types.StandardUnit) map[string]any {
	dimensions := map[string]any{}
	for _, d := range m.Dimensions {
		dimensions[aws.ToString(d.Name)] = aws.ToString(d.Value)
	}
	out := map[string]any{
		"metric": map[string]any{"namespace": aws.ToString(m.Namespace), "name": aws.ToString(m.MetricName), "dimensions": dimensions},
		"period": period, "stat": stat,
	}
	if unit != "" {
		out["unit"] = string(unit)
	}
	return out
}

// idOf is an id for the one metric of an alarm: the same whenever it is told.
func idOf(arn string) string {
	sum := sha256.Sum256([]byte(arn))
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
