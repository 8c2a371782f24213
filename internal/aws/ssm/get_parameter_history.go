package ssm

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/hatoba/hatoba/internal/secrets/kmskey"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) getParameterHistory(ctx context.Context, caller wire.Caller, in *sdk.GetParameterHistoryInput) (*sdk.GetParameterHistoryOutput, error) {
	size, err := pageSize(in.MaxResults, 50)
	if err != nil {
		return nil, err
	}
	after, err := readToken("GetParameterHistory", in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &sdk.GetParameterHistoryOutput{Parameters: []types.ParameterHistory{}}
	err = s.store.View(ctx, func(r store.Reader) error {
		p, selector, err := find(r, caller.Scope, in.Name)
		if err != nil {
			return err
		}
		if selector != "" {
			return parameterNotFound(*in.Name)
		}
		last := ""
		for key, v := range store.ParameterVersions.After(r, caller.Scope, state.ParameterVersionPrefix(p.Name), after) {
			if len(out.Parameters) == size {
				out.NextToken = wire.NextPage("GetParameterHistory", last)
				return nil
			}
			last = key.ID
			shown, err := s.history(s.ringOf(ctx, caller, ""), r, caller.Scope, p, v, aws.ToBool(in.WithDecryption))
			if err != nil {
				return err
			}
			out.Parameters = append(out.Parameters, shown)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (s *Service) history(ring kmskey.Ring, r store.Reader, scope state.Scope, p state.Parameter, v state.ParameterVersion, decrypt bool) (types.ParameterHistory, error) {
	value, err := s.value(ring, r, scope, p.Name, v, decrypt)
	if err != nil {
		return types.ParameterHistory{}, err
	}
	d := v.Details
	return types.ParameterHistory{
		Name: aws.String(p.Name), Type: d.Type, Value: aws.String(value), Version: v.Version, Tier: d.Tier,
		KeyId: optional(d.KeyID), Description: optional(d.Description), AllowedPattern: optional(d.AllowedPattern),
		DataType: aws.String(d.DataType), LastModifiedDate: aws.Time(d.ModifiedAt), LastModifiedUser: aws.String(d.ModifiedBy),
		Labels: labelsOf(p, v.Version), Policies: []types.ParameterInlinePolicy{},
	}, nil
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
