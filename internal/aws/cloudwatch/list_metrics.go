package cloudwatch

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/wire"
)

// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html
const (
	metricsPage = 500
	maxFilters  = 10
)

// listMetrics lists the metrics that had data in the last two weeks.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html
func (s *Service) listMetrics(_ context.Context, caller wire.Caller, in *cloudwatch.ListMetricsInput) (*cloudwatch.ListMetricsOutput, error) {
	if len(in.Dimensions) > maxFilters {
		return nil, invalid("The collection Dimensions must not have a size greater than %d.", maxFilters)
	}
	for i, f := range in.Dimensions {
		if aws.ToString(f.Name) == "" {
			return nil, missing("Dimensions." + memberName(i) + ".Name")
		}
	}
	since := time.Time{}
	switch in.RecentlyActive {
	case "":
	case types.RecentlyActivePt3h:
		since = s.cfg.Now().Add(-3 * time.Hour)
	default:
		return nil, badValue(in.RecentlyActive, "RecentlyActive")
	}
	linked := aws.ToBool(in.IncludeLinkedAccounts)
	if in.OwningAccount != nil && !linked {
		return nil, combination("The parameter OwningAccount can be specified only if IncludeLinkedAccounts is true.")
	}
	found := s.cfg.Engine.List(caller.Scope, func(l metrics.Listed) bool {
		return (in.Namespace == nil || l.Namespace == *in.Namespace) && (in.MetricName == nil || l.Name == *in.MetricName) &&
			!l.Last.Before(since) && hasDimensions(l.Dimensions, in.Dimensions) &&
			(in.OwningAccount == nil || *in.OwningAccount == l.Scope.Account)
	})
	slices.SortFunc(found, func(a, b metrics.Listed) int { return strings.Compare(listKey(a), listKey(b)) })
	page, next, err := wire.Cut("metrics", found, listKey, in.NextToken, metricsPage)
	if err != nil {
		return nil, badToken()
	}
	out := &cloudwatch.ListMetricsOutput{NextToken: next, Metrics: []types.Metric{}}
	for _, l := range page {
		out.Metrics = append(out.Metrics, types.Metric{Namespace: aws.String(l.Namespace), MetricName: aws.String(l.Name), Dimensions: toDimensions(l.Dimensions)})
		if linked {
			out.OwningAccounts = append(out.OwningAccounts, l.Scope.Account)
		}
	}
	return out, nil
}

// listKey orders metrics, and is what a page's token carries.
func listKey(l metrics.Listed) string {
	var b strings.Builder
	for _, part := range []string{l.Namespace, l.Name} {
		b.WriteString(part)
		b.WriteByte(0)
	}
	for _, d := range l.Dimensions {
		b.WriteString(d.Name + "\x00" + d.Value + "\x00")
	}
	return b.String()
}

// hasDimensions tells whether a metric has each of the dimensions, with the
// value where one is said.
func hasDimensions(have []metrics.Dimension, want []types.DimensionFilter) bool {
	for _, f := range want {
		ok := slices.ContainsFunc(have, func(d metrics.Dimension) bool {
			return d.Name == *f.Name && (f.Value == nil || d.Value == *f.Value)
		})
		if !ok {
			return false
		}
	}
	return true
}
