package autoscaling

import (
	"context"
	"slices"

	sdk "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/hatoba/hatoba/internal/scaling"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// describeScalingActivities tells what was done in the last six weeks, the
// newest first, and on demand what was not done and why.
//
// Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingActivities.html
func (s *Service) describeScalingActivities(ctx context.Context, caller wire.Caller, in *sdk.DescribeScalingActivitiesInput) (*sdk.DescribeScalingActivitiesOutput, error) {
	if err := checkFilter(in.ServiceNamespace, in.ResourceId, in.ScalableDimension); err != nil {
		return nil, err
	}
	size, ok := wire.PageSize(in.MaxResults, 50, 50)
	if !ok {
		return nil, invalid("1 validation error detected: Value '%d' at 'maxResults' failed to satisfy constraint: %s", size, wire.ValueWithin(size, 1, 50))
	}
	before, err := wire.ReadPageToken("scaling-activities", aws.ToString(in.NextToken))
	if err != nil {
		return nil, badToken()
	}
	since := s.now().Add(-scaling.Kept)
	out := &sdk.DescribeScalingActivitiesOutput{ScalingActivities: []types.ScalingActivity{}}
	return out, s.view(ctx, func(r store.Reader) error {
		type entry struct {
			id string // with the time before the resource: those of all are in their order
			a  state.ScalingActivity
		}
		var list []entry
		for key, a := range store.ScalingActivities.List(r, caller.Scope, prefix(in.ResourceId)) {
			id := key.ID[len(state.ScalingID(a.ResourceID, "")):] + " " + a.ResourceID
			if (aws.ToBool(in.IncludeNotScaledActivities) || len(a.NotScaled) == 0) && a.StartTime.After(since) && (before == "" || id < before) {
				list = append(list, entry{id, a})
			}
		}
		slices.SortFunc(list, func(a, b entry) int {
			if a.id > b.id {
				return -1
			}
			return 1
		})
		if len(list) > size {
			list = list[:size]
			out.NextToken = wire.NextPage("scaling-activities", list[size-1].id)
		}
		for _, e := range list {
			out.ScalingActivities = append(out.ScalingActivities, activity(e.a))
		}
		return nil
	})
}

// activity is an activity as AWS describes it.
func activity(a state.ScalingActivity) types.ScalingActivity {
	out := types.ScalingActivity{
		ActivityId: &a.ID, ServiceNamespace: namespace, ResourceId: &a.ResourceID, ScalableDimension: dimension,
		Description: &a.Description, Cause: &a.Cause, StartTime: &a.StartTime, EndTime: a.EndTime, StatusCode: a.Status, NotScaledReasons: a.NotScaled,
	}
	if a.Message != "" {
		out.StatusMessage = &a.Message
	}
	return out
}
