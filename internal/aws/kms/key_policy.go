package kms

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/hatoba/hatoba/internal/policy"
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
	return &sdk.PutKeyPolicyOutput{}, s.change(ctx, caller.Scope, in.KeyId, func(key *state.KMSKey) error {
		if err := checkPolicy(caller, *key, aws.ToString(in.Policy), in.BypassPolicyLockoutSafetyCheck); err != nil {
			return err
		}
		key.Policy = *in.Policy
		return pending(key)
	})
}

func (s *Service) listKeyPolicies(ctx context.Context, caller wire.Caller, in *sdk.ListKeyPoliciesInput) (*sdk.ListKeyPoliciesOutput, error) {
	if _, err := s.find(ctx, caller.Scope, in.KeyId); err != nil {
		return nil, err
	}
	names, next, err := cut("policies", []string{onlyPolicy}, in.Limit, in.Marker, 1000)
	return &sdk.ListKeyPoliciesOutput{PolicyNames: names, Truncated: next != nil, NextMarker: next}, err
}

func checkPolicyName(name *string) error {
	if n := aws.ToString(name); n != "" && n != onlyPolicy {
		return invalid("Invalid policy name: %s. The only valid name is default.", n)
	}
	return nil
}

// maxPolicy is the size of a key policy in bytes.
const maxPolicy = 32 << 10

// checkPolicy checks a document as KMS does when it is put: its author must be
// able to put another, unless they say that they know.
// Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#prevent-unmanageable-key
func checkPolicy(caller wire.Caller, key state.KMSKey, text string, locksOut bool) error {
	if len(text) > maxPolicy {
		return &types.LimitExceededException{Message: aws.String("The policy is larger than 32768 bytes.")}
	}
	document, err := policy.Parse(text, policy.OfResource)
	if err != nil {
		return &types.MalformedPolicyDocumentException{Message: aws.String(err.Error())}
	}
	again := policy.Question{
		Caller: policy.Caller{Account: caller.Identity.Account, ARN: caller.Identity.ARN, Role: caller.Identity.Role},
		Action: "kms:PutKeyPolicy", Resource: key.ARN,
		Context: map[string][]string{"kms:calleraccount": {caller.Identity.Account}, "aws:principalaccount": {caller.Identity.Account}, "kms:viaservice": {}},
	}
	if !locksOut && policy.Evaluate(again, document) != policy.Allowed {
		return &types.MalformedPolicyDocumentException{Message: aws.String("The new key policy will not allow you to update the key policy in the future.")}
	}
	return nil
}

func defaultPolicy(scope state.Scope) string {
	return `{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:aws:iam::` + scope.Account + `:root"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}`
}

// managedPolicy is that of a service's own key: who may use the service may use
// the key through it, and nobody else.
// Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
func managedPolicy(scope state.Scope, service string) string {
	return `{
  "Version" : "2012-10-17",
  "Id" : "auto-` + service + `-2",
  "Statement" : [ {
    "Sid" : "Allow access through ` + service + ` for all principals in the account that are authorized to use it",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "*"
    },
    "Action" : [ "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey" ],
    "Resource" : "*",
    "Condition" : {
      "StringEquals" : {
        "kms:CallerAccount" : "` + scope.Account + `",
        "kms:ViaService" : "` + service + `.` + scope.Region + `.amazonaws.com"
      }
    }
  }, {
    "Sid" : "Allow direct access to key metadata to the account",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:aws:iam::` + scope.Account + `:root"
    },
    "Action" : [ "kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant" ],
    "Resource" : "*"
  } ]
}`
}
