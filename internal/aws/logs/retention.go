package cloudwatchlogs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/hatoba/hatoba/internal/logs"
	"github.com/hatoba/hatoba/internal/wire"
)

// retentionDays returns the periods that AWS knows.
func retentionDays() []int32 {
	return []int32{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
}

// putRetentionPolicy lets a group's events expire.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
func (s *Service) putRetentionPolicy(ctx context.Context, caller wire.Caller, in *sdk.PutRetentionPolicyInput) (*sdk.PutRetentionPolicyOutput, error) {
	var f faults
	f.group(in.LogGroupName, "logGroupName")
	if in.RetentionInDays == nil {
		f.add("null", "retentionInDays", "Member must not be null")
	} else if !slices.Contains(retentionDays(), *in.RetentionInDays) {
		f.add(fmt.Sprintf("'%d'", *in.RetentionInDays), "retentionInDays",
			"Member must satisfy enum value set: "+strings.ReplaceAll(fmt.Sprint(retentionDays()), " ", ", "))
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	err := s.engine.UpdateGroup(ctx, caller.Scope, *in.LogGroupName, func(g *logs.Group) error {
		g.RetentionDays = *in.RetentionInDays
		return nil
	})
	return &sdk.PutRetentionPolicyOutput{}, answer(err)
}

// deleteRetentionPolicy keeps a group's events for ever.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteRetentionPolicy.html
func (s *Service) deleteRetentionPolicy(ctx context.Context, caller wire.Caller, in *sdk.DeleteRetentionPolicyInput) (*sdk.DeleteRetentionPolicyOutput, error) {
	var f faults
	f.group(in.LogGroupName, "logGroupName")
	if err := f.err(); err != nil {
		return nil, err
	}
	err := s.engine.UpdateGroup(ctx, caller.Scope, *in.LogGroupName, func(g *logs.Group) error {
		g.RetentionDays = 0
		return nil
	})
	return &sdk.DeleteRetentionPolicyOutput{}, answer(err)
}
