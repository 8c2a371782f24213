package kms

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) createKey(ctx context.Context, caller wire.Caller, in *sdk.CreateKeyInput) (*sdk.CreateKeyOutput, error) {
	if err := checkNewKey(in); err != nil {
		return nil, err
	}
	key, err := s.make(caller.Scope, types.KeyManagerTypeCustomer, aws.ToString(in.Description))
	if err != nil {
		return nil, err
	}
	if in.Policy != nil {
		if err := checkPolicy(caller, key, *in.Policy, in.BypassPolicyLockoutSafetyCheck); err != nil {
			return nil, err
		}
		key.Policy = *in.Policy
	}
	if key.Tags, err = mergeTags(nil, in.Tags); err != nil {
		return nil, err
	}
	err = s.store.Update(ctx, func(w store.Writer) error { return store.KMSKeys.Put(w, caller.Scope.Key(key.ID), key) })
	if err != nil {
		return nil, err
	}
	return &sdk.CreateKeyOutput{KeyMetadata: metadata(caller.Scope, key)}, nil
}

func checkNewKey(in *sdk.CreateKeyInput) error {
	spec := string(in.KeySpec)
	if spec == "" {
		spec = string(in.CustomerMasterKeySpec) // its old name is still sent
	}
	switch {
	case spec != "" && spec != string(types.KeySpecSymmetricDefault):
		return unsupported("The key spec " + spec)
	case in.KeyUsage != "" && in.KeyUsage != types.KeyUsageTypeEncryptDecrypt:
		return unsupported("The key usage " + string(in.KeyUsage))
	case in.Origin != "" && in.Origin != types.OriginTypeAwsKms:
		return unsupported("The origin " + string(in.Origin))
	case aws.ToBool(in.MultiRegion):
		return unsupported("MultiRegion")
	case in.CustomKeyStoreId != nil:
		return unsupported("CustomKeyStoreId")
	case in.XksKeyId != nil:
		return unsupported("XksKeyId")
	case len(aws.ToString(in.Description)) > 8192:
		return constraint("…", "description", "Member must have length less than or equal to 8192")
	}
	return nil
}

func (s *Service) describeKey(ctx context.Context, caller wire.Caller, in *sdk.DescribeKeyInput) (*sdk.DescribeKeyOutput, error) {
	if err := simply(in.GrantTokens, nil); err != nil {
		return nil, err
	}
	key, err := s.find(ctx, caller.Scope, in.KeyId)
	if err != nil {
		return nil, err
	}
	return &sdk.DescribeKeyOutput{KeyMetadata: metadata(caller.Scope, key)}, nil
}

func (s *Service) updateKeyDescription(ctx context.Context, caller wire.Caller, in *sdk.UpdateKeyDescriptionInput) (*sdk.UpdateKeyDescriptionOutput, error) {
	return &sdk.UpdateKeyDescriptionOutput{}, s.change(ctx, caller.Scope, in.KeyId, func(key *state.KMSKey) error {
		key.Description = aws.ToString(in.Description)
		return pending(key)
	})
}

func (s *Service) listKeys(ctx context.Context, caller wire.Caller, in *sdk.ListKeysInput) (*sdk.ListKeysOutput, error) {
	most, after, err := page("keys", in.Limit, in.Marker, 1000)
	if err != nil {
		return nil, err
	}
	out := &sdk.ListKeysOutput{Keys: []types.KeyListEntry{}}
	err = s.store.View(ctx, func(r store.Reader) error {
		for _, key := range store.KMSKeys.After(r, caller.Scope, "", after) {
			if len(out.Keys) == most {
				out.Truncated, out.NextMarker = true, aws.String(wire.PageToken("keys", *out.Keys[most-1].KeyId))
				return nil
			}
			out.Keys = append(out.Keys, types.KeyListEntry{KeyId: aws.String(key.ID), KeyArn: aws.String(key.ARN)})
		}
		return nil
	})
	return out, err
}
