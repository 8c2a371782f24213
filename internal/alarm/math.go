package alarm

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/metrics/math"
)

// Queries are what an alarm on metric math reads and calculates; nil for one on
// a metric.
func Queries(a types.MetricAlarm) []math.Query {
	var out []math.Query
	for _, in := range a.Metrics {
		q := math.Query{
			ID: aws.ToString(in.Id), Expression: aws.ToString(in.Expression), Label: aws.ToString(in.Label),
			Period: time.Duration(aws.ToInt32(in.Period)) * time.Second, Return: in.ReturnData == nil || *in.ReturnData,
		}
		if s := in.MetricStat; s != nil && s.Metric != nil {
			q.Metric = &metrics.Query{
				Series: series(s.Metric.Namespace, s.Metric.MetricName, s.Metric.Dimensions), Unit: string(s.Unit), Statistic: aws.ToString(s.Stat),
				Period: time.Duration(aws.ToInt32(s.Period)) * time.Second,
			}
		}
		out = append(out, q)
	}
	return out
}

// Query is what an alarm on a metric reads of its window.
func Query(a types.MetricAlarm, w Window) metrics.Query {
	statistic := string(a.Statistic)
	if a.ExtendedStatistic != nil {
		statistic = *a.ExtendedStatistic
	}
	return metrics.Query{
		Series: series(a.Namespace, a.MetricName, a.Dimensions), Unit: string(a.Unit), Statistic: statistic, Period: w.Period, From: w.From, To: w.To,
	}
}

func series(namespace, name *string, dimensions []types.Dimension) metrics.Series {
	s := metrics.Series{Namespace: aws.ToString(namespace), Name: aws.ToString(name)}
	for _, d := range dimensions {
		s.Dimensions = append(s.Dimensions, metrics.Dimension{Name: aws.ToString(d.Name), Value: aws.ToString(d.Value)})
	}
	slices.SortFunc(s.Dimensions, func(a, b metrics.Dimension) int { return strings.Compare(a.Name, b.Name) })
	return s
}
