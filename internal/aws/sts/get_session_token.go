package sts

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/hatoba/hatoba/internal/identity"
	"github.com/hatoba/hatoba/internal/wire"
)

// Bounds of GetSessionToken: 36 hours for a user, one for the root.
const (
	longestUserSession = 129600
	userSession        = 43200
	rootSession        = 3600
)

// getSessionToken gives a user a session of its own.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
func (s *Service) getSessionToken(_ context.Context, caller wire.Caller, in *sts.GetSessionTokenInput) (*sts.GetSessionTokenOutput, error) {
	if in.SerialNumber != nil || in.TokenCode != nil {
		return nil, accessDenied("MultiFactorAuthentication failed: Hatoba has no MFA devices; leave out SerialNumber and TokenCode.")
	}
	if err := noTokenSize(in.MinimumSessionTokenSize); err != nil {
		return nil, err
	}
	id := caller.Identity
	if !id.Expires.IsZero() || id.Role != "" || id.Task != "" {
		return nil, accessDenied("Cannot call GetSessionToken with session credentials")
	}
	seconds, err := duration(in.DurationSeconds, userSession, longestUserSession)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(id.ARN, ":root") {
		seconds = min(seconds, rootSession)
	}
	id.Expires = s.cfg.Now().Add(time.Duration(seconds) * time.Second)
	credentials, err := s.cfg.Directory.Issue(id)
	if err != nil {
		return nil, err
	}
	return &sts.GetSessionTokenOutput{Credentials: shown(credentials)}, nil
}

func shown(c identity.Credentials) *types.Credentials {
	return &types.Credentials{
		AccessKeyId: aws.String(c.AccessKey), SecretAccessKey: aws.String(c.Secret),
		SessionToken: aws.String(c.Token), Expiration: aws.Time(c.Expires),
	}
}
