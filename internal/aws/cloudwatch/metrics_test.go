package cloudwatch_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

func (w *metricsWorld) put(data ...types.MetricDatum) {
	w.Helper()
	if _, err := w.PutMetricData(w.Context(), &sdk.PutMetricDataInput{Namespace: ptr("Shop"), MetricData: data}); err != nil {
		w.Fatal(err)
	}
}

func orders(at time.Time, value float64) types.MetricDatum {
	return types.MetricDatum{MetricName: ptr("Orders"), Timestamp: &at, Value: &value, Unit: types.StandardUnitCount, Dimensions: []types.Dimension{{Name: ptr("Store"), Value: ptr("a")}}}
}

func ordersStat(stat string) *types.MetricStat {
	return &types.MetricStat{Metric: &types.Metric{Namespace: ptr("Shop"), MetricName: ptr("Orders"), Dimensions: []types.Dimension{{Name: ptr("Store"), Value: ptr("a")}}}, Stat: &stat, Period: aws.Int32(60)}
}

func TestMetricDataByTheSDK(t *testing.T) {
	w := newMetricsWorld(t)
	for i := range 10 {
		w.put(orders(noon.Add(time.Duration(i-10)*time.Minute), float64(i)), orders(noon.Add(time.Duration(i-10)*time.Minute+20*time.Second), 10))
	}
	in := &sdk.GetMetricDataInput{
		StartTime: aws.Time(noon.Add(-10 * time.Minute)), EndTime: aws.Time(noon), ScanBy: types.ScanByTimestampAscending,
		MetricDataQueries: []types.MetricDataQuery{
			{Id: ptr("m1"), MetricStat: ordersStat("Sum"), Label: ptr("Orders of ${PROP('Dim.Store')}, at most ${MAX}")},
			{Id: ptr("p"), MetricStat: ordersStat("p0"), ReturnData: aws.Bool(false)},
			{Id: ptr("e1"), Expression: ptr("m1 - p")},
		},
	}
	var sums, rest []float64
	pages := 0
	in.MaxDatapoints = aws.Int32(7)
	for p := sdk.NewGetMetricDataPaginator(w.Client, in); p.HasMorePages(); pages++ {
		out, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range out.MetricDataResults {
			switch *r.Id {
			case "m1":
				if *r.Label != "Orders of a, at most 19" {
					t.Errorf("label %q", *r.Label)
				}
				sums = append(sums, r.Values...)
			case "e1":
				rest = append(rest, r.Values...)
			}
		}
	}
	if pages != 3 || !slices.Equal(sums, []float64{10, 11, 12, 13, 14, 15, 16, 17, 18, 19}) || !slices.Equal(rest, []float64{10, 10, 10, 10, 10, 10, 10, 10, 10, 10}) {
		t.Errorf("%d pages: %v %v", pages, sums, rest)
	}
	in.MaxDatapoints, in.ScanBy = nil, ""
	if out, err := w.GetMetricData(t.Context(), in); err != nil || out.MetricDataResults[0].Values[0] != 19 || out.MetricDataResults[0].StatusCode != types.StatusCodeComplete {
		t.Errorf("the newest first: %+v, %v", out, err)
	}
	stats, err := w.GetMetricStatistics(t.Context(), &sdk.GetMetricStatisticsInput{
		Namespace: ptr("Shop"), MetricName: ptr("Orders"), Dimensions: []types.Dimension{{Name: ptr("Store"), Value: ptr("a")}},
		StartTime: aws.Time(noon.Add(-10 * time.Minute)), EndTime: aws.Time(noon), Period: aws.Int32(600), ExtendedStatistics: []string{"p50", "tm(:50%)", "PR(10:)"},
	})
	if err != nil || len(stats.Datapoints) != 1 {
		t.Fatalf("%+v, %v", stats, err)
	}
	if d := stats.Datapoints[0]; d.Unit != types.StandardUnitCount || d.ExtendedStatistics["p50"] != 9.5 || d.ExtendedStatistics["tm(:50%)"] != 4.5 || d.ExtendedStatistics["PR(10:)"] != 0 {
		t.Errorf("%+v", d)
	}
}

