package iam

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/hatoba/hatoba/internal/identity"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func findGroup(r store.Reader, account, name string) (state.Group, error) {
	group, ok := store.Groups.Get(r, state.IAMKey(account, name))
	if !ok {
		return group, noSuch("The group with name %s cannot be found.", name)
	}
	return group, nil
}

// groups hold policies.
func groups() holder {
	return holder{
		kind: "group", title: "Group", size: groupSize,
		grant: func(r store.Reader, account, name string) (state.Grants, error) {
			group, err := findGroup(r, account, name)
			return group.Grants, err
		},
		save: func(w store.Writer, account, name string, g state.Grants) error {
			group, err := findGroup(w, account, name)
			if err != nil {
				return err
			}
			group.Grants = g
			return store.Groups.Put(w, state.IAMKey(account, name), group)
		},
	}
}

func shownGroup(g state.Group) *types.Group {
	return &types.Group{Arn: &g.ARN, CreateDate: &g.CreatedAt, GroupId: &g.ID, GroupName: &g.Name, Path: &g.Path}
}

// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateGroup.html
func (s *Service) createGroup(ctx context.Context, caller wire.Caller, in *iam.CreateGroupInput) (*iam.CreateGroupOutput, error) {
	n, err := name(in.GroupName, "groupName", longestGroup)
	if err != nil {
		return nil, err
	}
	g := state.Group{Name: n, ID: identity.NewID("AGPA"), CreatedAt: s.now()}
	if g.Path, err = path(in.Path); err != nil {
		return nil, err
	}
	account := caller.Scope.Account
	g.ARN = state.IAMARN(account, "group", g.Path, n)
	err = s.update(ctx, func(w store.Writer) error {
		if _, ok := store.Groups.Get(w, state.IAMKey(account, n)); ok {
			return exists("Group with name %s already exists.", n)
		}
		return store.Groups.Put(w, state.IAMKey(account, n), g)
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreateGroupOutput{Group: shownGroup(g)}, nil
}

// members lists the users of a group.
func members(r store.Reader, account, group string) (out []state.User) {
	for _, user := range store.Users.List(r, state.IAMScope(account), "") {
		if slices.Contains(user.Groups, strings.ToLower(group)) {
			out = append(out, user)
		}
	}
	return out
}

func (s *Service) getGroup(ctx context.Context, caller wire.Caller, in *iam.GetGroupInput) (*iam.GetGroupOutput, error) {
	out := &iam.GetGroupOutput{}
	err := s.view(ctx, func(r store.Reader) error {
		g, err := findGroup(r, caller.Scope.Account, aws.ToString(in.GroupName))
		if err != nil {
			return err
		}
		out.Group = shownGroup(g)
		page, next, err := paged(members(r, caller.Scope.Account, g.Name), func(u state.User) string { return strings.ToLower(u.Name) }, in.Marker, in.MaxItems)
		for _, user := range page {
			out.Users = append(out.Users, *shownUser(user, false))
		}
		out.Marker, out.IsTruncated = next, next != nil
		return err
	})
	return out, err
}

func (s *Service) listGroups(ctx context.Context, caller wire.Caller, in *iam.ListGroupsInput) (*iam.ListGroupsOutput, error) {
	out := &iam.ListGroupsOutput{}
	err := s.view(ctx, func(r store.Reader) error {
		var list []state.Group
		for _, g := range store.Groups.List(r, state.IAMScope(caller.Scope.Account), "") {
			if strings.HasPrefix(g.Path, aws.ToString(in.PathPrefix)) {
				list = append(list, g)
			}
		}
		page, next, err := paged(list, func(g state.Group) string { return strings.ToLower(g.Name) }, in.Marker, in.MaxItems)
		for _, g := range page {
			out.Groups = append(out.Groups, *shownGroup(g))
		}
		out.Marker, out.IsTruncated = next, next != nil
		return err
	})
	return out, err
}

func (s *Service) listGroupsForUser(ctx context.Context, caller wire.Caller, in *iam.ListGroupsForUserInput) (*iam.ListGroupsForUserOutput, error) {
	out := &iam.ListGroupsForUserOutput{}
	err := s.view(ctx, func(r store.Reader) error {
		user, err := findUser(r, caller.Scope.Account, aws.ToString(in.UserName))
		if err != nil {
			return err
		}
		page, next, err := paged(slices.Sorted(slices.Values(user.Groups)), func(n string) string { return n }, in.Marker, in.MaxItems)
		for _, n := range page {
			if g, ok := store.Groups.Get(r, state.IAMKey(caller.Scope.Account, n)); ok {
				out.Groups = append(out.Groups, *shownGroup(g))
			}
		}
		out.Marker, out.IsTruncated = next, next != nil
		return err
	})
	return out, err
}

// https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteGroup.html
func (s *Service) deleteGroup(ctx context.Context, caller wire.Caller, in *iam.DeleteGroupInput) (*iam.DeleteGroupOutput, error) {
	account := caller.Scope.Account
	err := s.update(ctx, func(w store.Writer) error {
		g, err := findGroup(w, account, aws.ToString(in.GroupName))
		if err != nil {
			return err
		}
		if len(members(w, account, g.Name)) > 0 {
			return conflict("Cannot delete entity, must remove users from group first.")
		}
		if err := free(g.Grants); err != nil {
			return err
		}
		store.Groups.Delete(w, state.IAMKey(account, g.Name))
		return nil
	})
	return nil, err
}

// membership edits a user's groups.
func (s *Service) membership(ctx context.Context, caller wire.Caller, user, group *string, edit func(list []string, group string) ([]string, error)) error {
	return s.changeUser(ctx, caller, user, func(w store.Writer, u *state.User) error {
		g, err := findGroup(w, caller.Scope.Account, aws.ToString(group))
		if err != nil {
			return err
		}
		u.Groups, err = edit(slices.Clone(u.Groups), strings.ToLower(g.Name))
		return err
	})
}

func (s *Service) addUserToGroup(ctx context.Context, caller wire.Caller, in *iam.AddUserToGroupInput) (*iam.AddUserToGroupOutput, error) {
	return nil, s.membership(ctx, caller, in.UserName, in.GroupName, func(list []string, group string) ([]string, error) {
		if slices.Contains(list, group) {
			return list, nil
		}
		if len(list) >= maxGroups {
			return nil, limitExceeded("Cannot exceed quota for GroupsPerUser: %d", maxGroups)
		}
		return append(list, group), nil
	})
}

func (s *Service) removeUserFromGroup(ctx context.Context, caller wire.Caller, in *iam.RemoveUserFromGroupInput) (*iam.RemoveUserFromGroupOutput, error) {
	return nil, s.membership(ctx, caller, in.UserName, in.GroupName, func(list []string, group string) ([]string, error) {
		return slices.DeleteFunc(list, func(n string) bool { return n == group }), nil
	})
}
