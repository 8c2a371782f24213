package iam

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/hatoba/hatoba/internal/identity"
	"github.com/hatoba/hatoba/internal/policy"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// Bounds of a role's session in seconds.
const shortestSession, longestSession = 3600, 43200

func findRole(r store.Reader, account, name string) (state.Role, error) {
	role, ok := store.Roles.Get(r, state.IAMKey(account, name))
	if !ok {
		return role, noSuch("The role with name %s cannot be found.", name)
	}
	return role, nil
}

// ownRole finds a role that its account may change: not a service's.
func ownRole(r store.Reader, account, name string) (state.Role, error) {
	role, err := findRole(r, account, name)
	if err == nil && role.ServiceLinked {
		return role, failure(400, "UnmodifiableEntity", "Cannot perform the operation on the protected role '%s' - this role is only modifiable by AWS", role.Name)
	}
	return role, err
}

func putRole(w store.Writer, account string, role state.Role) error {
	return store.Roles.Put(w, state.IAMKey(account, role.Name), role)
}

// roles hold policies.
func roles() holder {
	return holder{
		kind: "role", title: "Role", size: roleSize,
		grant: func(r store.Reader, account, name string) (state.Grants, error) {
			role, err := findRole(r, account, name)
			return role.Grants, err
		},
		save: func(w store.Writer, account, name string, g state.Grants) error {
			role, err := ownRole(w, account, name)
			if err != nil {
				return err
			}
			role.Grants = g
			return putRole(w, account, role)
		},
	}
}

func shownRole(role state.Role, whole bool) *types.Role {
	out := &types.Role{
		Arn: &role.ARN, CreateDate: &role.CreatedAt, Path: &role.Path, RoleId: &role.ID, RoleName: &role.Name,
		AssumeRolePolicyDocument: encoded(role.TrustPolicy), Description: ptr(role.Description), MaxSessionDuration: &role.MaxSessionDuration,
	}
	if whole { // lists leave these out
		out.PermissionsBoundary, out.Tags, out.RoleLastUsed = boundary(role.Boundary), role.Tags, &types.RoleLastUsed{}
	}
	return out
}

func sessionLength(seconds *int32, otherwise int32) (int32, error) {
	if seconds == nil {
		return otherwise, nil
	}
	if *seconds < shortestSession || *seconds > longestSession {
		return 0, constraint(*seconds, "maxSessionDuration", wire.ValueWithin(int(*seconds), shortestSession, longestSession))
	}
	return *seconds, nil
}

func trust(text *string) (string, error) {
	doc, err := document(text, policy.OfTrust)
	if err == nil && size(doc) > trustSize {
		return "", limitExceeded("Cannot exceed quota for ACLSizePerRole: %d", trustSize)
	}
	return doc, err
}

// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
func (s *Service) createRole(ctx context.Context, caller wire.Caller, in *iam.CreateRoleInput) (*iam.CreateRoleOutput, error) {
	n, err := name(in.RoleName, "roleName", longestRole)
	if err != nil {
		return nil, err
	}
	role := state.Role{Name: n, ID: identity.NewID("AROA"), CreatedAt: s.now()}
	if role.Path, err = path(in.Path); err != nil {
		return nil, err
	}
	if strings.HasPrefix(role.Path, "/aws-service-role/") {
		return nil, failure(400, "InvalidInput", "The path %s is reserved for service-linked roles.", role.Path)
	}
	if role.TrustPolicy, err = trust(in.AssumeRolePolicyDocument); err != nil {
		return nil, err
	}
	if role.Description, err = description(in.Description); err != nil {
		return nil, err
	}
	if role.MaxSessionDuration, err = sessionLength(in.MaxSessionDuration, shortestSession); err != nil {
		return nil, err
	}
	if role.Tags, err = merged(nil, in.Tags); err != nil {
		return nil, err
	}
	account := caller.Scope.Account
	role.ARN = state.IAMARN(account, "role", role.Path, n)
	err = s.update(ctx, func(w store.Writer) (err error) {
		if _, ok := store.Roles.Get(w, state.IAMKey(account, n)); ok {
			return exists("Role with name %s already exists.", n)
		}
		if role.Boundary, err = bounded(w, account, in.PermissionsBoundary); err != nil {
			return err
		}
		return putRole(w, account, role)
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreateRoleOutput{Role: shownRole(role, true)}, nil
}

func (s *Service) getRole(ctx context.Context, caller wire.Caller, in *iam.GetRoleInput) (*iam.GetRoleOutput, error) {
	out := &iam.GetRoleOutput{}
	err := s.view(ctx, func(r store.Reader) error {
		role, err := findRole(r, caller.Scope.Account, aws.ToString(in.RoleName))
		out.Role = shownRole(role, true)
		return err
	})
	return out, err
}

func (s *Service) listRoles(ctx context.Context, caller wire.Caller, in *iam.ListRolesInput) (*iam.ListRolesOutput, error) {
	out := &iam.ListRolesOutput{}
	err := s.view(ctx, func(r store.Reader) error {
		var list []state.Role
		for _, role := range store.Roles.List(r, state.IAMScope(caller.Scope.Account), "") {
			if strings.HasPrefix(role.Path, aws.ToString(in.PathPrefix)) {
				list = append(list, role)
			}
		}
		page, next, err := paged(list, func(r state.Role) string { return strings.ToLower(r.Name) }, in.Marker, in.MaxItems)
		for _, role := range page {
			out.Roles = append(out.Roles, *shownRole(role, false))
		}
		out.Marker, out.IsTruncated = next, next != nil
		return err
	})
	return out, err
}

// changeRole edits a role.
func (s *Service) changeRole(ctx context.Context, caller wire.Caller, name *string, fn func(w store.Writer, role *state.Role) error) (out state.Role, err error) {
	err = s.update(ctx, func(w store.Writer) error {
		role, err := ownRole(w, caller.Scope.Account, aws.ToString(name))
		if err != nil {
			return err
		}
		if err := fn(w, &role); err != nil {
			return err
		}
		out = role
		return putRole(w, caller.Scope.Account, role)
	})
	return out, err
}

func (s *Service) updateRole(ctx context.Context, caller wire.Caller, in *iam.UpdateRoleInput) (*iam.UpdateRoleOutput, error) {
	_, err := s.changeRole(ctx, caller, in.RoleName, func(_ store.Writer, role *state.Role) (err error) {
		if in.Description != nil {
			if role.Description, err = description(in.Description); err != nil {
				return err
			}
		}
		role.MaxSessionDuration, err = sessionLength(in.MaxSessionDuration, role.MaxSessionDuration)
		return err
	})
	return nil, err
}

func (s *Service) updateRoleDescription(ctx context.Context, caller wire.Caller, in *iam.UpdateRoleDescriptionInput) (*iam.UpdateRoleDescriptionOutput, error) {
	role, err := s.changeRole(ctx, caller, in.RoleName, func(_ store.Writer, role *state.Role) (err error) {
		role.Description, err = description(in.Description)
		return err
	})
	return &iam.UpdateRoleDescriptionOutput{Role: shownRole(role, true)}, err
}

func (s *Service) updateAssumeRolePolicy(ctx context.Context, caller wire.Caller, in *iam.UpdateAssumeRolePolicyInput) (*iam.UpdateAssumeRolePolicyOutput, error) {
	doc, err := trust(in.PolicyDocument)
	if err != nil {
		return nil, err
	}
	_, err = s.changeRole(ctx, caller, in.RoleName, func(_ store.Writer, role *state.Role) error {
		role.TrustPolicy = doc
		return nil
	})
	return nil, err
}

// https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html
func (s *Service) deleteRole(ctx context.Context, caller wire.Caller, in *iam.DeleteRoleInput) (*iam.DeleteRoleOutput, error) {
	account := caller.Scope.Account
	err := s.update(ctx, func(w store.Writer) error {
		role, err := ownRole(w, account, aws.ToString(in.RoleName))
		if err != nil {
			return err
		}
		for _, p := range store.InstanceProfiles.List(w, state.IAMScope(account), "") {
			if strings.EqualFold(p.Role, role.Name) {
				return conflict("Cannot delete entity, must remove roles from instance profile first.")
			}
		}
		if err := free(role.Grants); err != nil {
			return err
		}
		store.Roles.Delete(w, state.IAMKey(account, role.Name))
		return nil
	})
	return nil, err
}

// free tells whether one who holds these policies may be deleted.
func free(g state.Grants) error {
	switch {
	case len(g.Attached) > 0:
		return conflict("Cannot delete entity, must detach all policies first.")
	case len(g.Inline) > 0:
		return conflict("Cannot delete entity, must delete policies first.")
	}
	return nil
}

func (s *Service) tagRole(ctx context.Context, caller wire.Caller, in *iam.TagRoleInput) (*iam.TagRoleOutput, error) {
	_, err := s.changeRole(ctx, caller, in.RoleName, func(_ store.Writer, role *state.Role) (err error) {
		role.Tags, err = merged(role.Tags, in.Tags)
		return err
	})
	return nil, err
}

func (s *Service) untagRole(ctx context.Context, caller wire.Caller, in *iam.UntagRoleInput) (*iam.UntagRoleOutput, error) {
	_, err := s.changeRole(ctx, caller, in.RoleName, func(_ store.Writer, role *state.Role) error {
		role.Tags = without(role.Tags, in.TagKeys)
		return nil
	})
	return nil, err
}

func (s *Service) listRoleTags(ctx context.Context, caller wire.Caller, in *iam.ListRoleTagsInput) (*iam.ListRoleTagsOutput, error) {
	out := &iam.ListRoleTagsOutput{}
	err := s.view(ctx, func(r store.Reader) error {
		role, err := findRole(r, caller.Scope.Account, aws.ToString(in.RoleName))
		if err != nil {
			return err
		}
		out.Tags, out.Marker, err = pagedTags(role.Tags, in.Marker, in.MaxItems)
		out.IsTruncated = out.Marker != nil
		return err
	})
	return out, err
}

func (s *Service) putRolePermissionsBoundary(ctx context.Context, caller wire.Caller, in *iam.PutRolePermissionsBoundaryInput) (*iam.PutRolePermissionsBoundaryOutput, error) {
	_, err := s.changeRole(ctx, caller, in.RoleName, func(w store.Writer, role *state.Role) (err error) {
		role.Boundary, err = bounded(w, caller.Scope.Account, in.PermissionsBoundary)
		return err
	})
	return nil, err
}

func (s *Service) deleteRolePermissionsBoundary(ctx context.Context, caller wire.Caller, in *iam.DeleteRolePermissionsBoundaryInput) (*iam.DeleteRolePermissionsBoundaryOutput, error) {
	_, err := s.changeRole(ctx, caller, in.RoleName, func(_ store.Writer, role *state.Role) error {
		if role.Boundary == "" {
			return noSuch("The role %s does not have a permissions boundary.", role.Name)
		}
		role.Boundary = ""
		return nil
	})
	return nil, err
}
