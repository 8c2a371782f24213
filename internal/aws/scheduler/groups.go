package scheduler

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// defaultGroup is always there.
const defaultGroup = "default"

func findGroup(r store.Reader, scope state.Scope, name string) (state.EventScheduleGroup, error) {
	g, ok := store.EventScheduleGroups.Get(r, scope.Key(name))
	switch {
	case !ok && name == defaultGroup:
		return state.EventScheduleGroup{Name: name, ARN: groupARN(scope, name)}, nil
	case !ok:
		return g, notFound("Schedule group %s does not exist.", name)
	}
	return g, nil
}

func groupExists(r store.Reader, scope state.Scope, name string) error {
	_, err := findGroup(r, scope, name)
	return err
}

func (s *Service) createScheduleGroup(ctx context.Context, caller wire.Caller, in *sdk.CreateScheduleGroupInput) (*sdk.CreateScheduleGroupOutput, error) {
	if err := checkName(in.Name, "name"); err != nil {
		return nil, err
	}
	if err := checkToken(in.ClientToken); err != nil {
		return nil, err
	}
	tags, err := merged(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	g := state.EventScheduleGroup{Name: *in.Name, ARN: groupARN(caller.Scope, *in.Name), Token: aws.ToString(in.ClientToken), Tags: tags, CreatedAt: s.now(), ModifiedAt: s.now()}
	err = s.store.Update(ctx, func(w store.Writer) error {
		if old, err := findGroup(w, caller.Scope, g.Name); err == nil {
			if g.Token != "" && old.Token == g.Token {
				return nil
			}
			return conflict("Schedule group %s already exists.", g.Name)
		}
		return store.EventScheduleGroups.Put(w, caller.Scope.Key(g.Name), g)
	})
	return &sdk.CreateScheduleGroupOutput{ScheduleGroupArn: &g.ARN}, err
}

// deleteScheduleGroup deletes a group with its schedules.
func (s *Service) deleteScheduleGroup(ctx context.Context, caller wire.Caller, in *sdk.DeleteScheduleGroupInput) (*sdk.DeleteScheduleGroupOutput, error) {
	if err := checkName(in.Name, "name"); err != nil {
		return nil, err
	}
	if err := checkToken(in.ClientToken); err != nil {
		return nil, err
	}
	if *in.Name == defaultGroup {
		return nil, invalid("The default schedule group cannot be deleted.")
	}
	return &sdk.DeleteScheduleGroupOutput{}, s.store.Update(ctx, func(w store.Writer) error {
		if err := groupExists(w, caller.Scope, *in.Name); err != nil {
			return err
		}
		store.EventSchedules.DeleteBelow(w, caller.Scope, *in.Name+"/")
		store.EventScheduleGroups.Delete(w, caller.Scope.Key(*in.Name))
		return nil
	})
}

func (s *Service) getScheduleGroup(ctx context.Context, caller wire.Caller, in *sdk.GetScheduleGroupInput) (*sdk.GetScheduleGroupOutput, error) {
	if err := checkName(in.Name, "name"); err != nil {
		return nil, err
	}
	var out *sdk.GetScheduleGroupOutput
	err := s.view(ctx, func(r store.Reader) error {
		g, err := findGroup(r, caller.Scope, *in.Name)
		out = &sdk.GetScheduleGroupOutput{Name: &g.Name, Arn: &g.ARN, State: types.ScheduleGroupStateActive, CreationDate: &g.CreatedAt, LastModificationDate: &g.ModifiedAt}
		return err
	})
	return out, err
}

func (s *Service) listScheduleGroups(ctx context.Context, caller wire.Caller, in *sdk.ListScheduleGroupsInput) (*sdk.ListScheduleGroupsOutput, error) {
	var all []types.ScheduleGroupSummary
	err := s.view(ctx, func(r store.Reader) error {
		all = nil
		names := []string{defaultGroup}
		for key := range store.EventScheduleGroups.List(r, caller.Scope, "") {
			names = append(names, key.ID)
		}
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			if g, err := findGroup(r, caller.Scope, name); err == nil && strings.HasPrefix(name, aws.ToString(in.NamePrefix)) {
				all = append(all, types.ScheduleGroupSummary{Name: &g.Name, Arn: &g.ARN, State: types.ScheduleGroupStateActive, CreationDate: &g.CreatedAt, LastModificationDate: &g.ModifiedAt})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	list, next, err := page("schedule-groups", all, func(g types.ScheduleGroupSummary) string { return *g.Name }, in.NextToken, in.MaxResults)
	return &sdk.ListScheduleGroupsOutput{ScheduleGroups: append([]types.ScheduleGroupSummary{}, list...), NextToken: next}, err
}

func merged(have map[string]string, more []types.Tag) (map[string]string, error) {
	out := maps.Clone(have)
	for _, t := range more {
		key, value := aws.ToString(t.Key), aws.ToString(t.Value)
		if key == "" || len(key) > 128 || len(value) > 256 || strings.HasPrefix(strings.ToLower(key), "aws:") {
			return nil, invalid("A tag key has 1 to 128 characters and does not begin with aws:, a value has at most 256.")
		}
		if out == nil {
			out = map[string]string{}
		}
		out[key] = value
	}
	if len(out) > 200 {
		return nil, invalid("A schedule group can have at most 200 tags.")
	}
	return out, nil
}

// tagged reads a group by its ARN.
func tagged(r store.Reader, scope state.Scope, arn *string) (state.EventScheduleGroup, error) {
	name, ok := strings.CutPrefix(aws.ToString(arn), groupARN(scope, ""))
	if !ok {
		return state.EventScheduleGroup{}, invalid("ResourceArn must be the ARN of a schedule group.")
	}
	return findGroup(r, scope, name)
}

func (s *Service) tagResource(ctx context.Context, caller wire.Caller, in *sdk.TagResourceInput) (*sdk.TagResourceOutput, error) {
	return &sdk.TagResourceOutput{}, s.store.Update(ctx, func(w store.Writer) error {
		g, err := tagged(w, caller.Scope, in.ResourceArn)
		if err != nil {
			return err
		}
		if g.Tags, err = merged(g.Tags, in.Tags); err != nil {
			return err
		}
		return store.EventScheduleGroups.Put(w, caller.Scope.Key(g.Name), g)
	})
}

func (s *Service) untagResource(ctx context.Context, caller wire.Caller, in *sdk.UntagResourceInput) (*sdk.UntagResourceOutput, error) {
	return &sdk.UntagResourceOutput{}, s.store.Update(ctx, func(w store.Writer) error {
		g, err := tagged(w, caller.Scope, in.ResourceArn)
		if err != nil {
			return err
		}
		g.Tags = maps.Clone(g.Tags)
		maps.DeleteFunc(g.Tags, func(key, _ string) bool { return slices.Contains(in.TagKeys, key) })
		return store.EventScheduleGroups.Put(w, caller.Scope.Key(g.Name), g)
	})
}

func (s *Service) listTagsForResource(ctx context.Context, caller wire.Caller, in *sdk.ListTagsForResourceInput) (*sdk.ListTagsForResourceOutput, error) {
	out := &sdk.ListTagsForResourceOutput{}
	err := s.view(ctx, func(r store.Reader) error {
		g, err := tagged(r, caller.Scope, in.ResourceArn)
		out.Tags = []types.Tag{}
		for _, key := range slices.Sorted(maps.Keys(g.Tags)) {
			out.Tags = append(out.Tags, types.Tag{Key: &key, Value: aws.String(g.Tags[key])})
		}
		return err
	})
	return out, err
}
