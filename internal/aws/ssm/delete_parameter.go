package ssm

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) deleteParameter(ctx context.Context, caller wire.Caller, in *sdk.DeleteParameterInput) (*sdk.DeleteParameterOutput, error) {
	if err := s.erase(ctx, caller.Scope, in.Name); err != nil {
		return nil, err
	}
	return &sdk.DeleteParameterOutput{}, nil
}

func (s *Service) deleteParameters(ctx context.Context, caller wire.Caller, in *sdk.DeleteParametersInput) (*sdk.DeleteParametersOutput, error) {
	if err := checkNames(in.Names); err != nil {
		return nil, err
	}
	out := &sdk.DeleteParametersOutput{DeletedParameters: []string{}, InvalidParameters: []string{}}
	for _, name := range in.Names {
		err := s.erase(ctx, caller.Scope, aws.String(name))
		var absent *types.ParameterNotFound
		switch {
		case errors.As(err, &absent):
			out.InvalidParameters = append(out.InvalidParameters, name)
		case err != nil:
			return nil, err
		default:
			out.DeletedParameters = append(out.DeletedParameters, name)
		}
	}
	return out, nil
}

// erase removes a parameter with its versions.
func (s *Service) erase(ctx context.Context, scope state.Scope, name *string) error {
	return s.store.Update(ctx, func(w store.Writer) error {
		p, err := findExact(w, scope, name)
		if err != nil {
			return err
		}
		for version := p.Oldest; version <= p.Version; version++ {
			store.ParameterVersions.Delete(w, versionKey(scope, p.Name, version))
		}
		store.Parameters.Delete(w, scope.Key(p.Name))
		return nil
	})
}