func TestListMetrics(t *testing.T) {
	w := newMetricsWorld(t)
	for i := range 3 {
		var data []types.MetricDatum
		for j := range 400 {
			data = append(data, types.MetricDatum{MetricName: ptr(fmt.Sprintf("m%d", i)), Value: aws.Float64(1), Dimensions: []types.Dimension{{Name: ptr("N"), Value: ptr(fmt.Sprint(j))}}})
		}
		w.put(data...)
	}
	w.put(orders(noon.Add(-5*time.Hour), 1))
	count := func(in sdk.ListMetricsInput) (n, pages int) {
		for p := sdk.NewListMetricsPaginator(w.Client, &in); p.HasMorePages(); pages++ {
			out, err := p.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			n += len(out.Metrics)
		}
		return n, pages
	}
	if n, pages := count(sdk.ListMetricsInput{}); n != 1201 || pages != 3 {
		t.Errorf("%d in %d pages", n, pages)
	}
	if n, _ := count(sdk.ListMetricsInput{RecentlyActive: types.RecentlyActivePt3h}); n != 1200 {
		t.Errorf("recently active are %d", n)
	}
	if n, _ := count(sdk.ListMetricsInput{Dimensions: []types.DimensionFilter{{Name: ptr("N"), Value: ptr("7")}}}); n != 3 {
		t.Errorf("with a dimension there are %d", n)
	}
	if n, _ := count(sdk.ListMetricsInput{MetricName: ptr("Orders"), Dimensions: []types.DimensionFilter{{Name: ptr("Store")}}}); n != 1 {
		t.Errorf("with a dimension's name there are %d", n)
	}
	_, err := w.ListMetrics(t.Context(), &sdk.ListMetricsInput{NextToken: ptr("x")})
	refused(t, err, "InvalidNextToken", "Request parameter NextToken is invalid")
}

func TestRefusedData(t *testing.T) {
	w := newMetricsWorld(t)
	big := make([]float64, 151)
	for text, d := range map[string]types.MetricDatum{
		"The parameter MetricData.member.1.Timestamp must specify a time within the past two weeks.":            orders(noon.Add(-15*24*time.Hour), 1),
		"The parameter MetricData.member.1.Timestamp must specify a time no more than two hours in the future.": orders(noon.Add(3*time.Hour), 1),
		"The collection MetricData.member.1.Values must not have a size greater than 150.":                      {MetricName: ptr("m"), Values: big},
		"The parameters MetricData.member.1.Values and MetricData.member.1.Counts must be of the same size.":    {MetricName: ptr("m"), Values: big[:2], Counts: big[:1]},
		"The value 7 for parameter MetricData.member.1.StorageResolution is invalid: it is 1 or 60.":            {MetricName: ptr("m"), Value: aws.Float64(1), StorageResolution: aws.Int32(7)},
		"The value Pounds for parameter MetricData.member.1.Unit is invalid.":                                   {MetricName: ptr("m"), Value: aws.Float64(1), Unit: "Pounds"},
		"The value 1e+300 for parameter MetricData.member.1.Value is invalid.":                                  {MetricName: ptr("m"), Value: aws.Float64(1e300)},
		"No Metric may specify the same dimension name twice.":                                                  {MetricName: ptr("m"), Value: aws.Float64(1), Dimensions: []types.Dimension{{Name: ptr("a"), Value: ptr("b")}, {Name: ptr("a"), Value: ptr("c")}}},
	} {
		_, err := w.PutMetricData(t.Context(), &sdk.PutMetricDataInput{Namespace: ptr("Shop"), MetricData: []types.MetricDatum{orders(noon, 1), d}[1:]})
		refused(t, err, "InvalidParameterValue", text)
	}
	_, err := w.PutMetricData(t.Context(), &sdk.PutMetricDataInput{Namespace: ptr("AWS/ECS"), MetricData: []types.MetricDatum{orders(noon, 1)}})
	refused(t, err, "InvalidParameterValue", "The value AWS/ for parameter Namespace is invalid.")
	_, err = w.GetMetricStatistics(t.Context(), &sdk.GetMetricStatisticsInput{
		Namespace: ptr("Shop"), MetricName: ptr("m"), StartTime: aws.Time(noon.Add(-24 * time.Hour)), EndTime: &noon, Period: aws.Int32(10), Statistics: []types.Statistic{"Sum"},
	})
	refused(t, err, "InvalidParameterCombination", "You have requested up to 8640 datapoints, which exceeds the limit of 1440. You may reduce the datapoints requested by increasing Period, or decreasing the time range.")
	_, err = w.GetMetricData(t.Context(), &sdk.GetMetricDataInput{StartTime: aws.Time(noon.Add(-time.Hour)), EndTime: &noon, MetricDataQueries: []types.MetricDataQuery{{Id: ptr("e"), Expression: ptr("ANOMALY_DETECTION_BAND(m1)")}}})
	refused(t, err, "UnsupportedOperationException", "Error in expression 'e': Hatoba does not support the function ANOMALY_DETECTION_BAND yet")
	_, err = w.GetMetricData(t.Context(), &sdk.GetMetricDataInput{StartTime: aws.Time(noon.Add(-time.Hour)), EndTime: &noon, MetricDataQueries: []types.MetricDataQuery{{Id: ptr("e"), Expression: ptr("SELECT AVG(CPUUtilization)")}}})
	refused(t, err, "UnsupportedOperationException", "Hatoba does not support Metrics Insights queries (SELECT) yet.")
	if n := w.engine.Stats(); n.Taken != 0 {
		t.Errorf("something was taken: %+v", n)
	}
}

