package cloudwatchlogs

import (
	"context"

	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/hatoba/hatoba/internal/logs"
	"github.com/hatoba/hatoba/internal/wire"
)

// putLogGroupDeletionProtection lets a group be deleted or not.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogGroupDeletionProtection.html
func (s *Service) putLogGroupDeletionProtection(ctx context.Context, caller wire.Caller, in *sdk.PutLogGroupDeletionProtectionInput) (*sdk.PutLogGroupDeletionProtectionOutput, error) {
	var f faults
	f.length(in.LogGroupIdentifier, "logGroupIdentifier", 1, 2048)
	if in.DeletionProtectionEnabled == nil {
		f.add("null", "deletionProtectionEnabled", "Member must not be null")
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	name, err := groupOfIdentifier(caller.Scope, *in.LogGroupIdentifier, "logGroupIdentifier")
	if err != nil {
		return nil, err
	}
	err = s.engine.UpdateGroup(ctx, caller.Scope, name, func(g *logs.Group) error {
		g.DeletionProtection = *in.DeletionProtectionEnabled
		return nil
	})
	return &sdk.PutLogGroupDeletionProtectionOutput{}, answer(err)
}
