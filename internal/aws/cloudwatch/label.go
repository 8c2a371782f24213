package cloudwatch

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/metrics/math"
	"github.com/hatoba/hatoba/internal/state"
)

// placeholder is a dynamic part of a label.
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/graph-dynamic-labels.html
var placeholder = regexp.MustCompile(`\$\{([A-Z_]+)(?:\('([^']*)'\))?\}`)

// zoneOf is the time zone that times in labels are told in.
func zoneOf(o *types.LabelOptions) (*time.Location, error) {
	if o == nil || aws.ToString(o.Timezone) == "" {
		return time.UTC, nil
	}
	t, err := time.Parse("-0700", *o.Timezone)
	if err != nil {
		return nil, validation("The value %s for parameter LabelOptions.Timezone is invalid: it is a sign and four digits, such as +0130.", *o.Timezone)
	}
	return t.Location(), nil
}

// labelFor fills in the dynamic parts of a result's label.
func labelFor(r *math.Result, scope state.Scope, zone *time.Location) (string, error) {
	if !strings.Contains(r.Label, "${") {
		return r.Label, nil
	}
	var failed error
	out := placeholder.ReplaceAllStringFunc(r.Label, func(found string) string {
		m := placeholder.FindStringSubmatch(found)
		var text string
		var ok bool
		switch m[1] {
		case "PROP":
			text, ok = propertyOf(r.Series, scope, m[2])
		case "LABEL":
			text, ok = r.Series.Label, true
		default:
			text, ok = summaryOf(r.Series.Points, m[1], zone)
		}
		if !ok {
			failed = unsupported("the dynamic label " + found)
		}
		return text
	})
	return out, failed
}

func propertyOf(s math.Series, scope state.Scope, name string) (string, bool) {
	switch name {
	case "AccountId", "AccountLabel":
		return scope.Account, true
	case "Region":
		return scope.Region, true
	case "Period":
		return strconv.Itoa(int(s.Period.Seconds())), true
	}
	if s.Metric == nil {
		return "", name == "MetricName" || name == "Namespace" || name == "Stat" || strings.HasPrefix(name, "Dim.")
	}
	switch name {
	case "MetricName":
		return s.Metric.Name, true
	case "Namespace":
		return s.Metric.Namespace, true
	case "Stat":
		return s.Metric.Statistic, true
	}
	if name, ok := strings.CutPrefix(name, "Dim."); ok {
		for _, d := range s.Metric.Dimensions {
			if d.Name == name {
				return d.Value, true
			}
		}
		return "", true
	}
	return "", false
}

// summaryOf sums up points, oldest first.
func summaryOf(points []math.Point, name string, zone *time.Location) (string, bool) {
	base, isTime := strings.CutSuffix(name, "_TIME")
	if len(points) == 0 {
		return "--", true
	}
	lowest, highest, sum := points[0], points[0], 0.0
	for _, p := range points {
		if p.Value < lowest.Value {
			lowest = p
		}
		if p.Value > highest.Value {
			highest = p
		}
		sum += p.Value
	}
	first, last := points[0], points[len(points)-1]
	if p, ok := map[string]math.Point{"MIN": lowest, "MAX": highest, "FIRST": first, "LAST": last}[base]; ok {
		if isTime {
			return time.Unix(p.Time, 0).In(zone).Format("2006-01-02T15:04:05-07:00"), true
		}
		return numberText(p.Value), true
	}
	v, ok := map[string]float64{
		"SUM": sum, "AVG": sum / float64(len(points)), "DATAPOINT_COUNT": float64(len(points)),
		"MIN_MAX_RANGE": highest.Value - lowest.Value, "FIRST_LAST_RANGE": last.Value - first.Value,
	}[name]
	return numberText(v), ok
}

func numberText(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }
