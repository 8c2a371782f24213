package sts

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/hatoba/hatoba/internal/wire"
)

// getCallerIdentity tells who the wire found the caller to be: the user or the
// session of the key that signed, the task whose endpoint was called, else the
// root of the account that was named. Nobody needs a permission for it.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
func (s *Service) getCallerIdentity(_ context.Context, caller wire.Caller, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	id := caller.Identity
	return &sts.GetCallerIdentityOutput{Account: aws.String(id.Account), Arn: aws.String(id.ARN), UserId: aws.String(id.UserID)}, nil
}
