package alarm

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/state"
)

var here = state.Scope{Account: "123456789012", Region: "us-east-1"}

func TestCompose(t *testing.T) {
	made := time.Date(2022, 7, 22, 15, 0, 0, 0, time.UTC)
	c := types.CompositeAlarm{
		AlarmName: aws.String("All"), AlarmArn: aws.String(here.AlarmARN("All")), AlarmRule: aws.String("ALARM(One) OR ALARM(Two)"),
		AlarmConfigurationUpdatedTimestamp: &made, StateReason: aws.String(Created), StateUpdatedTimestamp: &made,
	}
	r, err := ParseRule(*c.AlarmRule)
	if err != nil {
		t.Fatal(err)
	}
	children := map[string]Child{
		"One": {ARN: here.AlarmARN("One"), State: types.StateValueOk, Since: made.Add(-time.Minute)},
		"Two": {ARN: here.AlarmARN("Two"), State: types.StateValueOk, Since: made.Add(-time.Hour)},
	}
	got := Compose(c, r, children)
	want := Composed{
		State: types.StateValueOk, Reason: "arn:aws:cloudwatch:us-east-1:123456789012:alarm:All was created and its alarm rule evaluates to OK",
		Data: `{"triggeringAlarms":[{"arn":"arn:aws:cloudwatch:us-east-1:123456789012:alarm:One","state":{"value":"OK","timestamp":"2022-07-22T14:59:00.000+0000"}},{"arn":"arn:aws:cloudwatch:us-east-1:123456789012:alarm:Two","state":{"value":"OK","timestamp":"2022-07-22T14:00:00.000+0000"}}]}`,
	}
	if got != want {
		t.Errorf("created:\n%+v, want\n%+v", got, want)
	}
	if !Due(c, r, children) {
		t.Error("a new alarm is not evaluated")
	}
	c.StateReason, c.StateUpdatedTimestamp = aws.String(got.Reason), aws.Time(made.Add(time.Second))
	if Due(c, r, children) {
		t.Error("an alarm is evaluated that nothing happened to")
	}
	children["Two"] = Child{ARN: here.AlarmARN("Two"), State: types.StateValueAlarm, Since: made.Add(57*time.Minute + 45394*time.Millisecond)}
	want = Composed{
		State: types.StateValueAlarm, Reason: "arn:aws:cloudwatch:us-east-1:123456789012:alarm:Two transitioned to ALARM at Friday 22 July, 2022 15:57:45 UTC",
		Data: `{"triggeringAlarms":[{"arn":"arn:aws:cloudwatch:us-east-1:123456789012:alarm:Two","state":{"value":"ALARM","timestamp":"2022-07-22T15:57:45.394+0000"}}]}`,
	}
	if got := Compose(c, r, children); got != want {
		t.Errorf("a child's change:\n%+v, want\n%+v", got, want)
	}
	if !Due(c, r, children) {
		t.Error("a child's change is not seen")
	}
	delete(children, "Two")
	if got := Compose(c, r, children); got.State != types.StateValueOk || !Due(c, r, children) || !strings.Contains(got.Reason, "All was updated and") {
		t.Errorf("with a child that is gone: %+v", got)
	}
}

