package events

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// maxReplays is how many replays may be under way.
const maxReplays = 10

// startReplay sends what an archive has of a time to its bus again.
//
// Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_StartReplay.html
func (s *Service) startReplay(ctx context.Context, caller wire.Caller, in *sdk.StartReplayInput) (*sdk.StartReplayOutput, error) {
	scope := caller.Scope
	replay, err := s.checkReplay(scope, in)
	if err != nil {
		return nil, err
	}
	err = s.update(ctx, func(w store.Writer) error {
		a, err := findArchive(w, scope, replay.Archive)
		if err != nil {
			return invalid("Parameter EventSourceArn is not valid. Reason: Archive %s does not exist.", replay.Archive)
		}
		if a.Bus != replay.Bus {
			return invalid("Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted.")
		}
		replay.Stream = a.Stream
		for _, arn := range replay.Rules {
			name, ok := strings.CutPrefix(arn, ruleARN(scope, a.Bus, ""))
			if _, found := store.EventRules.Get(w, scope.Key(a.Bus+"/"+name)); !ok || !found {
				return invalid("Parameter Destination.FilterArns is not valid. Reason: Rule %s does not exist.", arn)
			}
		}
		running := 0
		for _, other := range store.EventReplays.List(w, scope, "") {
			if other.Name == replay.Name {
				return exists("Replay %s already exists.", replay.Name)
			}
			if other.EndedAt == nil {
				running++
			}
		}
		if running >= maxReplays {
			return limited("The requested resource exceeds the maximum number allowed.")
		}
		return store.EventReplays.Put(w, scope.Key(replay.Name), replay)
	})
	return &sdk.StartReplayOutput{ReplayArn: &replay.ARN, ReplayStartTime: &replay.StartedAt, State: replay.State}, err
}

func (s *Service) checkReplay(scope state.Scope, in *sdk.StartReplayInput) (state.EventReplay, error) {
	out := state.EventReplay{Description: aws.ToString(in.Description), State: types.ReplayStateStarting, StartedAt: s.now()}
	if err := checkName(in.ReplayName, "replayName", 64, nameForm); err != nil {
		return out, err
	}
	if err := checkLength(in.Description, "description", 512); err != nil {
		return out, err
	}
	archive, ok := strings.CutPrefix(aws.ToString(in.EventSourceArn), scope.ARN("events", "archive/"))
	switch {
	case !ok:
		return out, invalid("Parameter EventSourceArn is not valid. Reason: Must contain an archive ARN.")
	case in.EventStartTime == nil || in.EventEndTime == nil:
		return out, invalid("EventStartTime and EventEndTime are required.")
	case !in.EventEndTime.After(*in.EventStartTime):
		return out, invalid("Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.")
	case in.Destination == nil || !strings.HasPrefix(aws.ToString(in.Destination.Arn), busARN(scope, "")):
		return out, invalid("Parameter Destination.Arn is not valid. Reason: Must contain an event bus ARN.")
	}
	out.Name, out.ARN, out.Archive = *in.ReplayName, scope.ARN("events", "replay/"+*in.ReplayName), archive
	out.From, out.To, out.Rules = in.EventStartTime.UTC(), in.EventEndTime.UTC(), in.Destination.FilterArns
	var err error
	out.Bus, err = busName(scope, in.Destination.Arn)
	return out, err
}

func findReplay(r store.Reader, scope state.Scope, name string) (state.EventReplay, error) {
	replay, ok := store.EventReplays.Get(r, scope.Key(name))
	if !ok {
		return replay, notFound("Replay %s does not exist.", name)
	}
	return replay, nil
}

// cancelReplay ends a replay. What it has sent already is not called back.
func (s *Service) cancelReplay(ctx context.Context, caller wire.Caller, in *sdk.CancelReplayInput) (*sdk.CancelReplayOutput, error) {
	if err := checkName(in.ReplayName, "replayName", 64, nameForm); err != nil {
		return nil, err
	}
	now := s.now()
	var out *sdk.CancelReplayOutput
	err := s.update(ctx, func(w store.Writer) error {
		replay, err := findReplay(w, caller.Scope, *in.ReplayName)
		if err != nil {
			return err
		}
		if replay.EndedAt != nil {
			return &types.IllegalStatusException{Message: aws.String("Replay " + replay.Name + " is not in a valid state for this operation.")}
		}
		replay.State, replay.EndedAt = types.ReplayStateCancelled, &now
		out = &sdk.CancelReplayOutput{ReplayArn: &replay.ARN, State: types.ReplayStateCancelling}
		return store.EventReplays.Put(w, caller.Scope.Key(replay.Name), replay)
	})
	return out, err
}

func (s *Service) describeReplay(ctx context.Context, caller wire.Caller, in *sdk.DescribeReplayInput) (*sdk.DescribeReplayOutput, error) {
	if err := checkName(in.ReplayName, "replayName", 64, nameForm); err != nil {
		return nil, err
	}
	var out *sdk.DescribeReplayOutput
	err := s.view(ctx, func(r store.Reader) error {
		replay, err := findReplay(r, caller.Scope, *in.ReplayName)
		out = &sdk.DescribeReplayOutput{
			ReplayName: &replay.Name, ReplayArn: &replay.ARN, Description: optional(replay.Description), State: replay.State, StateReason: optional(replay.Reason),
			EventSourceArn: aws.String(caller.Scope.ARN("events", "archive/"+replay.Archive)),
			Destination:    &types.ReplayDestination{Arn: aws.String(busARN(caller.Scope, replay.Bus)), FilterArns: replay.Rules},
			EventStartTime: &replay.From, EventEndTime: &replay.To, EventLastReplayedTime: replay.LastEvent,
			ReplayStartTime: &replay.StartedAt, ReplayEndTime: replay.EndedAt,
		}
		return err
	})
	return out, err
}

func (s *Service) listReplays(ctx context.Context, caller wire.Caller, in *sdk.ListReplaysInput) (*sdk.ListReplaysOutput, error) {
	if err := checkEnum(in.State, "state", in.State.Values()); err != nil {
		return nil, err
	}
	var all []types.Replay
	err := s.view(ctx, func(r store.Reader) error {
		all = nil
		for _, replay := range store.EventReplays.List(r, caller.Scope, aws.ToString(in.NamePrefix)) {
			archive := caller.Scope.ARN("events", "archive/"+replay.Archive)
			if in.State != "" && replay.State != in.State || in.EventSourceArn != nil && *in.EventSourceArn != archive {
				continue
			}
			all = append(all, types.Replay{
				ReplayName: &replay.Name, State: replay.State, StateReason: optional(replay.Reason), EventSourceArn: &archive,
				EventStartTime: &replay.From, EventEndTime: &replay.To, EventLastReplayedTime: replay.LastEvent,
				ReplayStartTime: &replay.StartedAt, ReplayEndTime: replay.EndedAt,
			})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	list, next, err := page("replays", all, func(r types.Replay) string { return *r.ReplayName }, in.NextToken, in.Limit)
	return &sdk.ListReplaysOutput{Replays: append([]types.Replay{}, list...), NextToken: next}, err
}
