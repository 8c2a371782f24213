package secretsmanager

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/smithy-go"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire"
)

// maxBatch is how many values one call gives.
const maxBatch = 20

func (s *Service) batchGetSecretValue(ctx context.Context, caller wire.Caller, in *sdk.BatchGetSecretValueInput) (*sdk.BatchGetSecretValueOutput, error) {
	if (len(in.SecretIdList) > 0) == (len(in.Filters) > 0) {
		return nil, invalidParameter("Either 'SecretIdList' or 'Filters' must be provided, but not both.")
	}
	if in.MaxResults != nil && len(in.Filters) == 0 {
		return nil, invalidParameter("'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.")
	}
	if len(in.SecretIdList) > maxBatch {
		return nil, constraint("[...]", "secretIdList", "Member must have length less than or equal to 20")
	}
	out := &sdk.BatchGetSecretValueOutput{SecretValues: []types.SecretValueEntry{}, Errors: []types.APIErrorType{}}
	ids := in.SecretIdList
	if len(in.Filters) > 0 {
		page, next, err := s.batchPage(ctx, caller.Scope, in)
		if err != nil {
			return nil, err
		}
		out.NextToken = next
		for _, secret := range page {
			ids = append(ids, secret.ARN)
		}
	}
	for _, id := range ids {
		got, err := s.getSecretValue(ctx, caller, &sdk.GetSecretValueInput{SecretId: aws.String(id)})
		var refused smithy.APIError
		switch {
		case errors.As(err, &refused):
			out.Errors = append(out.Errors, types.APIErrorType{
				SecretId: aws.String(id), ErrorCode: aws.String(refused.ErrorCode()), Message: aws.String(refused.ErrorMessage()),
			})
		case err != nil:
			return nil, err
		default:
			out.SecretValues = append(out.SecretValues, types.SecretValueEntry{
				ARN: got.ARN, Name: got.Name, CreatedDate: got.CreatedDate, SecretBinary: got.SecretBinary,
				SecretString: got.SecretString, VersionId: got.VersionId, VersionStages: got.VersionStages,
			})
		}
	}
	return out, nil
}

func (s *Service) batchPage(ctx context.Context, scope state.Scope, in *sdk.BatchGetSecretValueInput) ([]state.Secret, *string, error) {
	size, err := pageSize(in.MaxResults, maxBatch)
	if err != nil {
		return nil, nil, err
	}
	after, err := readToken("BatchGetSecretValue", in.NextToken)
	if err != nil {
		return nil, nil, err
	}
	page, next, err := s.list(ctx, scope, listing{filters: in.Filters, after: after, size: size})
	return page, wire.NextPage("BatchGetSecretValue", next), err
}
