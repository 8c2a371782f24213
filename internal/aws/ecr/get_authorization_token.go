package ecr

import (
	"context"
	"encoding/base64"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/hatoba/hatoba/internal/registry"
	"github.com/hatoba/hatoba/internal/wire"
)

// GetAuthorizationToken gives a token for docker login, valid for 12 hours.
func (s *Service) GetAuthorizationToken(_ context.Context, caller wire.Caller, in *ecr.GetAuthorizationTokenInput) (*ecr.GetAuthorizationTokenOutput, error) {
	for _, id := range in.RegistryIds {
		if _, err := scopeOf(caller, &id); err != nil {
			return nil, err
		}
	}
	until := s.cfg.Now().Add(registry.TokenLife)
	return &ecr.GetAuthorizationTokenOutput{AuthorizationData: []types.AuthorizationData{{
		AuthorizationToken: aws.String(base64.StdEncoding.EncodeToString([]byte("AWS:" + s.cfg.Registry.Token(caller.Scope.Account, until)))),
		ExpiresAt:          aws.Time(until),
		ProxyEndpoint:      aws.String("https://" + caller.Scope.Account + ".dkr.ecr." + caller.Scope.Region + ".amazonaws.com"),
	}}}, nil
}

// DescribeRegistry describes the caller's registry, which replicates nowhere.
func (s *Service) DescribeRegistry(_ context.Context, caller wire.Caller, _ *ecr.DescribeRegistryInput) (*ecr.DescribeRegistryOutput, error) {
	return &ecr.DescribeRegistryOutput{
		RegistryId:               aws.String(caller.Scope.Account),
		ReplicationConfiguration: &types.ReplicationConfiguration{Rules: []types.ReplicationRule{}},
	}, nil
}
