package iam

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/hatoba/hatoba/internal/identity"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// keysOf lists the access keys of a user.
func keysOf(r store.Reader, account, user string) (out []state.AccessKey) {
	for _, k := range store.AccessKeys.List(r, state.AccessKeyScope(), "") {
		if k.Account == account && strings.EqualFold(k.User, user) {
			out = append(out, k)
		}
	}
	return out
}

// keyHolder is the user a request about keys means: the one named, else the
// caller. "" is the root.
func keyHolder(caller wire.Caller, named *string) (string, error) {
	if n := aws.ToString(named); n != "" {
		return n, nil
	}
	if _, own, ok := strings.Cut(caller.Identity.ARN, ":user/"); ok {
		return state.RoleName(own), nil
	}
	if strings.HasSuffix(caller.Identity.ARN, ":root") {
		return "", nil
	}
	return "", invalid("Must specify userName when calling with non-User credentials")
}

func status(active bool) types.StatusType {
	if active {
		return types.StatusTypeActive
	}
	return types.StatusTypeInactive
}

// createAccessKey is the one time the secret is shown.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html
func (s *Service) createAccessKey(ctx context.Context, caller wire.Caller, in *iam.CreateAccessKeyInput) (*iam.CreateAccessKeyOutput, error) {
	who, err := keyHolder(caller, in.UserName)
	if err != nil {
		return nil, err
	}
	account := caller.Scope.Account
	k := state.AccessKey{ID: identity.NewAccessKey("AKIA", account), Account: account, Active: true, CreatedAt: s.now()}
	key, secret := state.AccessKeyScope().Key(k.ID), identity.NewSecret()
	if k.Secret, err = s.cfg.Keyring.Seal(identity.AccessKeyAAD(key), []byte(secret)); err != nil {
		return nil, fmt.Errorf("seal access key: %w", err)
	}
	err = s.update(ctx, func(w store.Writer) error {
		if who != "" {
			user, err := findUser(w, account, who)
			if err != nil {
				return err
			}
			k.User = user.Name
		}
		if len(keysOf(w, account, k.User)) >= maxKeys {
			return limitExceeded("Cannot exceed quota for AccessKeysPerUser: %d", maxKeys)
		}
		return store.AccessKeys.Put(w, key, k)
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreateAccessKeyOutput{AccessKey: &types.AccessKey{
		AccessKeyId: &k.ID, SecretAccessKey: &secret, Status: types.StatusTypeActive, UserName: &k.User, CreateDate: &k.CreatedAt,
	}}, nil
}

func (s *Service) listAccessKeys(ctx context.Context, caller wire.Caller, in *iam.ListAccessKeysInput) (*iam.ListAccessKeysOutput, error) {
	who, err := keyHolder(caller, in.UserName)
	if err != nil {
		return nil, err
	}
	out := &iam.ListAccessKeysOutput{}
	err = s.view(ctx, func(r store.Reader) error {
		if who != "" {
			if _, err := findUser(r, caller.Scope.Account, who); err != nil {
				return err
			}
		}
		page, next, err := paged(keysOf(r, caller.Scope.Account, who), func(k state.AccessKey) string { return k.ID }, in.Marker, in.MaxItems)
		for _, k := range page {
			out.AccessKeyMetadata = append(out.AccessKeyMetadata, types.AccessKeyMetadata{
				AccessKeyId: aws.String(k.ID), CreateDate: aws.Time(k.CreatedAt), Status: status(k.Active), UserName: aws.String(k.User),
			})
		}
		out.Marker, out.IsTruncated = next, next != nil
		return err
	})
	return out, err
}

// changeKey finds a user's key and edits it; nil deletes it.
func (s *Service) changeKey(ctx context.Context, caller wire.Caller, named, id *string, edit func(*state.AccessKey)) error {
	who, err := keyHolder(caller, named)
	if err != nil {
		return err
	}
	key := state.AccessKeyScope().Key(aws.ToString(id))
	return s.update(ctx, func(w store.Writer) error {
		k, ok := store.AccessKeys.Get(w, key)
		if !ok || k.Account != caller.Scope.Account || !strings.EqualFold(k.User, who) {
			return noSuch("The Access Key with id %s cannot be found.", aws.ToString(id))
		}
		if edit == nil {
			store.AccessKeys.Delete(w, key)
			return nil
		}
		edit(&k)
		return store.AccessKeys.Put(w, key, k)
	})
}

func (s *Service) updateAccessKey(ctx context.Context, caller wire.Caller, in *iam.UpdateAccessKeyInput) (*iam.UpdateAccessKeyOutput, error) {
	if in.Status != types.StatusTypeActive && in.Status != types.StatusTypeInactive {
		return nil, constraint(in.Status, "status", "Member must satisfy enum value set: [Active, Inactive]")
	}
	return nil, s.changeKey(ctx, caller, in.UserName, in.AccessKeyId, func(k *state.AccessKey) { k.Active = in.Status == types.StatusTypeActive })
}

func (s *Service) deleteAccessKey(ctx context.Context, caller wire.Caller, in *iam.DeleteAccessKeyInput) (*iam.DeleteAccessKeyOutput, error) {
	return nil, s.changeKey(ctx, caller, in.UserName, in.AccessKeyId, nil)
}
