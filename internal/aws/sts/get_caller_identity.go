package sts

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/hatoba/hatoba/internal/wire"
)

// getCallerIdentity answers as AWS does for an account's root user: UserId is
// the account's number. As long as signatures are not verified and nobody has
// a user, every caller is the root of the account it names.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
func (s *Service) getCallerIdentity(_ context.Context, caller wire.Caller, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	account := caller.Scope.Account
	return &sts.GetCallerIdentityOutput{
		Account: aws.String(account),
		Arn:     aws.String("arn:aws:iam::" + account + ":root"),
		UserId:  aws.String(account),
	}, nil
}
