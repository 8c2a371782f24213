package ssm

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/secrets/kmskey"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) getParameter(ctx context.Context, caller wire.Caller, in *sdk.GetParameterInput) (*sdk.GetParameterOutput, error) {
	p, err := s.get(ctx, s.ringOf(ctx, caller, ""), caller.Scope, in.Name, aws.ToBool(in.WithDecryption))
	if err != nil {
		return nil, err
	}
	return &sdk.GetParameterOutput{Parameter: p}, nil
}

// Resolve returns a parameter's decrypted value for a task. name is a name or
// ARN of the scope, with or without a version or label. The errors are those
// of GetParameter.
func (s *Service) Resolve(ctx context.Context, scope state.Scope, name string) (secrets.Value, error) {
	p, err := s.get(ctx, s.ring(), scope, aws.String(name), true)
	if err != nil {
		return secrets.Value{}, err
	}
	return secrets.NewValue(*p.Value), nil
}

func (s *Service) get(ctx context.Context, ring kmskey.Ring, scope state.Scope, name *string, decrypt bool) (out *types.Parameter, err error) {
	err = s.store.View(ctx, func(r store.Reader) error {
		p, selector, err := find(r, scope, name)
		if err != nil {
			return err
		}
		version, err := selected(p, selector)
		if err != nil {
			return err
		}
		out, err = s.read(ring, r, scope, p, version, selector, decrypt)
		return err
	})
	return out, err
}

func (s *Service) getParameters(ctx context.Context, caller wire.Caller, in *sdk.GetParametersInput) (*sdk.GetParametersOutput, error) {
	if err := checkNames(in.Names); err != nil {
		return nil, err
	}
	out := &sdk.GetParametersOutput{Parameters: []types.Parameter{}, InvalidParameters: []string{}}
	for _, name := range in.Names {
		p, err := s.get(ctx, s.ringOf(ctx, caller, ""), caller.Scope, aws.String(name), aws.ToBool(in.WithDecryption))
		var absent *types.ParameterNotFound
		var noVersion *types.ParameterVersionNotFound
		switch {
		case errors.As(err, &absent), errors.As(err, &noVersion):
			out.InvalidParameters = append(out.InvalidParameters, name)
		case err != nil:
			return nil, err
		default:
			out.Parameters = append(out.Parameters, *p)
		}
	}
	slices.SortStableFunc(out.Parameters, func(a, b types.Parameter) int { return strings.Compare(*a.Name, *b.Name) })
	return out, nil
}

// checkNames checks a list of names: one to ten, none empty.
func checkNames(names []string) error {
	switch {
	case len(names) == 0:
		return constraint("[]", "names", "Member must have length greater than or equal to 1")
	case len(names) > 10:
		return constraint("["+strings.Join(names, ", ")+"]", "names", "Member must have length less than or equal to 10.")
	case slices.Contains(names, ""):
		return constraint("["+strings.Join(names, ", ")+"]", "names", "Member must satisfy constraint: [Member must have length greater than or equal to 1]")
	}
	return nil
}