func TestCyclic(t *testing.T) {
	graph := map[string][]string{"a": {"b", "x"}, "b": {"c", "b2"}, "c": {"a"}, "b2": {"b2"}, "d": {"a"}, "e": {"x", "f"}, "f": {"x"}}
	for name, want := range map[string]bool{"a": true, "b": true, "c": true, "b2": true, "d": false, "e": false, "x": false} {
		if got := Cyclic(name, func(n string) []string { return graph[n] }); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestSuppress(t *testing.T) {
	at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	c := types.CompositeAlarm{ActionsSuppressor: aws.String("s"), ActionsSuppressorWaitPeriod: aws.Int32(60), ActionsSuppressorExtensionPeriod: aws.Int32(120)}
	step := func(after time.Duration, suppressor types.StateValue, since time.Duration, changed bool, want types.ActionsSuppressedBy, until time.Duration) {
		t.Helper()
		now := at.Add(after)
		by, ends := Suppress(c, &Child{State: suppressor, Since: at.Add(since)}, changed, now)
		if by != want || by != "" && by != types.ActionsSuppressedByAlarm && !ends.Equal(at.Add(until)) {
			t.Errorf("after %s: %q until %s, want %q until %s", after, by, ends.Sub(at), want, until)
		}
		c.ActionsSuppressedBy = by
		if changed {
			c.StateTransitionedTimestamp = &now
		}
	}
	const ok, alarm = types.StateValueOk, types.StateValueAlarm
	const minute = time.Minute
	step(0, ok, 0, false, "", 0)
	step(0, ok, 0, true, "WaitPeriod", minute)
	step(30*time.Second, ok, 0, false, "WaitPeriod", minute)
	step(minute, ok, 0, false, "", 0)
	step(2*minute, ok, 0, true, "WaitPeriod", 3*minute)
	step(2*minute+30*time.Second, alarm, 2*minute+30*time.Second, false, "Alarm", 0)
	step(10*minute, alarm, 2*minute, true, "Alarm", 0)
	step(11*minute, ok, 11*minute, false, "ExtensionPeriod", 13*minute)
	step(12*minute, ok, 11*minute, true, "ExtensionPeriod", 13*minute)
	step(13*minute, ok, 11*minute, false, "", 0)
	step(14*minute, alarm, 14*minute, false, "Alarm", 0)
	step(15*minute, types.StateValueInsufficientData, 15*minute, false, "ExtensionPeriod", 17*minute)
	if by, _ := Suppress(c, nil, true, at); by != "" {
		t.Errorf("without its suppressor: %q", by)
	}
}

func TestNotice(t *testing.T) {
	at := time.Date(2025, 7, 3, 8, 34, 6, 300e6, time.UTC)
	a := metric(1, 1, Missing)
	a.AlarmName, a.AlarmArn, a.AlarmDescription = aws.String("slow"), aws.String(here.AlarmARN("slow")), aws.String("too slow")
	a.AlarmConfigurationUpdatedTimestamp, a.StateTransitionedTimestamp, a.StateValue, a.StateReason = &at, &at, types.StateValueAlarm, aws.String("OK -> ALARM & <so>")
	a.Dimensions = []types.Dimension{{Name: aws.String("Host"), Value: aws.String("a")}}
	a.AlarmActions = []string{"arn:aws:sns:us-east-1:123456789012:ops"}
	subject, got := Notice(state.Alarm{Metric: &a}, here, types.StateValueOk)
	if want := `ALARM: "slow" in US East (N. Virginia)`; subject != want {
		t.Errorf("subject %s, want %s", subject, want)
	}
	want := `{"AlarmName":"slow","AlarmDescription":"too slow","AWSAccountId":"123456789012","AlarmConfigurationUpdatedTimestamp":"2025-07-03T08:34:06.300+0000","NewStateValue":"ALARM","NewStateReason":"OK -> ALARM & <so>","StateChangeTime":"2025-07-03T08:34:06.300+0000","Region":"US East (N. Virginia)","AlarmArn":"arn:aws:cloudwatch:us-east-1:123456789012:alarm:slow","OldStateValue":"OK","OKActions":[],"AlarmActions":["arn:aws:sns:us-east-1:123456789012:ops"],"InsufficientDataActions":[],"Trigger":{"MetricName":"Latency","Namespace":"App","StatisticType":"Statistic","Statistic":"AVERAGE","Unit":null,"Dimensions":[{"value":"a","name":"Host"}],"Period":60,"EvaluationPeriods":1,"DatapointsToAlarm":1,"ComparisonOperator":"GreaterThanThreshold","Threshold":10.0,"TreatMissingData":"missing","EvaluateLowSampleCountPercentile":""}}`
	if got != want {
		t.Errorf("message\n%s, want\n%s", got, want)
	}
	math := types.MetricAlarm{
		AlarmName: aws.String("ratio"), AlarmArn: aws.String(here.AlarmARN("ratio")), AlarmConfigurationUpdatedTimestamp: &at, StateTransitionedTimestamp: &at, StateValue: types.StateValueOk, StateReason: aws.String("fine"),
		EvaluationPeriods: aws.Int32(2), Threshold: aws.Float64(1), ComparisonOperator: types.ComparisonOperatorGreaterThanThreshold,
		Metrics: []types.MetricDataQuery{
			{Id: aws.String("e1"), Expression: aws.String("m1/2"), Label: aws.String("half"), ReturnData: aws.Bool(true)},
			{Id: aws.String("m1"), ReturnData: aws.Bool(false), MetricStat: &types.MetricStat{Metric: &types.Metric{MetricName: aws.String("N"), Namespace: aws.String("App")}, Period: aws.Int32(60), Stat: aws.String("Sum")}},
		},
	}
	_, got = Notice(state.Alarm{Metric: &math}, here, types.StateValueAlarm)
	if want := `"Trigger":{"Period":60,"EvaluationPeriods":2,"ComparisonOperator":"GreaterThanThreshold","Threshold":1.0,"TreatMissingData":"","EvaluateLowSampleCountPercentile":"","Metrics":[{"Expression":"m1/2","Id":"e1","Label":"half","ReturnData":true},{"Id":"m1","MetricStat":{"Metric":{"Dimensions":[],"MetricName":"N","Namespace":"App"},"Period":60,"Stat":"Sum"},"ReturnData":false}]}}`; !strings.HasSuffix(got, want) {
		t.Errorf("message\n%s, want its end\n%s", got, want)
	}
	c := types.CompositeAlarm{
		AlarmName: aws.String(strings.Repeat("long", 40)), AlarmArn: aws.String("arn"), AlarmRule: aws.String("ALARM(slow)"), AlarmConfigurationUpdatedTimestamp: &at, StateTransitionedTimestamp: &at, StateValue: types.StateValueAlarm,
		StateReason: aws.String("why"), StateReasonData: aws.String(triggeredBy([]Child{{ARN: "child", State: types.StateValueAlarm, Since: at}})),
	}
	subject, got = Notice(state.Alarm{Composite: &c}, here, types.StateValueOk)
	if want := `"InsufficientDataActions":[],"AlarmRule":"ALARM(slow)","TriggeringChildren":[{"Arn":"child","State":{"Value":"ALARM","Timestamp":"2025-07-03T08:34:06.300+0000"}}]}`; !strings.HasSuffix(got, want) || len(subject) != 100 {
		t.Errorf("message\n%s, want its end\n%s; subject %s", got, want, subject)
	}
}

// The events of AWS's page, but for what differs by the alarm.
func TestEvents(t *testing.T) {
	at := time.Date(2025, 7, 3, 8, 34, 6, 300e6, time.UTC)
	a := metric(1, 1, Missing)
	a.AlarmName, a.AlarmArn, a.AlarmDescription = aws.String("slow"), aws.String(here.AlarmARN("slow")), aws.String("too slow")
	a.Dimensions = []types.Dimension{{Name: aws.String("Host"), Value: aws.String("a")}}
	a.StateValue, a.StateReason, a.StateUpdatedTimestamp = types.StateValueOk, aws.String("Unchecked: Initial alarm creation"), &at
	before := a
	a.StateValue, a.StateReason, a.StateReasonData = types.StateValueAlarm, aws.String("Threshold Crossed"), aws.String(`{"version":"1.0"}`)
	e := StateChange("id", here, state.Alarm{Metric: &before}, state.Alarm{Metric: &a}, at)
	want := `{"alarmName":"slow","configuration":{"description":"too slow","metrics":[{"id":"` + idOf(*a.AlarmArn) + `","metricStat":{"metric":{"dimensions":{"Host":"a"},"name":"Latency","namespace":"App"},"period":60,"stat":"Average"},"returnData":true}]},` +
		`"previousState":{"reason":"Unchecked: Initial alarm creation","timestamp":"2025-07-03T08:34:06.300+0000","value":"OK"},` +
		`"state":{"reason":"Threshold Crossed","reasonData":"{\"version\":\"1.0\"}","timestamp":"2025-07-03T08:34:06.300+0000","value":"ALARM"}}`
	if string(e.Detail) != want || e.Source != "aws.cloudwatch" || e.DetailType != "CloudWatch Alarm State Change" || e.Time != "2025-07-03T08:34:06Z" || e.Resources[0] != *a.AlarmArn {
		t.Errorf("event %+v with\n%s, want\n%s", e, e.Detail, want)
	}
	c := types.CompositeAlarm{
		AlarmName: aws.String("all"), AlarmArn: aws.String(here.AlarmARN("all")), AlarmRule: aws.String("ALARM(slow)"), AlarmConfigurationUpdatedTimestamp: &at, ActionsEnabled: aws.Bool(true),
		ActionsSuppressor: aws.String("quiet"), ActionsSuppressorWaitPeriod: aws.Int32(120), ActionsSuppressorExtensionPeriod: aws.Int32(180), StateValue: types.StateValueInsufficientData, StateUpdatedTimestamp: &at,
	}
	e = ConfigurationChange("id", "create", here, nil, state.Alarm{Composite: &c}, at)
	want = `{"alarmName":"all","configuration":{"actionsEnabled":true,"actionsSuppressor":"quiet","actionsSuppressorExtensionPeriod":180,"actionsSuppressorWaitPeriod":120,"alarmActions":[],"alarmName":"all","alarmRule":"ALARM(slow)","insufficientDataActions":[],"okActions":[],"timestamp":"2025-07-03T08:34:06.300+0000"},` +
		`"operation":"create","state":{"timestamp":"2025-07-03T08:34:06.300+0000","value":"INSUFFICIENT_DATA"}}`
	if string(e.Detail) != want {
		t.Errorf("event\n%s, want\n%s", e.Detail, want)
	}
}
