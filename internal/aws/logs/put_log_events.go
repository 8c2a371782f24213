package cloudwatchlogs

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/hatoba/hatoba/internal/logs"
	"github.com/hatoba/hatoba/internal/wire"
)

// Bounds of a batch.
const (
	maxBatchEvents = 10_000
	maxBatchBytes  = 1 << 20
	eventOverhead  = 26
	maxBatchSpan   = 24 * 60 * 60 * 1000
)

// sequenceToken is given to clients that still ask for one; it means nothing,
// to AWS neither.
const sequenceToken = "49000000000000000000000000000000000000000000000000000000"

// putLogEvents stores a batch. An entity is refused in the answer: we keep
// none.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
func (s *Service) putLogEvents(ctx context.Context, caller wire.Caller, in *sdk.PutLogEventsInput) (*sdk.PutLogEventsOutput, error) {
	events, err := checkPutLogEvents(in)
	if err != nil {
		return nil, err
	}
	rejected, err := s.engine.Append(ctx, caller.Scope, *in.LogGroupName, *in.LogStreamName, logs.Batch{Events: events})
	if err != nil {
		return nil, answer(err)
	}
	out := &sdk.PutLogEventsOutput{NextSequenceToken: aws.String(sequenceToken)}
	if rejected != (logs.Rejected{}) {
		out.RejectedLogEventsInfo = &types.RejectedLogEventsInfo{
			TooNewLogEventStartIndex: index(rejected.TooNew),
			TooOldLogEventEndIndex:   index(rejected.TooOld),
			ExpiredLogEventEndIndex:  index(rejected.Expired),
		}
	}
	if in.Entity != nil {
		out.RejectedEntityInfo = &types.RejectedEntityInfo{ErrorType: types.EntityRejectionErrorTypeUnsupportedLogGroupType}
	}
	return out, nil
}

func index(i *int) *int32 {
	if i == nil {
		return nil
	}
	return aws.Int32(int32(*i))
}

func checkPutLogEvents(in *sdk.PutLogEventsInput) ([]logs.InputEvent, error) {
	var f faults
	f.group(in.LogGroupName, "logGroupName")
	f.stream(in.LogStreamName, "logStreamName")
	switch n := len(in.LogEvents); {
	case in.LogEvents == nil:
		f.add("null", "logEvents", "Member must not be null")
	case n == 0:
		f.add("'[]'", "logEvents", "Member must have length greater than or equal to 1")
	case n > maxBatchEvents:
		f.add("'["+fmt.Sprint(n)+" events]'", "logEvents", fmt.Sprintf("Member must have length less than or equal to %d", maxBatchEvents))
	}
	events, bytes := make([]logs.InputEvent, len(in.LogEvents)), 0
	for i, e := range in.LogEvents {
		f.event(e, i+1)
		events[i] = logs.InputEvent{Time: aws.ToInt64(e.Timestamp), Message: aws.ToString(e.Message)}
		bytes += len(events[i].Message) + eventOverhead
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	if bytes > maxBatchBytes {
		return nil, invalid("Upload too large: %d bytes exceeds limit of %d", bytes, maxBatchBytes)
	}
	for i := 1; i < len(events); i++ {
		if events[i].Time < events[i-1].Time {
			return nil, invalid("Log events in a single PutLogEvents request must be in chronological order.")
		}
	}
	if events[len(events)-1].Time-events[0].Time > maxBatchSpan {
		return nil, invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
	}
	return events, nil
}

// event checks one event; n counts from 1.
func (f *faults) event(e types.InputLogEvent, n int) {
	if len(*f) >= 10 { // enough is told
		return
	}
	member := fmt.Sprintf("logEvents.%d.member", n)
	if e.Timestamp == nil {
		f.add("null", member+".timestamp", "Member must not be null")
	}
	f.time(e.Timestamp, member+".timestamp")
	if e.Message == nil {
		f.add("null", member+".message", "Member must not be null")
	} else if *e.Message == "" {
		f.add("''", member+".message", "Member must have length greater than or equal to 1")
	}
}
