package sts

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/hatoba/hatoba/internal/identity"
	"github.com/hatoba/hatoba/internal/wire"
)

// getAccessKeyInfo tells the account of an access key, which is part of it.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html
func (s *Service) getAccessKeyInfo(_ context.Context, _ wire.Caller, in *sts.GetAccessKeyInfoInput) (*sts.GetAccessKeyInfoOutput, error) {
	account := identity.AccountOf(aws.ToString(in.AccessKeyId))
	if account == "" {
		return nil, wire.Errorf("ValidationError", "The access key ID %.128q is not valid.", aws.ToString(in.AccessKeyId))
	}
	return &sts.GetAccessKeyInfoOutput{Account: aws.String(account)}, nil
}
