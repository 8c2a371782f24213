package cloudwatchlogs

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/hatoba/hatoba/internal/logs"
	"github.com/hatoba/hatoba/internal/wire"
)

// createLogStream makes a stream in a group.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogStream.html
func (s *Service) createLogStream(ctx context.Context, caller wire.Caller, in *sdk.CreateLogStreamInput) (*sdk.CreateLogStreamOutput, error) {
	var f faults
	f.group(in.LogGroupName, "logGroupName")
	f.stream(in.LogStreamName, "logStreamName")
	if err := f.err(); err != nil {
		return nil, err
	}
	err := s.engine.CreateStream(ctx, caller.Scope, *in.LogGroupName, *in.LogStreamName)
	if errors.Is(err, logs.ErrExists) {
		return nil, &types.ResourceAlreadyExistsException{Message: aws.String("The specified log stream already exists")}
	}
	return &sdk.CreateLogStreamOutput{}, answer(err)
}
