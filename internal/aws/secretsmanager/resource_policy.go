package secretsmanager

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/hatoba/hatoba/internal/policy"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) putResourcePolicy(ctx context.Context, caller wire.Caller, in *sdk.PutResourcePolicyInput) (*sdk.PutResourcePolicyOutput, error) {
	document, err := readPolicy(in.ResourcePolicy)
	if err != nil {
		return nil, err
	}
	if aws.ToBool(in.BlockPublicPolicy) && document.Public() {
		return nil, &types.PublicPolicyException{Message: aws.String("The resource policy grants broad access and BlockPublicPolicy is set.")}
	}
	secret, err := s.change(ctx, caller.Scope, in.SecretId, func(_ store.Writer, secret *state.Secret) error {
		secret.Policy = *in.ResourcePolicy
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &sdk.PutResourcePolicyOutput{ARN: aws.String(secret.ARN), Name: aws.String(secret.Name)}, nil
}

func (s *Service) getResourcePolicy(ctx context.Context, caller wire.Caller, in *sdk.GetResourcePolicyInput) (out *sdk.GetResourcePolicyOutput, err error) {
	err = s.store.View(ctx, func(r store.Reader) error {
		secret, err := findActive(r, caller.Scope, in.SecretId)
		if err != nil {
			return err
		}
		out = &sdk.GetResourcePolicyOutput{ARN: aws.String(secret.ARN), Name: aws.String(secret.Name)}
		if secret.Policy != "" {
			out.ResourcePolicy = aws.String(secret.Policy)
		}
		return nil
	})
	return out, err
}

func (s *Service) deleteResourcePolicy(ctx context.Context, caller wire.Caller, in *sdk.DeleteResourcePolicyInput) (*sdk.DeleteResourcePolicyOutput, error) {
	secret, err := s.change(ctx, caller.Scope, in.SecretId, func(_ store.Writer, secret *state.Secret) error {
		secret.Policy = ""
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &sdk.DeleteResourcePolicyOutput{ARN: aws.String(secret.ARN), Name: aws.String(secret.Name)}, nil
}

// validateResourcePolicy tells the same faults that putResourcePolicy refuses.
func (s *Service) validateResourcePolicy(ctx context.Context, caller wire.Caller, in *sdk.ValidateResourcePolicyInput) (*sdk.ValidateResourcePolicyOutput, error) {
	if in.SecretId != nil {
		err := s.store.View(ctx, func(r store.Reader) error {
			_, err := findActive(r, caller.Scope, in.SecretId)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	document, err := readPolicy(in.ResourcePolicy)
	if err != nil {
		return nil, err
	}
	if document.Public() {
		return &sdk.ValidateResourcePolicyOutput{ValidationErrors: []types.ValidationErrorsEntry{{
			CheckName: aws.String("PublicPolicy"), ErrorMessage: aws.String("The resource policy grants broad access to the secret."),
		}}}, nil
	}
	return &sdk.ValidateResourcePolicyOutput{PolicyValidationPassed: true}, nil
}

// readPolicy checks a policy as it is put.
func readPolicy(text *string) (policy.Document, error) {
	if n := len(aws.ToString(text)); n == 0 || n > 20480 {
		return policy.Document{}, constraint("[...]", "resourcePolicy", "Member must have length between 1 and 20480")
	}
	document, err := policy.Parse(*text, policy.OfResource)
	if err != nil {
		return document, &types.MalformedPolicyDocumentException{Message: aws.String("This resource policy contains a syntax error.")}
	}
	return document, nil
}
