package cloudwatchlogs

import (
	"context"
	"fmt"
	"math"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/hatoba/hatoba/internal/logs"
	"github.com/hatoba/hatoba/internal/logs/filter"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire"
)

// Bounds of FilterLogEvents. Going backward is for times since 2024 only.
const (
	maxFilterStreams = 100
	backwardSince    = 1704067200000
)

// filterLogEvents returns a page of a group's matching events, merged by time
// over its streams. An endTime is inclusive here, other than in GetLogEvents.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
func (s *Service) filterLogEvents(ctx context.Context, caller wire.Caller, in *sdk.FilterLogEventsInput) (*sdk.FilterLogEventsOutput, error) {
	r, err := filterRequest(caller.Scope, in)
	if err != nil {
		return nil, err
	}
	kind := "FilterLogEvents/" + r.Group
	if !empty(in.NextToken) {
		if r.From, r.Backward, err = readPosition(kind, *in.NextToken); err != nil {
			return nil, err
		}
	}
	found, err := s.engine.Filter(ctx, caller.Scope, r)
	if err != nil {
		return nil, answer(err)
	}
	out := &sdk.FilterLogEventsOutput{
		Events:             make([]types.FilteredLogEvent, len(found.Events)),
		SearchedLogStreams: []types.SearchedLogStream{}, // empty since 2020
	}
	for i := range found.Events {
		e := &found.Events[i]
		out.Events[i] = types.FilteredLogEvent{
			EventId: aws.String(e.ID()), LogStreamName: &e.Stream, Timestamp: &e.Time, IngestionTime: &e.Ingestion, Message: &e.Message,
		}
	}
	if found.Next != nil {
		direction := forward
		if r.Backward {
			direction = backward
		}
		out.NextToken = positionToken(kind, direction, *found.Next)
	}
	return out, nil
}

func filterRequest(scope state.Scope, in *sdk.FilterLogEventsInput) (r logs.FilterRequest, err error) {
	if r.Group, err = group(scope, in.LogGroupName, in.LogGroupIdentifier); err != nil {
		return r, err
	}
	var f faults
	f.between(in.Limit, "limit", 1, 10_000)
	f.time(in.StartTime, "startTime")
	f.time(in.EndTime, "endTime")
	if in.LogStreamNamePrefix != nil {
		f.stream(in.LogStreamNamePrefix, "logStreamNamePrefix")
	}
	if n := len(in.LogStreamNames); n > maxFilterStreams {
		f.add(fmt.Sprintf("'[%d names]'", n), "logStreamNames", fmt.Sprintf("Member must have length less than or equal to %d", maxFilterStreams))
	}
	for i := range in.LogStreamNames {
		f.stream(&in.LogStreamNames[i], "logStreamNames")
	}
	if err := f.err(); err != nil {
		return r, err
	}
	if in.LogStreamNamePrefix != nil && len(in.LogStreamNames) > 0 {
		return r, invalid("logStreamNames and logStreamNamePrefix are mutually exclusive parameters.")
	}
	r.Prefix = aws.ToString(in.LogStreamNamePrefix)
	if len(in.LogStreamNames) > 0 {
		r.Streams = in.LogStreamNames
	}
	r.Start, r.Limit = aws.ToInt64(in.StartTime), limit(in.Limit, 0)
	if in.EndTime != nil && *in.EndTime < math.MaxInt64 { // which is to say: no end
		r.End = *in.EndTime + 1
	}
	if r.End > 0 && r.Start >= r.End {
		return r, invalid("The startTime must not be after the endTime.")
	}
	r.Backward = in.StartFromHead != nil && !*in.StartFromHead
	if r.Backward && r.Start < backwardSince {
		return r, invalid("A startFromHead of false needs a startTime on or after Jan 1, 2024 00:00:00 UTC.")
	}
	pattern, err := filter.Parse(aws.ToString(in.FilterPattern))
	if err != nil {
		return r, invalid("%s", err)
	}
	r.Match = pattern
	return r, nil
}
