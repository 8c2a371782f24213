package cloudwatch_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go"

	frontdoor "github.com/hatoba/hatoba/internal/aws/cloudwatch"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store/mem"
	"github.com/hatoba/hatoba/internal/wire"
)

var here = state.Scope{Account: "123456789012", Region: "us-east-1"}

// alarmClient is the SDK's client of alarms over an empty store. The time is a
// second later at each look.
func alarmClient(t *testing.T) *cloudwatch.Client {
	t.Helper()
	db := mem.New()
	t.Cleanup(func() { _ = db.Close() })
	var ticks, ids atomic.Int64
	now := func() time.Time { return time.Date(2026, 1, 1, 0, 0, int(ticks.Add(1)), 0, time.UTC) }
	s := frontdoor.New(frontdoor.Config{Store: db, Now: now, NewID: func() string { return fmt.Sprintf("%08d-0000-4000-8000-000000000000", ids.Add(1)) }})
	h, err := wire.NewHandler(wire.HandlerConfig{Services: []wire.Service{s.Describe()}, DefaultScope: here})
	if err != nil {
		t.Fatal(err)
	}
	return cloudwatch.New(cloudwatch.Options{
		BaseEndpoint: aws.String("http://127.0.0.1:1"), Region: here.Region, RetryMaxAttempts: 1, HTTPClient: direct{h},
		Credentials: credentials.NewStaticCredentialsProvider(here.Account, "secret", ""),
	})
}

// direct calls a handler without a network.
type direct struct{ http.Handler }

func (d direct) Do(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = io.NopCloser(bytes.NewReader(nil))
	}
	w := httptest.NewRecorder()
	r.RequestURI, r.RemoteAddr = r.URL.RequestURI(), "127.0.0.1:2"
	d.ServeHTTP(w, r)
	return w.Result(), nil
}

func plain(name string) *cloudwatch.PutMetricAlarmInput {
	return &cloudwatch.PutMetricAlarmInput{
		AlarmName: &name, Namespace: aws.String("App"), MetricName: aws.String("Errors"), Statistic: types.StatisticSum, Period: aws.Int32(60),
		EvaluationPeriods: aws.Int32(2), Threshold: aws.Float64(5), ComparisonOperator: types.ComparisonOperatorGreaterThanThreshold,
		Dimensions: []types.Dimension{{Name: aws.String("Host"), Value: aws.String("a")}},
	}
}

func put(t *testing.T, c *cloudwatch.Client, name string, change ...func(*cloudwatch.PutMetricAlarmInput)) error {
	t.Helper()
	in := plain(name)
	for _, f := range change {
		f(in)
	}
	_, err := c.PutMetricAlarm(t.Context(), in)
	return err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func composite(t *testing.T, c *cloudwatch.Client, name, rule string, change ...func(*cloudwatch.PutCompositeAlarmInput)) error {
	t.Helper()
	in := &cloudwatch.PutCompositeAlarmInput{AlarmName: &name, AlarmRule: &rule}
	for _, f := range change {
		f(in)
	}
	_, err := c.PutCompositeAlarm(t.Context(), in)
	return err
}

func names(out *cloudwatch.DescribeAlarmsOutput) (list []string) {
	for _, m := range out.MetricAlarms {
		list = append(list, *m.AlarmName)
	}
	for _, m := range out.CompositeAlarms {
		list = append(list, *m.AlarmName)
	}
	return list
}

func TestAlarmLife(t *testing.T) {
	c := alarmClient(t)
	must(t, put(t, c, "errors", func(in *cloudwatch.PutMetricAlarmInput) {
		in.Tags = []types.Tag{{Key: aws.String("team"), Value: aws.String("a")}}
	}))
	out, err := c.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{})
	must(t, err)
	m := out.MetricAlarms[0]
	if m.StateValue != types.StateValueInsufficientData || *m.StateReason != "Unchecked: Initial alarm creation" || !*m.ActionsEnabled || *m.AlarmArn != "arn:aws:cloudwatch:us-east-1:123456789012:alarm:errors" || m.AlarmActions == nil || *m.Threshold != 5 {
		t.Errorf("a new alarm: %+v", m)
	}
	_, err = c.SetAlarmState(t.Context(), &cloudwatch.SetAlarmStateInput{AlarmName: aws.String("errors"), StateValue: types.StateValueAlarm, StateReason: aws.String("testing"), StateReasonData: aws.String(`{"a":1}`)})
	must(t, err)
	must(t, put(t, c, "errors", func(in *cloudwatch.PutMetricAlarmInput) {
		in.Threshold = aws.Float64(7)
		in.Tags = []types.Tag{{Key: aws.String("x"), Value: aws.String("y")}}
	}))
	out, err = c.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{StateValue: types.StateValueAlarm})
	must(t, err)
	if m := out.MetricAlarms[0]; *m.Threshold != 7 || *m.StateReason != "testing" || *m.StateReasonData != `{"a":1}` {
		t.Errorf("a changed alarm: %+v", m)
	}
	tags, err := c.ListTagsForResource(t.Context(), &cloudwatch.ListTagsForResourceInput{ResourceARN: m.AlarmArn})
	must(t, err)
	if len(tags.Tags) != 1 || *tags.Tags[0].Key != "team" {
		t.Errorf("tags %+v", tags.Tags)
	}
	_, err = c.DisableAlarmActions(t.Context(), &cloudwatch.DisableAlarmActionsInput{AlarmNames: []string{"errors", "none"}})
	must(t, err)
	_, err = c.DeleteAlarms(t.Context(), &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{"errors", "none"}})
	must(t, err)
	var summaries []string
	pages := cloudwatch.NewDescribeAlarmHistoryPaginator(c, &cloudwatch.DescribeAlarmHistoryInput{AlarmName: aws.String("errors"), MaxRecords: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		must(t, err)
		for _, item := range page.AlarmHistoryItems {
			summaries = append(summaries, *item.HistorySummary)
		}
	}
	want := []string{`Alarm "errors" deleted`, `Alarm "errors" updated`, `Alarm "errors" updated`, "Alarm updated from INSUFFICIENT_DATA to ALARM", `Alarm "errors" created`}
	if !slices.Equal(summaries, want) {
		t.Errorf("history %q, want %q", summaries, want)
	}
	history, err := c.DescribeAlarmHistory(t.Context(), &cloudwatch.DescribeAlarmHistoryInput{HistoryItemType: types.HistoryItemTypeStateUpdate, ScanBy: types.ScanByTimestampAscending})
	must(t, err)
	if got := *history.AlarmHistoryItems[0].HistoryData; got != `{"version":"1.0","oldState":{"stateValue":"INSUFFICIENT_DATA","stateReason":"Unchecked: Initial alarm creation"},"newState":{"stateValue":"ALARM","stateReason":"testing","stateReasonData":{"a":1}}}` {
		t.Errorf("history data %s", got)
	}
}