// The same door speaks query and JSON, with each one's error codes.
func TestOtherProtocols(t *testing.T) {
	w := newMetricsWorld(t)
	send := func(body, contentType, target string) (int, http.Header, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", contentType)
		if target != "" {
			r.Header.Set("X-Amz-Target", "GraniteServiceVersion20100801."+target)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, answer.Header, string(text)
	}
	form := func(values ...string) string {
		v := url.Values{"Version": {"2010-08-01"}}
		for i := 0; i < len(values); i += 2 {
			v.Set(values[i], values[i+1])
		}
		return v.Encode()
	}
	const formType, jsonType = "application/x-www-form-urlencoded", "application/x-amz-json-1.0"
	status, _, body := send(form("Action", "PutMetricData", "Namespace", "Shop", "MetricData.member.1.MetricName", "Orders", "MetricData.member.1.Value", "4", "MetricData.member.1.Timestamp", noon.Format(time.RFC3339)), formType, "")
	if status != 200 || !strings.Contains(body, "<PutMetricDataResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\">") {
		t.Fatalf("%d %s", status, body)
	}
	status, _, body = send(fmt.Sprintf(`{"Namespace":"Shop","MetricData":[{"MetricName":"Orders","Value":6,"Timestamp":%d}]}`, noon.Unix()), jsonType, "PutMetricData")
	if status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	status, _, body = send(form("Action", "GetMetricStatistics", "Namespace", "Shop", "MetricName", "Orders", "Period", "60", "Statistics.member.1", "Average",
		"StartTime", noon.Format(time.RFC3339), "EndTime", noon.Add(time.Minute).Format(time.RFC3339)), formType, "")
	if status != 200 || !strings.Contains(body, "<member><Average>5</Average><Timestamp>2026-03-04T12:00:00.000Z</Timestamp><Unit>None</Unit></member>") {
		t.Errorf("%d %s", status, body)
	}
	query := fmt.Sprintf(`{"StartTime":%d,"EndTime":%d,"MetricDataQueries":[{"Id":"m","MetricStat":{"Metric":{"Namespace":"Shop","MetricName":"Orders"},"Period":60,"Stat":"Sum"}}]}`, noon.Unix(), noon.Unix()+60)
	status, header, body := send(query, jsonType, "GetMetricData")
	var out struct {
		MetricDataResults []struct {
			Timestamps []float64
			Values     []float64
		}
	}
	if err := json.Unmarshal([]byte(body), &out); err != nil || status != 200 || header.Get("Content-Type") != jsonType || len(out.MetricDataResults) != 1 || out.MetricDataResults[0].Values[0] != 10 {
		t.Errorf("%d %s %v", status, body, err)
	}
	status, header, body = send(`{"Namespace":"Shop"}`, jsonType, "PutMetricData")
	if status != 400 || header.Get("X-Amzn-Query-Error") != "MissingParameter;Sender" || !strings.Contains(body, `"__type":"MissingRequiredParameterException"`) {
		t.Errorf("%d %v %s", status, header, body)
	}
	status, _, body = send(form("Action", "PutMetricData", "Namespace", "Shop"), formType, "")
	if status != 400 || !strings.Contains(body, "<Code>MissingParameter</Code><Message>The parameter MetricData is required.</Message>") {
		t.Errorf("%d %s", status, body)
	}
}
