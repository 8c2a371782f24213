package cloudwatchlogs

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/hatoba/hatoba/internal/logs"
	"github.com/hatoba/hatoba/internal/wire"
)

// createLogGroup makes a group. Keys and the class DELIVERY promise what we do
// not do yet, and are refused.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
func (s *Service) createLogGroup(ctx context.Context, caller wire.Caller, in *sdk.CreateLogGroupInput) (*sdk.CreateLogGroupOutput, error) {
	var f faults
	f.group(in.LogGroupName, "logGroupName")
	enum(&f, in.LogGroupClass, "logGroupClass", in.LogGroupClass.Values())
	f.tags(in.Tags)
	if err := f.err(); err != nil {
		return nil, err
	}
	switch {
	case strings.HasPrefix(strings.ToLower(*in.LogGroupName), "aws/"):
		return nil, invalid("Log groups starting with AWS/ are reserved for AWS.")
	case !empty(in.KmsKeyId):
		return nil, invalid("Hatoba does not support kmsKeyId yet: there are no keys to encrypt log data with. Leave it out.")
	case in.LogGroupClass == types.LogGroupClassDelivery:
		return nil, invalid("Hatoba does not support the log group class DELIVERY. Use STANDARD.")
	case len(in.Tags) > maxTags:
		return nil, invalid("A log group can have at most %d tags.", maxTags)
	}
	g := logs.Group{
		Name: *in.LogGroupName, Class: string(in.LogGroupClass), Tags: in.Tags,
		DeletionProtection: aws.ToBool(in.DeletionProtectionEnabled),
	}
	if g.Class == "" {
		g.Class = string(types.LogGroupClassStandard)
	}
	err := s.engine.CreateGroup(ctx, caller.Scope, g)
	if errors.Is(err, logs.ErrExists) {
		return nil, &types.ResourceAlreadyExistsException{Message: aws.String("The specified log group already exists")}
	}
	return &sdk.CreateLogGroupOutput{}, answer(err)
}
