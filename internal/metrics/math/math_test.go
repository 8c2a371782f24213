package math_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/metrics/math"
)

var begin = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// window is six minutes long.
var window = math.Window{From: begin, To: begin.Add(6 * time.Minute), Now: begin.Add(time.Hour)}

// fixed reads what a test says; "-" is a period without data.
type fixed map[string]string

func (f fixed) Read(_ context.Context, q metrics.Query) (out []metrics.Point, err error) {
	for i, text := range strings.Fields(f[q.Name]) {
		if text == "-" {
			continue
		}
		p := metrics.Point{Time: begin.Add(time.Duration(i) * q.Period)}
		if _, err := fmt.Sscan(text, &p.Value); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func (f fixed) Search(_ context.Context, s *math.Search) (out []metrics.Series, _ error) {
	for _, name := range []string{"m1", "m2", "m3", "RequestCount"} {
		m := metrics.Series{Namespace: "App", Name: name}
		if _, ok := f[name]; ok && s.Matches(&m) {
			out = append(out, m)
		}
	}
	return out, nil
}

var data = fixed{"m1": "1 2 3 - 5 6", "m2": "2 0 2 2 - 3", "m3": "- - 9", "RequestCount": "7"}

func plan(expression string) (*math.Plan, error) {
	queries := []math.Query{{ID: "e1", Expression: expression, Return: true}}
	for _, id := range []string{"m1", "m2", "m3"} {
		queries = append(queries, math.Query{ID: id, Metric: &metrics.Query{Series: metrics.Series{Namespace: "App", Name: id}, Statistic: "Sum", Period: time.Minute}})
	}
	return math.NewPlan(queries)
}

// text writes a series as fixed reads it.
func text(s math.Series) string {
	var out []string
	for at := begin.Unix(); at < window.To.Unix(); at += 60 {
		word := "-"
		for _, p := range s.Points {
			if p.Time == at {
				word = fmt.Sprintf("%.4g", p.Value)
			}
		}
		out = append(out, word)
	}
	return strings.TrimRight(strings.Join(out, " "), " -")
}

func TestExpressions(t *testing.T) {
	for expression, want := range map[string]string{
		"m1 + m2":                                "3 2 5 - - 9",
		"m1 / m2":                                "0.5 - 1.5 - - 2",
		"-m1 ^ 2":                                "-1 -4 -9 - -25 -36",
		"2 ^ 3 ^ 2 * m3":                         "- - 4608",
		"m1 - 1 - 1":                             "-1 0 1 - 3 4",
		"m1 > 2 AND m1 < 6":                      "0 0 1 - 1 0",
		"m1 == 1 || m1 >= 6":                     "1 0 0 - 0 1",
		"m1 * AVG(m2)":                           "1.8 3.6 5.4 - 9 10.8",
		"SUM([m1, m2])":                          "3 2 5 2 5 9",
		"SUM(METRICS())":                         "3 2 14 2 5 9",
		`MAX(METRICS("m3"))`:                     "- - 9",
		"MIN([m1,m2])":                           "1 0 2 2 5 3",
		"STDDEV([m1,m2])":                        "0.5 1 0.5 0 0 1.5",
		"TIME_SERIES(METRIC_COUNT(METRICS()))":   "3 3 3 3 3 3",
		"DATAPOINT_COUNT(METRICS())":             "2 2 3 1 1 2",
		"FILL(m1, 0)":                            "1 2 3 0 5 6",
		"FILL(m1, LINEAR)":                       "1 2 3 4 5 6",
		"FILL(m3, REPEAT)":                       "- - 9 9 9 9",
		"FILL(m3, m1)":                           "1 2 9 - 5 6",
		"FILL(m3, LINEAR)":                       "- - 9",
		"DIFF(m1)":                               "- 1 1 - 2 1",
		"DIFF_TIME(m1)":                          "- 60 60 - 120 60",
		"RATE(m1) * 60":                          "- 1 1 - 1 1",
		"RUNNING_SUM(m1)":                        "1 3 6 - 11 17",
		"IF(m1 > 2, m1)":                         "- - 3 - 5 6",
		"IF(m1 > 2, m1, 0)":                      "0 0 3 - 5 6",
		"IF(m2, 1, m1)":                          "1 2 1 1 - 1",
		"IF(AVG(m1) > 3, m1, m2)":                "1 2 3 - 5 6",
		"m1 / PERIOD(m1) * 60":                   "1 2 3 - 5 6",
		"CEIL(m1 / 2)":                           "1 1 2 - 3 3",
		"FLOOR(m1 / 2) + ABS(0 - m1)":            "1 3 4 - 7 9",
		"LOG10(m2 * 50)":                         "2 - 2 2 - 2.176",
		"LOG(m3) / LOG(3)":                       "- - 2",
		"FIRST(METRICS())":                       "1 2 3 - 5 6",
		"LAST(METRICS())":                        "- - 9",
		"SLICE(SORT(METRICS(), SUM, DESC), 0)":   "1 2 3 - 5 6",
		"FIRST(SORT(METRICS(), AVG, ASC, 1))":    "2 0 2 2 - 3",
		"METRIC_COUNT(SLICE(METRICS(), 1)) * m3": "- - 9",
		"MINUTE(m1)":                             "0 1 2 - 4 5",
		"HOUR(m1) + DAY(m1) + MONTH(m1)":         "18 18 18 - 18 18",
		"DATE(m3) + YEAR(m3)":                    "- - 2030",
		"EPOCH(m3) - 1772625600":                 "- - 120",
		"TIME_SERIES(4)":                         "4 4 4 4 4 4",
		"m1 / AVG(SLICE(METRICS(), 9))":          "",
		`SUM(SEARCH('Namespace="App" MetricName=(m1 OR "m3")', 'Sum', 60))`: "1 2 12 - 5 6",
		`MAX(SEARCH('{App} NOT m', "Sum", 60))`:                             "7",
		`MAX(SEARCH('{App} request', 'Sum', 60))`:                           "7",
		`FILL(SUM(SEARCH('{App} "Count"', 'Sum', 60)), 1) * 2`:              "",
	} {
		p, err := plan(expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		results, err := p.Evaluate(t.Context(), data, window)
		if err != nil || len(results) != 1 {
			t.Errorf("%s: %v, %v", expression, results, err)
			continue
		}
		if expression == `FILL(SUM(SEARCH('{App} "Count"', 'Sum', 60)), 1) * 2` {
			continue // of nothing there is no period to fill
		}
		if got := text(results[0].Series); got != want {
			t.Errorf("%s\n got %s\nwant %s", expression, got, want)
		}
	}
}

func TestLists(t *testing.T) {
	for expression, want := range map[string]string{
		"METRICS()":                               "m1=1 2 3 - 5 6|m2=2 0 2 2 - 3|m3=- - 9",
		"SLICE(METRICS(), 1, 3)":                  "m2=2 0 2 2 - 3|m3=- - 9",
		"METRICS() * 10":                          "m1=10 20 30 - 50 60|m2=20 0 20 20 - 30|m3=- - 90",
		"m3 - METRICS()":                          "m1=- - 6|m2=- - 7|m3=- - 0",
		"REMOVE_EMPTY(METRICS() / (m3-9))":        "",
		`SEARCH('{App} Request', 'Sum')`:          "RequestCount=7",
		`SEARCH('{App} "m1" OR "m2"', 'Sum', 60)`: "m1=1 2 3 - 5 6|m2=2 0 2 2 - 3",
	} {
		p, err := plan(expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		results, err := p.Evaluate(t.Context(), data, window)
		var got []string
		for _, r := range results {
			got = append(got, r.Label+"="+text(r.Series))
		}
		if s := strings.Join(got, "|"); s != want || err != nil {
			t.Errorf("%s\n got %s %v\nwant %s", expression, s, err, want)
		}
	}
}

func TestWrongExpressions(t *testing.T) {
	for expression, want := range map[string]string{
		"":                                      "has to have either",
		"m1 +":                                  "ends where",
		"m1 m2":                                 `unexpected "m2"`,
		"(m1":                                   "ends where",
		"m9":                                    `no query with the id "m9"`,
		"e1 + 1":                                "refers to itself",
		"AVG(m1)":                               "gives a number",
		"1":                                     "gives a number",
		`"x"`:                                   "gives a text",
		"METRICS() + METRICS()":                 "two lists",
		"FOO(m1)":                               "no function FOO",
		"AVG(m1, m2)":                           "does not take 2 arguments",
		"M1":                                    "neither an id",
		"ANOMALY_DETECTION_BAND(m1)":            "does not support the function ANOMALY_DETECTION_BAND",
		"FILL(m1, ASC)":                         "REPEAT or LINEAR",
		"SORT(METRICS(), m1)":                   "SORT orders by",
		"m1 & m2":                               `unexpected "&"`,
		"'m1":                                   "does not end",
		"SEARCH('', 'Sum', 60)":                 "needs a schema or a term",
		"SEARCH('{App', 'Sum', 60)":             "schema",
		"SEARCH('m1', 'Foo', 60)":               "not a statistic",
		"SEARCH('m1', 'Sum', 61)":               "period of SEARCH",
		"SEARCH(':aws.AccountId=1', 'Sum', 60)": "does not support :aws.AccountId",
		strings.Repeat("(", 100) + "m1":         "nests deeper",
		strings.Repeat("m1+", 1000):             "longer than",
		"IF(METRICS(), 1, 2)":                   "IF can not",
	} {
		_, err := plan(expression)
		var own *math.Error
		if !errors.As(err, &own) || !strings.Contains(own.Text, want) {
			t.Errorf("%.60s: %v, want %s", expression, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"m1 + m2 * 3", "IF(m1 > 2 AND m2, FILL(m1, REPEAT), -1)", `SEARCH('{A,B} x="y" OR NOT (z)', 'Sum', 60)`, "[m1,2]^2", "SLICE(SORT(METRICS('m'),AVG,DESC,2),0,1)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := plan(s)
		if err != nil {
			return
		}
		results, err := p.Evaluate(t.Context(), data, window)
		var own *math.Error
		if err != nil && !errors.As(err, &own) {
			t.Fatalf("%q: %v", s, err)
		}
		for _, r := range results {
			for i := range r.Series.Points {
				if i > 0 && r.Series.Points[i].Time <= r.Series.Points[i-1].Time {
					t.Fatalf("%q: points are not in order", s)
				}
			}
		}
	})
}
