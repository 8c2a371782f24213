package cloudwatchlogs

import (
	"context"

	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/hatoba/hatoba/internal/wire"
)

// deleteLogGroup removes a group with all its events.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteLogGroup.html
func (s *Service) deleteLogGroup(ctx context.Context, caller wire.Caller, in *sdk.DeleteLogGroupInput) (*sdk.DeleteLogGroupOutput, error) {
	var f faults
	f.group(in.LogGroupName, "logGroupName")
	if err := f.err(); err != nil {
		return nil, err
	}
	return &sdk.DeleteLogGroupOutput{}, answer(s.engine.DeleteGroup(ctx, caller.Scope, *in.LogGroupName))
}
