package iam

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/hatoba/hatoba/internal/identity"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func findProfile(r store.Reader, account, name string) (state.InstanceProfile, error) {
	p, ok := store.InstanceProfiles.Get(r, state.IAMKey(account, name))
	if !ok {
		return p, noSuch("Instance Profile %s cannot be found.", name)
	}
	return p, nil
}

func shownProfile(r store.Reader, account string, p state.InstanceProfile) *types.InstanceProfile {
	out := &types.InstanceProfile{
		Arn: &p.ARN, CreateDate: &p.CreatedAt, InstanceProfileId: &p.ID, InstanceProfileName: &p.Name, Path: &p.Path, Roles: []types.Role{}, Tags: p.Tags,
	}
	if role, ok := store.Roles.Get(r, state.IAMKey(account, p.Role)); ok && p.Role != "" {
		out.Roles = append(out.Roles, *shownRole(role, false))
	}
	return out
}

// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateInstanceProfile.html
func (s *Service) createInstanceProfile(ctx context.Context, caller wire.Caller, in *iam.CreateInstanceProfileInput) (*iam.CreateInstanceProfileOutput, error) {
	n, err := name(in.InstanceProfileName, "instanceProfileName", longestProfile)
	if err != nil {
		return nil, err
	}
	p := state.InstanceProfile{Name: n, ID: identity.NewID("AIPA"), CreatedAt: s.now()}
	if p.Path, err = path(in.Path); err != nil {
		return nil, err
	}
	if p.Tags, err = merged(nil, in.Tags); err != nil {
		return nil, err
	}
	account := caller.Scope.Account
	p.ARN = state.IAMARN(account, "instance-profile", p.Path, n)
	out := &iam.CreateInstanceProfileOutput{}
	err = s.update(ctx, func(w store.Writer) error {
		if _, ok := store.InstanceProfiles.Get(w, state.IAMKey(account, n)); ok {
			return exists("Instance Profile %s already exists.", n)
		}
		out.InstanceProfile = shownProfile(w, account, p)
		return store.InstanceProfiles.Put(w, state.IAMKey(account, n), p)
	})
	return out, err
}

func (s *Service) getInstanceProfile(ctx context.Context, caller wire.Caller, in *iam.GetInstanceProfileInput) (*iam.GetInstanceProfileOutput, error) {
	out := &iam.GetInstanceProfileOutput{}
	err := s.view(ctx, func(r store.Reader) error {
		p, err := findProfile(r, caller.Scope.Account, aws.ToString(in.InstanceProfileName))
		out.InstanceProfile = shownProfile(r, caller.Scope.Account, p)
		return err
	})
	return out, err
}

// profiles lists those that keep passes.
func (s *Service) profiles(ctx context.Context, account string, marker *string, maxItems *int32, keep func(state.InstanceProfile) bool) (out []types.InstanceProfile, next *string, err error) {
	err = s.view(ctx, func(r store.Reader) error {
		var list []state.InstanceProfile
		for _, p := range store.InstanceProfiles.List(r, state.IAMScope(account), "") {
			if keep(p) {
				list = append(list, p)
			}
		}
		page, more, err := paged(list, func(p state.InstanceProfile) string { return strings.ToLower(p.Name) }, marker, maxItems)
		for _, p := range page {
			out = append(out, *shownProfile(r, account, p))
		}
		next = more
		return err
	})
	return out, next, err
}

func (s *Service) listInstanceProfiles(ctx context.Context, caller wire.Caller, in *iam.ListInstanceProfilesInput) (*iam.ListInstanceProfilesOutput, error) {
	list, next, err := s.profiles(ctx, caller.Scope.Account, in.Marker, in.MaxItems, func(p state.InstanceProfile) bool {
		return strings.HasPrefix(p.Path, aws.ToString(in.PathPrefix))
	})
	return &iam.ListInstanceProfilesOutput{InstanceProfiles: list, Marker: next, IsTruncated: next != nil}, err
}

func (s *Service) listInstanceProfilesForRole(ctx context.Context, caller wire.Caller, in *iam.ListInstanceProfilesForRoleInput) (*iam.ListInstanceProfilesForRoleOutput, error) {
	err := s.view(ctx, func(r store.Reader) error {
		_, err := findRole(r, caller.Scope.Account, aws.ToString(in.RoleName))
		return err
	})
	if err != nil {
		return nil, err
	}
	list, next, err := s.profiles(ctx, caller.Scope.Account, in.Marker, in.MaxItems, func(p state.InstanceProfile) bool {
		return strings.EqualFold(p.Role, aws.ToString(in.RoleName))
	})
	return &iam.ListInstanceProfilesForRoleOutput{InstanceProfiles: list, Marker: next, IsTruncated: next != nil}, err
}

func (s *Service) changeProfile(ctx context.Context, caller wire.Caller, name *string, fn func(w store.Writer, p *state.InstanceProfile) error) error {
	return s.update(ctx, func(w store.Writer) error {
		p, err := findProfile(w, caller.Scope.Account, aws.ToString(name))
		if err != nil {
			return err
		}
		if err := fn(w, &p); err != nil || p.Name == "" {
			return err
		}
		return store.InstanceProfiles.Put(w, state.IAMKey(caller.Scope.Account, p.Name), p)
	})
}

func (s *Service) deleteInstanceProfile(ctx context.Context, caller wire.Caller, in *iam.DeleteInstanceProfileInput) (*iam.DeleteInstanceProfileOutput, error) {
	return nil, s.changeProfile(ctx, caller, in.InstanceProfileName, func(w store.Writer, p *state.InstanceProfile) error {
		if p.Role != "" {
			return conflict("Cannot delete entity, must remove roles from instance profile first.")
		}
		store.InstanceProfiles.Delete(w, state.IAMKey(caller.Scope.Account, p.Name))
		p.Name = ""
		return nil
	})
}

func (s *Service) addRoleToInstanceProfile(ctx context.Context, caller wire.Caller, in *iam.AddRoleToInstanceProfileInput) (*iam.AddRoleToInstanceProfileOutput, error) {
	return nil, s.changeProfile(ctx, caller, in.InstanceProfileName, func(w store.Writer, p *state.InstanceProfile) error {
		role, err := findRole(w, caller.Scope.Account, aws.ToString(in.RoleName))
		if err != nil {
			return err
		}
		if p.Role != "" {
			return limitExceeded("Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
		}
		p.Role = role.Name
		return nil
	})
}

func (s *Service) removeRoleFromInstanceProfile(ctx context.Context, caller wire.Caller, in *iam.RemoveRoleFromInstanceProfileInput) (*iam.RemoveRoleFromInstanceProfileOutput, error) {
	return nil, s.changeProfile(ctx, caller, in.InstanceProfileName, func(_ store.Writer, p *state.InstanceProfile) error {
		if p.Role == "" || !strings.EqualFold(p.Role, aws.ToString(in.RoleName)) {
			return noSuch("The role with name %s cannot be found.", aws.ToString(in.RoleName))
		}
		p.Role = ""
		return nil
	})
}
