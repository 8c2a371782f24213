package cloudwatchlogs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/hatoba/hatoba/internal/logs"
	"github.com/hatoba/hatoba/internal/wire"
)

// getLogEvents returns a page of one stream. At the end of a stream, in either
// direction, the token asked with comes back.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
func (s *Service) getLogEvents(ctx context.Context, caller wire.Caller, in *sdk.GetLogEventsInput) (*sdk.GetLogEventsOutput, error) {
	name, err := group(caller.Scope, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	var f faults
	f.stream(in.LogStreamName, "logStreamName")
	f.between(in.Limit, "limit", 1, 10_000)
	f.time(in.StartTime, "startTime")
	f.time(in.EndTime, "endTime")
	if err := f.err(); err != nil {
		return nil, err
	}
	r := logs.ReadRequest{
		Group: name, Stream: *in.LogStreamName, Start: aws.ToInt64(in.StartTime), End: aws.ToInt64(in.EndTime),
		Limit: limit(in.Limit, 0), Backward: !aws.ToBool(in.StartFromHead),
	}
	kind := "GetLogEvents/" + name + ":" + r.Stream
	if !empty(in.NextToken) {
		if r.From, r.Backward, err = readPosition(kind, *in.NextToken); err != nil {
			return nil, err
		}
	}
	page, err := s.engine.Read(ctx, caller.Scope, r)
	if err != nil {
		return nil, answer(err)
	}
	out := &sdk.GetLogEventsOutput{
		Events:            make([]types.OutputLogEvent, len(page.Events)),
		NextForwardToken:  positionToken(kind, forward, page.Next),
		NextBackwardToken: positionToken(kind, backward, page.Before),
	}
	for i := range page.Events {
		e := &page.Events[i]
		out.Events[i] = types.OutputLogEvent{Timestamp: &e.Time, IngestionTime: &e.Ingestion, Message: &e.Message}
	}
	return out, nil
}