func TestDescribeAlarms(t *testing.T) {
	c := alarmClient(t)
	for _, name := range []string{"b", "a", "a2", "c"} {
		must(t, put(t, c, name))
	}
	must(t, composite(t, c, "top", "ALARM(a) OR ALARM(b)"))
	must(t, composite(t, c, "over", "ALARM(top)"))
	both := []types.AlarmType{types.AlarmTypeCompositeAlarm, types.AlarmTypeMetricAlarm}
	for want, in := range map[string]*cloudwatch.DescribeAlarmsInput{
		"a a2 b c":          {},
		"a a2 b c over top": {AlarmTypes: both},
		"over top":          {AlarmTypes: both[:1]},
		"a a2":              {AlarmNamePrefix: aws.String("a")},
		"b c":               {AlarmNames: []string{"c", "b", "top", "none"}},
		"a b":               {ChildrenOfAlarmName: aws.String("top")},
		"over":              {ParentsOfAlarmName: aws.String("top")},
		"":                  {ActionPrefix: aws.String("arn")},
	} {
		out, err := c.DescribeAlarms(t.Context(), in)
		must(t, err)
		if got := strings.Join(names(out), " "); got != want {
			t.Errorf("%+v: %q, want %q", *in, got, want)
		}
	}
	var all []string
	pages := cloudwatch.NewDescribeAlarmsPaginator(c, &cloudwatch.DescribeAlarmsInput{AlarmTypes: both, MaxRecords: aws.Int32(4)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		must(t, err)
		all = append(all, names(page)...)
	}
	if got := strings.Join(all, " "); got != "a a2 b c over top" {
		t.Errorf("in pages: %q", got)
	}
	forMetric, err := c.DescribeAlarmsForMetric(t.Context(), &cloudwatch.DescribeAlarmsForMetricInput{Namespace: aws.String("App"), MetricName: aws.String("Errors"), Dimensions: plain("").Dimensions, Statistic: types.StatisticSum, Period: aws.Int32(60)})
	must(t, err)
	if len(forMetric.MetricAlarms) != 4 {
		t.Errorf("%d alarms of the metric", len(forMetric.MetricAlarms))
	}
	forMetric, err = c.DescribeAlarmsForMetric(t.Context(), &cloudwatch.DescribeAlarmsForMetricInput{Namespace: aws.String("App"), MetricName: aws.String("Errors")})
	must(t, err)
	if len(forMetric.MetricAlarms) != 0 {
		t.Errorf("%d alarms of the metric without dimensions", len(forMetric.MetricAlarms))
	}
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func TestAlarmsThatAreRefused(t *testing.T) {
	c := alarmClient(t)
	must(t, put(t, c, "m"))
	type in = cloudwatch.PutMetricAlarmInput
	for what, change := range map[string]struct {
		code   string
		change func(*in)
	}{
		"no name":             {"MissingParameter", func(i *in) { i.AlarmName = aws.String("") }},
		"a long name":         {"ValidationError", func(i *in) { i.AlarmName = aws.String(strings.Repeat("x", 256)) }},
		"a control character": {"ValidationError", func(i *in) { i.AlarmName = aws.String("a\nb") }},
		"no metric":           {"ValidationError", func(i *in) { i.MetricName = nil }},
		"no namespace":        {"MissingParameter", func(i *in) { i.Namespace = nil }},
		"two statistics":      {"ValidationError", func(i *in) { i.ExtendedStatistic = aws.String("p99") }},
		"a bad statistic":     {"ValidationError", func(i *in) { i.Statistic, i.ExtendedStatistic = "", aws.String("p999") }},
		"a bad period":        {"ValidationError", func(i *in) { i.Period = aws.Int32(45) }},
		"more than a day":     {"ValidationError", func(i *in) { i.EvaluationPeriods = aws.Int32(1441) }},
		"more than a week":    {"ValidationError", func(i *in) { i.Period, i.EvaluationPeriods = aws.Int32(3600), aws.Int32(169) }},
		"M above N":           {"ValidationError", func(i *in) { i.DatapointsToAlarm = aws.Int32(3) }},
		"no threshold":        {"MissingParameter", func(i *in) { i.Threshold = nil }},
		"a bad treatment":     {"ValidationError", func(i *in) { i.TreatMissingData = aws.String("bad") }},
		"few samples":         {"ValidationError", func(i *in) { i.EvaluateLowSampleCountPercentile = aws.String("ignore") }},
		"six actions":         {"ValidationError", func(i *in) { i.OKActions = []string{"1", "2", "3", "4", "5", "6"} }},
		"no ARN":              {"ValidationError", func(i *in) { i.OKActions = []string{"topic"} }},
		"another region":      {"ValidationError", func(i *in) { i.OKActions = []string{"arn:aws:sns:eu-west-1:123456789012:t"} }},
		"EC2":                 {"UnsupportedOperationException", func(i *in) { i.OKActions = []string{"arn:aws:automate:us-east-1:ec2:stop"} }},
		"Lambda":              {"UnsupportedOperationException", func(i *in) { i.OKActions = []string{"arn:aws:lambda:us-east-1:123456789012:function:f"} }},
		"SSM":                 {"UnsupportedOperationException", func(i *in) { i.OKActions = []string{"arn:aws:ssm:us-east-1:123456789012:opsitem:1"} }},
		"EC2 Auto Scaling": {"UnsupportedOperationException", func(i *in) {
			i.OKActions = []string{"arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:u:autoScalingGroupName/g:policyName/p"}
		}},
		"anomalies":            {"UnsupportedOperationException", func(i *in) { i.ThresholdMetricId = aws.String("ad1") }},
		"an anomaly's compare": {"UnsupportedOperationException", func(i *in) { i.ComparisonOperator = types.ComparisonOperatorGreaterThanUpperThreshold }},
		"PromQL":               {"UnsupportedOperationException", func(i *in) { i.EvaluationInterval = aws.Int32(60) }},
		"a warm-up": {"UnsupportedOperationException", func(i *in) {
			i.WarmUpConfiguration = &types.WarmUpConfiguration{WarmUpPeriodDurationInMinutes: aws.Int32(1)}
		}},
		"a tag twice": {"ValidationError", func(i *in) {
			i.Tags = []types.Tag{{Key: aws.String("a"), Value: aws.String("")}, {Key: aws.String("a"), Value: aws.String("")}}
		}},
	} {
		if err := put(t, c, "new", change.change); code(err) != change.code {
			t.Errorf("%s: %v, want %s", what, err, change.code)
		}
	}
	stat := &types.MetricStat{Metric: &types.Metric{Namespace: aws.String("App"), MetricName: aws.String("Errors")}, Period: aws.Int32(60), Stat: aws.String("Sum")}
	math := func(expression string, more ...types.MetricDataQuery) func(*in) {
		return func(i *in) {
			i.MetricName, i.Namespace, i.Dimensions, i.Period, i.Statistic = nil, nil, nil, nil, ""
			i.Metrics = append([]types.MetricDataQuery{{Id: aws.String("e1"), Expression: &expression}, {Id: aws.String("m1"), MetricStat: stat, ReturnData: aws.Bool(false)}}, more...)
		}
	}
	must(t, put(t, c, "math", math("m1 * 100 / FILL(m1, 0)")))
	must(t, put(t, c, "average", math("AVG(METRICS())")))
	for what, change := range map[string]func(*in){
		"two that return": math("m1", types.MetricDataQuery{Id: aws.String("e2"), Expression: aws.String("m1")}),
		"a search":        math("SUM(SEARCH('{App} Errors', 'Sum', 60))"),
		"a number":        math("5"),
		"two series":      math("METRICS()", types.MetricDataQuery{Id: aws.String("m2"), MetricStat: stat, ReturnData: aws.Bool(false)}),
		"an unknown id":   math("m7"),
		"a bad text":      math("m1 +"),
	} {
		if err := put(t, c, "new", change); code(err) != "ValidationError" {
			t.Errorf("metric math of %s: %v", what, err)
		}
	}
	if err := put(t, c, "new", math("m1"), func(i *in) { i.Period = aws.Int32(60) }); code(err) != "InvalidParameterCombination" {
		t.Errorf("metric math and a metric: %v", err)
	}
	for _, insights := range []string{"SELECT MAX(Errors) FROM App", "ANOMALY_DETECTION_BAND(m1)"} {
		if err := put(t, c, "new", math(insights)); code(err) != "UnsupportedOperationException" {
			t.Errorf("%s: %v", insights, err)
		}
	}
	scaling := "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:6d8972f3-efc8-437c-92d1-6270f29a66e7:resource/ecs/service/default/web:policyName/cpu"
	must(t, put(t, c, "scale", func(i *in) { i.AlarmActions = []string{scaling} }))

	type co = cloudwatch.PutCompositeAlarmInput
	suppressor := func(name string) func(*co) {
		return func(i *co) {
			i.ActionsSuppressor, i.ActionsSuppressorWaitPeriod, i.ActionsSuppressorExtensionPeriod = &name, aws.Int32(1), aws.Int32(1)
		}
	}
	must(t, composite(t, c, "good", "ALARM(m)", suppressor("m")))
	for what, err := range map[string]error{
		"a bad rule":            composite(t, c, "new", "ALARM(m"),
		"an unknown alarm":      composite(t, c, "new", "ALARM(none)"),
		"another account":       composite(t, c, "new", "ALARM(arn:aws:cloudwatch:us-east-1:210987654321:alarm:m)"),
		"itself":                composite(t, c, "good", "ALARM(good)"),
		"a taken name":          composite(t, c, "m", "ALARM(good)"),
		"scaling":               composite(t, c, "new", "ALARM(m)", func(i *co) { i.AlarmActions = []string{scaling} }),
		"periods alone":         composite(t, c, "new", "ALARM(m)", func(i *co) { i.ActionsSuppressorWaitPeriod = aws.Int32(1) }),
		"no periods":            composite(t, c, "new", "ALARM(m)", func(i *co) { i.ActionsSuppressor = aws.String("m") }),
		"an unknown suppressor": composite(t, c, "new", "ALARM(m)", suppressor("none")),
		"a name of the other":   put(t, c, "good"),
	} {
		if code(err) != "ValidationError" {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err := c.SetAlarmState(t.Context(), &cloudwatch.SetAlarmStateInput{AlarmName: aws.String("none"), StateValue: types.StateValueOk, StateReason: aws.String("")})
	if code(err) != "ResourceNotFound" || httpStatus(err) != 404 {
		t.Errorf("the state of an unknown alarm: %v", err)
	}
	_, err = c.SetAlarmState(t.Context(), &cloudwatch.SetAlarmStateInput{AlarmName: aws.String("m"), StateValue: types.StateValueOk, StateReason: aws.String(""), StateReasonData: aws.String("{")})
	if code(err) != "InvalidFormat" {
		t.Errorf("a reason that is no JSON: %v", err)
	}
	_, err = c.ListTagsForResource(t.Context(), &cloudwatch.ListTagsForResourceInput{ResourceARN: aws.String(here.AlarmARN("none"))})
	if code(err) != "ResourceNotFoundException" || httpStatus(err) != 404 {
		t.Errorf("tags of an unknown alarm: %v", err)
	}
	must(t, composite(t, c, "second", "ALARM(m)"))
	_, err = c.DeleteAlarms(t.Context(), &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{"second", "good"}})
	if code(err) != "ValidationError" {
		t.Errorf("two composite alarms at once: %v", err)
	}
}

// httpStatus is that of the answer that was an error.
func httpStatus(err error) int {
	var answer interface{ HTTPStatusCode() int }
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}
