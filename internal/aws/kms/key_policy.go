package kms

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire"
)

// onlyPolicy is the one name a key policy can have.
const onlyPolicy = "default"

func (s *Service) getKeyPolicy(ctx context.Context, caller wire.Caller, in *sdk.GetKeyPolicyInput) (*sdk.GetKeyPolicyOutput, error) {
	key, err := s.find(ctx, caller.Scope, in.KeyId)
	if err != nil {
		return nil, err
	}
	if err := checkPolicyName(in.PolicyName); err != nil {
		return nil, err
	}
	return &sdk.GetKeyPolicyOutput{Policy: aws.String(key.Policy), PolicyName: aws.String(onlyPolicy)}, nil
}

func (s *Service) putKeyPolicy(ctx context.Context, caller wire.Caller, in *sdk.PutKeyPolicyInput) (*sdk.PutKeyPolicyOutput, error) {
	if err := checkPolicyName(in.PolicyName); err != nil {
		return nil, err
	}
	if err := checkPolicy(aws.ToString(in.Policy)); err != nil {
		return nil, err
	}
	return &sdk.PutKeyPolicyOutput{}, s.change(ctx, caller.Scope, in.KeyId, func(key *state.KMSKey) error {
		key.Policy = *in.Policy
		return pending(key)
	})
}

func (s *Service) listKeyPolicies(ctx context.Context, caller wire.Caller, in *sdk.ListKeyPoliciesInput) (*sdk.ListKeyPoliciesOutput, error) {
	if _, err := s.find(ctx, caller.Scope, in.KeyId); err != nil {
		return nil, err
	}
	return &sdk.ListKeyPoliciesOutput{PolicyNames: []string{onlyPolicy}}, nil
}

func checkPolicyName(name *string) error {
	if n := aws.ToString(name); n != "" && n != onlyPolicy {
		return invalid("Invalid policy name: %s. The only valid name is default.", n)
	}
	return nil
}
