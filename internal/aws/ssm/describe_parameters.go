package ssm

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) describeParameters(ctx context.Context, caller wire.Caller, in *sdk.DescribeParametersInput) (*sdk.DescribeParametersOutput, error) {
	if len(in.Filters) > 0 && len(in.ParameterFilters) > 0 {
		return nil, invalid("You can use either Filters or ParameterFilters in a single request.")
	}
	filters := in.ParameterFilters
	if len(in.Filters) > 0 {
		var err error
		if filters, err = legacy(in.Filters); err != nil {
			return nil, err
		}
	}
	if err := checkFilters(filters, false); err != nil {
		return nil, err
	}
	size, err := pageSize(in.MaxResults, 50)
	if err != nil {
		return nil, err
	}
	after, err := readToken("DescribeParameters", in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &sdk.DescribeParametersOutput{Parameters: []types.ParameterMetadata{}}
	if aws.ToBool(in.Shared) {
		return out, nil // no parameter is shared between accounts
	}
	err = s.store.View(ctx, func(r store.Reader) error {
		for _, p := range store.Parameters.After(r, caller.Scope, "", after) {
			if !matches(p, filters) {
				continue
			}
			if n := len(out.Parameters); n == size {
				out.NextToken = wire.NextPage("DescribeParameters", *out.Parameters[n-1].Name)
				return nil
			}
			out.Parameters = append(out.Parameters, metadata(p))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func metadata(p state.Parameter) types.ParameterMetadata {
	d := p.Latest
	return types.ParameterMetadata{
		Name: aws.String(p.Name), ARN: aws.String(p.ARN), Type: d.Type, Tier: d.Tier, Version: p.Version,
		KeyId: optional(d.KeyID), Description: optional(d.Description), AllowedPattern: optional(d.AllowedPattern),
		DataType: aws.String(d.DataType), LastModifiedDate: aws.Time(d.ModifiedAt), LastModifiedUser: aws.String(d.ModifiedBy),
		Policies: []types.ParameterInlinePolicy{},
	}
}

// legacy turns the older filters into today's: a name was a prefix.
func legacy(filters []types.ParametersFilter) (out []types.ParameterStringFilter, err error) {
	for i, f := range filters {
		if !slices.Contains(f.Key.Values(), f.Key) {
			return nil, constraint(string(f.Key), fmt.Sprintf("filters.%d.member.key", i+1), "Member must satisfy enum value set: [Type, KeyId, Name]")
		}
		option := "Equals"
		if f.Key == types.ParametersFilterKeyName {
			option = "BeginsWith"
		}
		out = append(out, types.ParameterStringFilter{Key: aws.String(string(f.Key)), Option: aws.String(option), Values: f.Values})
	}
	return out, nil
}
