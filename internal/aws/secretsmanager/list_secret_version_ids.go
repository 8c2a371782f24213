package secretsmanager

import (
	"cmp"
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) listSecretVersionIDs(ctx context.Context, caller wire.Caller, in *sdk.ListSecretVersionIdsInput) (*sdk.ListSecretVersionIdsOutput, error) {
	size, err := pageSize(in.MaxResults, 100)
	if err != nil {
		return nil, err
	}
	after, err := readToken("ListSecretVersionIds", in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &sdk.ListSecretVersionIdsOutput{Versions: []types.SecretVersionsListEntry{}}
	err = s.store.View(ctx, func(r store.Reader) error {
		secret, err := find(r, caller.Scope, in.SecretId)
		if err != nil {
			return err
		}
		out.ARN, out.Name = aws.String(secret.ARN), aws.String(secret.Name)
		for _, v := range versions(r, caller.Scope, secret) {
			labels := labelsOf(secret.Stages, v.ID)
			if v.ID <= after || len(labels) == 0 && !aws.ToBool(in.IncludeDeprecated) {
				continue
			}
			if n := len(out.Versions); n == size {
				out.NextToken = wire.NextPage("ListSecretVersionIds", *out.Versions[n-1].VersionId)
				return nil
			}
			out.Versions = append(out.Versions, types.SecretVersionsListEntry{
				VersionId: aws.String(v.ID), VersionStages: labels, CreatedDate: aws.Time(v.CreatedAt),
				LastAccessedDate: v.AccessedDay, KmsKeyIds: []string{cmp.Or(v.Key, "DefaultEncryptionKey")},
			})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
