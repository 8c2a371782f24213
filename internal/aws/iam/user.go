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

func findUser(r store.Reader, account, name string) (state.User, error) {
	user, ok := store.Users.Get(r, state.IAMKey(account, name))
	if !ok {
		return user, noSuch("The user with name %s cannot be found.", name)
	}
	return user, nil
}

func putUser(w store.Writer, account string, user state.User) error {
	return store.Users.Put(w, state.IAMKey(account, user.Name), user)
}

// users hold policies.
func users() holder {
	return holder{
		kind: "user", title: "User", size: userSize,
		grant: func(r store.Reader, account, name string) (state.Grants, error) {
			user, err := findUser(r, account, name)
			return user.Grants, err
		},
		save: func(w store.Writer, account, name string, g state.Grants) error {
			user, err := findUser(w, account, name)
			if err != nil {
				return err
			}
			user.Grants = g
			return putUser(w, account, user)
		},
	}
}

func shownUser(user state.User, whole bool) *types.User {
	out := &types.User{Arn: &user.ARN, CreateDate: &user.CreatedAt, Path: &user.Path, UserId: &user.ID, UserName: &user.Name}
	if whole {
		out.PermissionsBoundary, out.Tags = boundary(user.Boundary), user.Tags
	}
	return out
}

// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html
func (s *Service) createUser(ctx context.Context, caller wire.Caller, in *iam.CreateUserInput) (*iam.CreateUserOutput, error) {
	n, err := name(in.UserName, "userName", longestUser)
	if err != nil {
		return nil, err
	}
	user := state.User{Name: n, ID: identity.NewID("AIDA"), CreatedAt: s.now()}
	if user.Path, err = path(in.Path); err != nil {
		return nil, err
	}
	if user.Tags, err = merged(nil, in.Tags); err != nil {
		return nil, err
	}
	account := caller.Scope.Account
	user.ARN = state.IAMARN(account, "user", user.Path, n)
	err = s.update(ctx, func(w store.Writer) (err error) {
		if _, ok := store.Users.Get(w, state.IAMKey(account, n)); ok {
			return exists("User with name %s already exists.", n)
		}
		if user.Boundary, err = bounded(w, account, in.PermissionsBoundary); err != nil {
			return err
		}
		return putUser(w, account, user)
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreateUserOutput{User: shownUser(user, true)}, nil
}

// getUser without a name tells of the caller, who may be the root.
func (s *Service) getUser(ctx context.Context, caller wire.Caller, in *iam.GetUserInput) (*iam.GetUserOutput, error) {
	account, n := caller.Scope.Account, aws.ToString(in.UserName)
	if n == "" {
		_, own, ok := strings.Cut(caller.Identity.ARN, ":user/")
		if !ok {
			if !strings.HasSuffix(caller.Identity.ARN, ":root") {
				return nil, invalid("Must specify userName when calling with non-User credentials")
			}
			return &iam.GetUserOutput{User: &types.User{
				Arn: aws.String(caller.Identity.ARN), UserId: aws.String(account), Path: aws.String("/"), CreateDate: aws.Time(s.now()), UserName: aws.String("root"),
			}}, nil
		}
		n = state.RoleName(own)
	}
	out := &iam.GetUserOutput{}
	err := s.view(ctx, func(r store.Reader) error {
		user, err := findUser(r, account, n)
		out.User = shownUser(user, true)
		return err
	})
	return out, err
}

func (s *Service) listUsers(ctx context.Context, caller wire.Caller, in *iam.ListUsersInput) (*iam.ListUsersOutput, error) {
	out := &iam.ListUsersOutput{}
	err := s.view(ctx, func(r store.Reader) error {
		var list []state.User
		for _, user := range store.Users.List(r, state.IAMScope(caller.Scope.Account), "") {
			if strings.HasPrefix(user.Path, aws.ToString(in.PathPrefix)) {
				list = append(list, user)
			}
		}
		page, next, err := paged(list, func(u state.User) string { return strings.ToLower(u.Name) }, in.Marker, in.MaxItems)
		for _, user := range page {
			out.Users = append(out.Users, *shownUser(user, false))
		}
		out.Marker, out.IsTruncated = next, next != nil
		return err
	})
	return out, err
}

func (s *Service) changeUser(ctx context.Context, caller wire.Caller, name *string, fn func(w store.Writer, user *state.User) error) error {
	return s.update(ctx, func(w store.Writer) error {
		user, err := findUser(w, caller.Scope.Account, aws.ToString(name))
		if err != nil {
			return err
		}
		if err := fn(w, &user); err != nil {
			return err
		}
		return putUser(w, caller.Scope.Account, user)
	})
}

// updateUser gives a user another name or path; its keys and groups follow.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateUser.html
func (s *Service) updateUser(ctx context.Context, caller wire.Caller, in *iam.UpdateUserInput) (*iam.UpdateUserOutput, error) {
	account := caller.Scope.Account
	err := s.update(ctx, func(w store.Writer) error {
		user, err := findUser(w, account, aws.ToString(in.UserName))
		if err != nil {
			return err
		}
		old := user.Name
		if in.NewPath != nil {
			if user.Path, err = path(in.NewPath); err != nil {
				return err
			}
		}
		if in.NewUserName != nil {
			if user.Name, err = name(in.NewUserName, "newUserName", longestUser); err != nil {
				return err
			}
			if _, taken := store.Users.Get(w, state.IAMKey(account, user.Name)); taken && !strings.EqualFold(old, user.Name) {
				return exists("User with name %s already exists.", user.Name)
			}
			for key, k := range store.AccessKeys.List(w, state.AccessKeyScope(), "") {
				if k.Account == account && strings.EqualFold(k.User, old) {
					k.User = user.Name
					if err := store.AccessKeys.Put(w, key, k); err != nil {
						return err
					}
				}
			}
			store.Users.Delete(w, state.IAMKey(account, old))
		}
		user.ARN = state.IAMARN(account, "user", user.Path, user.Name)
		return putUser(w, account, user)
	})
	return nil, err
}

// https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html
func (s *Service) deleteUser(ctx context.Context, caller wire.Caller, in *iam.DeleteUserInput) (*iam.DeleteUserOutput, error) {
	account := caller.Scope.Account
	err := s.update(ctx, func(w store.Writer) error {
		user, err := findUser(w, account, aws.ToString(in.UserName))
		if err != nil {
			return err
		}
		if len(user.Groups) > 0 {
			return conflict("Cannot delete entity, must remove users from group first.")
		}
		if err := free(user.Grants); err != nil {
			return err
		}
		if len(keysOf(w, account, user.Name)) > 0 {
			return conflict("Cannot delete entity, must delete access keys first.")
		}
		store.Users.Delete(w, state.IAMKey(account, user.Name))
		return nil
	})
	return nil, err
}

func (s *Service) tagUser(ctx context.Context, caller wire.Caller, in *iam.TagUserInput) (*iam.TagUserOutput, error) {
	return nil, s.changeUser(ctx, caller, in.UserName, func(_ store.Writer, user *state.User) (err error) {
		user.Tags, err = merged(user.Tags, in.Tags)
		return err
	})
}

func (s *Service) untagUser(ctx context.Context, caller wire.Caller, in *iam.UntagUserInput) (*iam.UntagUserOutput, error) {
	return nil, s.changeUser(ctx, caller, in.UserName, func(_ store.Writer, user *state.User) error {
		user.Tags = without(user.Tags, in.TagKeys)
		return nil
	})
}

func (s *Service) listUserTags(ctx context.Context, caller wire.Caller, in *iam.ListUserTagsInput) (*iam.ListUserTagsOutput, error) {
	out := &iam.ListUserTagsOutput{}
	err := s.view(ctx, func(r store.Reader) error {
		user, err := findUser(r, caller.Scope.Account, aws.ToString(in.UserName))
		if err != nil {
			return err
		}
		out.Tags, out.Marker, err = pagedTags(user.Tags, in.Marker, in.MaxItems)
		out.IsTruncated = out.Marker != nil
		return err
	})
	return out, err
}

func (s *Service) putUserPermissionsBoundary(ctx context.Context, caller wire.Caller, in *iam.PutUserPermissionsBoundaryInput) (*iam.PutUserPermissionsBoundaryOutput, error) {
	return nil, s.changeUser(ctx, caller, in.UserName, func(w store.Writer, user *state.User) (err error) {
		user.Boundary, err = bounded(w, caller.Scope.Account, in.PermissionsBoundary)
		return err
	})
}

func (s *Service) deleteUserPermissionsBoundary(ctx context.Context, caller wire.Caller, in *iam.DeleteUserPermissionsBoundaryInput) (*iam.DeleteUserPermissionsBoundaryOutput, error) {
	return nil, s.changeUser(ctx, caller, in.UserName, func(_ store.Writer, user *state.User) error {
		if user.Boundary == "" {
			return noSuch("The user %s does not have a permissions boundary.", user.Name)
		}
		user.Boundary = ""
		return nil
	})
}
