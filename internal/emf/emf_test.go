package emf

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hatoba/hatoba/internal/metrics"
)

const example = `{
  "_aws": {"Timestamp": 1574109732004, "CloudWatchMetrics": [{
    "Namespace": "lambda-function-metrics",
    "Dimensions": [["functionVersion"], []],
    "Metrics": [{"Name": "time", "Unit": "Milliseconds", "StorageResolution": 60}, {"Name": "sizes"}, {"Name": "fast", "StorageResolution": 1}]
  }]},
  "functionVersion": "$LATEST", "time": 100, "sizes": [3, 1, 2], "fast": 1.5, "requestId": "989ffbf8"
}`

func TestParse(t *testing.T) {
	got, err := Parse(example)
	if err != nil {
		t.Fatal(err)
	}
	at := time.UnixMilli(1574109732004).UTC()
	datum := func(name, unit string, fine bool, s metrics.Statistics, set ...metrics.Dimension) metrics.Datum {
		if set == nil {
			set = []metrics.Dimension{}
		}
		return metrics.Datum{Series: metrics.Series{Namespace: "lambda-function-metrics", Name: name, Dimensions: set}, Time: at, Unit: unit, Fine: fine, Statistics: s}
	}
	version := metrics.Dimension{Name: "functionVersion", Value: "$LATEST"}
	sizes := metrics.Statistics{Count: 3, Sum: 6, Min: 1, Max: 3, Values: []float64{3, 1, 2}}
	want := []metrics.Datum{
		datum("time", "Milliseconds", false, metrics.One(100), version), datum("time", "Milliseconds", false, metrics.One(100)),
		datum("sizes", "", false, sizes, version), datum("sizes", "", false, sizes),
		datum("fast", "", true, metrics.One(1.5), version), datum("fast", "", true, metrics.One(1.5)),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNoMetric(t *testing.T) {
	for _, message := range []string{
		"", "hello", `{"a": 1}`, `["_aws"]`, `{"nested": {"_aws": {}}}`, `say "_aws"`, `{"_aws": {"Timestamp": 1}}`,
		`{"CloudWatchMetrics": [{"Namespace": "ECS/ContainerInsights", "Metrics": [{"Name": "a"}], "Dimensions": [[]]}], "a": 1}`,
		`{"_aws": {"Timestamp": 1, "CloudWatchMetrics": []}}`,
	} {
		if got, err := Parse(message); len(got) > 0 || err != nil {
			t.Errorf("%s: %v %v", message, got, err)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	directive := func(d, more string) string {
		return fmt.Sprintf(`{"_aws": {"Timestamp": 1, "CloudWatchMetrics": [%s]}, "m": 1, "d": "v"%s}`, d, more)
	}
	many := strings.TrimSuffix(strings.Repeat("1,", maxValues+1), ",")
	for name, c := range map[string]struct {
		message string
		want    error
	}{
		"no JSON":                {`{"_aws": `, ErrParsing},
		"no object":              {`{"_aws": 1}`, ErrValidation},
		"no timestamp":           {`{"_aws": {"CloudWatchMetrics": [{"Namespace": "n", "Dimensions": [[]], "Metrics": [{"Name": "m"}]}]}, "m": 1}`, ErrValidation},
		"no namespace":           {directive(`{"Dimensions": [[]], "Metrics": [{"Name": "m"}]}`, ""), ErrValidation},
		"no dimensions":          {directive(`{"Namespace": "n", "Metrics": [{"Name": "m"}]}`, ""), ErrValidation},
		"no metrics":             {directive(`{"Namespace": "n", "Dimensions": [[]]}`, ""), ErrValidation},
		"keys in another case":   {directive(`{"namespace": "n", "Dimensions": [[]], "Metrics": [{"Name": "m"}]}`, ""), ErrValidation},
		"a missing metric":       {directive(`{"Namespace": "n", "Dimensions": [[]], "Metrics": [{"Name": "x"}]}`, ""), ErrValidation},
		"a metric of text":       {directive(`{"Namespace": "n", "Dimensions": [[]], "Metrics": [{"Name": "d"}]}`, ""), ErrValidation},
		"a metric that is null":  {directive(`{"Namespace": "n", "Dimensions": [[]], "Metrics": [{"Name": "x"}]}`, `, "x": null`), ErrValidation},
		"a metric of none":       {directive(`{"Namespace": "n", "Dimensions": [[]], "Metrics": [{"Name": "x"}]}`, `, "x": []`), ErrValidation},
		"too many values":        {directive(`{"Namespace": "n", "Dimensions": [[]], "Metrics": [{"Name": "x"}]}`, `, "x": [`+many+`]`), ErrValidation},
		"a number that is large": {directive(`{"Namespace": "n", "Dimensions": [[]], "Metrics": [{"Name": "x"}]}`, `, "x": 1e999`), ErrValidation},
		"a missing dimension":    {directive(`{"Namespace": "n", "Dimensions": [["x"]], "Metrics": [{"Name": "m"}]}`, ""), ErrValidation},
		"a dimension of numbers": {directive(`{"Namespace": "n", "Dimensions": [["m"]], "Metrics": [{"Name": "m"}]}`, ""), ErrValidation},
		"an empty dimension":     {directive(`{"Namespace": "n", "Dimensions": [["x"]], "Metrics": [{"Name": "m"}]}`, `, "x": ""`), ErrValidation},
		"a dimension twice":      {directive(`{"Namespace": "n", "Dimensions": [["d", "d"]], "Metrics": [{"Name": "m"}]}`, ""), ErrValidation},
		"an unknown unit":        {directive(`{"Namespace": "n", "Dimensions": [[]], "Metrics": [{"Name": "m", "Unit": "Parsecs"}]}`, ""), ErrValidation},
		"a resolution":           {directive(`{"Namespace": "n", "Dimensions": [[]], "Metrics": [{"Name": "m", "StorageResolution": 30}]}`, ""), ErrValidation},
	} {
		if got, err := Parse(c.message); !errors.Is(err, c.want) || got != nil {
			t.Errorf("%s: %v %v, want %v", name, got, err, c.want)
		}
	}
}

// FuzzParse: whatever comes, what is taken can be kept.
func FuzzParse(f *testing.F) {
	f.Add(example)
	f.Add(`{"_aws": {"Timestamp": 1e3, "CloudWatchMetrics": [{"Namespace": "n", "Dimensions": [["d"]], "Metrics": [{"Name": "m"}]}]}, "m": [1, 2], "d": "v"}`)
	f.Fuzz(func(t *testing.T, message string) {
		data, err := Parse(message)
		if err != nil && len(data) > 0 {
			t.Fatal("both metrics and an error")
		}
		for _, d := range data {
			if d.Namespace == "" || d.Name == "" || d.Count != float64(len(d.Values)) || len(d.Values) == 0 {
				t.Fatalf("%+v", d)
			}
			for _, v := range append([]float64{d.Min, d.Max}, d.Values...) {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					t.Fatalf("%+v", d)
				}
			}
			for _, dim := range d.Dimensions {
				if dim.Name == "" || dim.Value == "" {
					t.Fatalf("%+v", d)
				}
			}
		}
	})
}
