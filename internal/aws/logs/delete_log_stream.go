package cloudwatchlogs

import (
	"context"

	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/hatoba/hatoba/internal/wire"
)

// deleteLogStream removes a stream with its events.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteLogStream.html
func (s *Service) deleteLogStream(ctx context.Context, caller wire.Caller, in *sdk.DeleteLogStreamInput) (*sdk.DeleteLogStreamOutput, error) {
	var f faults
	f.group(in.LogGroupName, "logGroupName")
	f.stream(in.LogStreamName, "logStreamName")
	if err := f.err(); err != nil {
		return nil, err
	}
	err := s.engine.DeleteStream(ctx, caller.Scope, *in.LogGroupName, *in.LogStreamName)
	return &sdk.DeleteLogStreamOutput{}, answer(err)
}
