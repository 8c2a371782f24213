package cloudwatch

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/metrics/math"
	"github.com/hatoba/hatoba/internal/wire"
)

// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
const (
	maxQueries = 500
	maxPoints  = 100_800
)

// getMetricData gives statistics of metrics, and what expressions make of them.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
func (s *Service) getMetricData(ctx context.Context, caller wire.Caller, in *cloudwatch.GetMetricDataInput) (*cloudwatch.GetMetricDataOutput, error) {
	most, err := checkGetMetricData(in)
	if err != nil {
		return nil, err
	}
	plan, err := planOf("MetricDataQueries", caller.Scope.Account, in.MetricDataQueries)
	if err != nil {
		return nil, err
	}
	zone, err := zoneOf(in.LabelOptions)
	if err != nil {
		return nil, err
	}
	from, err := readPosition(in.NextToken)
	if err != nil {
		return nil, err
	}
	window := math.Window{From: *in.StartTime, To: *in.EndTime, Now: s.cfg.Now()}
	results, err := plan.Evaluate(ctx, source{s.cfg.Engine, caller.Scope}, window)
	if err != nil {
		return nil, mathError(err)
	}
	for i := range results {
		if results[i].Label, err = labelFor(&results[i], caller.Scope, zone); err != nil {
			return nil, err
		}
		if in.ScanBy != types.ScanByTimestampAscending {
			slices.Reverse(results[i].Series.Points)
		}
	}
	out := &cloudwatch.GetMetricDataOutput{MetricDataResults: []types.MetricDataResult{}, Messages: []types.MessageData{}}
	out.MetricDataResults, out.NextToken = pageOf(results, from, most, in.ScanBy != types.ScanByTimestampAscending)
	return out, nil
}

func checkGetMetricData(in *cloudwatch.GetMetricDataInput) (most int, err error) {
	most = maxPoints
	switch {
	case in.StartTime == nil:
		return 0, missing("StartTime")
	case in.EndTime == nil:
		return 0, missing("EndTime")
	case !in.StartTime.Before(*in.EndTime):
		return 0, validation("The parameter StartTime must be less than the parameter EndTime.")
	case len(in.MetricDataQueries) == 0:
		return 0, missing("MetricDataQueries")
	case len(in.MetricDataQueries) > maxQueries:
		return 0, validation("The collection MetricDataQueries must not have a size greater than %d.", maxQueries)
	case in.ScanBy != "" && !slices.Contains(in.ScanBy.Values(), in.ScanBy):
		return 0, badValue(in.ScanBy, "ScanBy")
	}
	if in.MaxDatapoints != nil {
		if most = int(*in.MaxDatapoints); most < 1 || most > maxPoints {
			return 0, validation("The parameter MaxDatapoints must be between 1 and %d.", maxPoints)
		}
	}
	if !slices.ContainsFunc(in.MetricDataQueries, func(q types.MetricDataQuery) bool { return q.ReturnData == nil || *q.ReturnData }) {
		return 0, validation("At least one of the MetricDataQueries must have ReturnData true.")
	}
	return most, nil
}

// position is how far the pages before have come: of a result all that lies
// before a time, in the order that is asked for.
type position struct {
	result int
	after  int64 // Unix seconds of the last point given; 0: none
}

const metricDataPages = "metricdata"

func readPosition(token *string) (p position, err error) {
	if token == nil {
		return p, nil
	}
	text, err := wire.ReadPageToken(metricDataPages, *token)
	if err == nil && text != "" {
		_, err = fmt.Sscanf(text, "%d/%d", &p.result, &p.after)
	}
	if err != nil || p.result < 0 {
		return p, badToken()
	}
	return p, nil
}

// pageOf gives at most so many points. A result that goes on is PartialData.
func pageOf(results []math.Result, from position, most int, descending bool) (out []types.MetricDataResult, next *string) {
	out = []types.MetricDataResult{}
	for i := from.result; i < len(results); i++ {
		points := results[i].Series.Points
		if i == from.result && from.after != 0 {
			points = points[given(points, from.after, descending):]
		}
		r := types.MetricDataResult{
			Id: aws.String(results[i].ID), Label: aws.String(results[i].Label), StatusCode: types.StatusCodeComplete,
			Timestamps: []time.Time{}, Values: []float64{},
		}
		if len(points) > most {
			points, r.StatusCode = points[:most], types.StatusCodePartialData
		}
		for _, p := range points {
			r.Timestamps = append(r.Timestamps, time.Unix(p.Time, 0).UTC())
			r.Values = append(r.Values, p.Value)
		}
		out = append(out, r)
		most -= len(points)
		switch {
		case r.StatusCode == types.StatusCodePartialData:
			if len(points) == 0 { // there was no room for any of it
				out = out[:len(out)-1]
				return out, wire.NextPage(metricDataPages, fmt.Sprintf("%d/%d", i, startOf(from, i)))
			}
			return out, wire.NextPage(metricDataPages, fmt.Sprintf("%d/%d", i, points[len(points)-1].Time))
		case most == 0 && i+1 < len(results):
			return out, wire.NextPage(metricDataPages, fmt.Sprintf("%d/0", i+1))
		}
	}
	return out, nil
}

// startOf is where a result begins that nothing was given of in this page.
func startOf(from position, result int) int64 {
	if from.result == result {
		return from.after
	}
	return 0
}

// given counts the points that pages before had.
func given(points []math.Point, last int64, descending bool) int {
	n, _ := slices.BinarySearchFunc(points, last, func(p math.Point, last int64) int {
		if p.Time == last || (p.Time > last) == descending {
			return -1
		}
		return 1
	})
	return n
}
