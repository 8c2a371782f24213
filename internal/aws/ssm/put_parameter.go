package ssm

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// maxVersions is how many versions a parameter keeps.
// Source: https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html
const maxVersions = 100

func (s *Service) putParameter(ctx context.Context, caller wire.Caller, in *sdk.PutParameterInput) (*sdk.PutParameterOutput, error) {
	scope := caller.Scope
	name, err := checkName(scope, in.Name)
	if err != nil {
		return nil, err
	}
	if err := checkPut(in); err != nil {
		return nil, err
	}
	tags, err := mergeTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	pattern, err := s.pattern(ctx, scope, name, in)
	if err != nil {
		return nil, err
	}
	now := s.now()
	var p state.Parameter
	err = s.store.Update(ctx, func(w store.Writer) error {
		var old *state.Parameter
		if have, ok := store.Parameters.Get(w, scope.Key(name)); ok {
			if old = &have; !aws.ToBool(in.Overwrite) {
				return &types.ParameterAlreadyExists{Message: aws.String(
					"The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")}
			}
		}
		details, err := decideDetails(scope, old, in)
		if err != nil {
			return err
		}
		if details.AllowedPattern != pattern { // changed since
			if err := checkPattern(details.AllowedPattern, *in.Value); err != nil {
				return err
			}
		}
		details.ModifiedAt, details.ModifiedBy = now, "arn:aws:iam::"+scope.Account+":root"
		p = state.Parameter{Name: name, ARN: scope.ParameterARN(name), Version: 1, Oldest: 1, Latest: details, Tags: tags}
		if old != nil {
			if p, err = nextVersion(w, scope, *old, details); err != nil {
				return err
			}
		}
		key := versionKey(scope, name, p.Version)
		sealed, err := s.seal(s.ringOf(ctx, caller, details.Tier), w, scope, p, key, *in.Value)
		if err != nil {
			return err
		}
		if err := store.ParameterVersions.Put(w, key, state.ParameterVersion{Version: p.Version, Details: details, Value: sealed}); err != nil {
			return err
		}
		return store.Parameters.Put(w, scope.Key(name), p)
	})
	if err != nil {
		return nil, err
	}
	return &sdk.PutParameterOutput{Version: p.Version, Tier: p.Latest.Tier}, nil
}

// pattern returns the pattern that the value was found to match, before the
// transaction: matching takes its time.
func (s *Service) pattern(ctx context.Context, scope state.Scope, name string, in *sdk.PutParameterInput) (pattern string, err error) {
	err = s.store.View(ctx, func(r store.Reader) error {
		if have, ok := store.Parameters.Get(r, scope.Key(name)); ok && aws.ToBool(in.Overwrite) {
			pattern = have.Latest.AllowedPattern
		}
		return nil
	})
	if in.AllowedPattern != nil {
		pattern = *in.AllowedPattern
	}
	if err != nil {
		return "", err
	}
	return pattern, checkPattern(pattern, *in.Value)
}

// nextVersion makes room for one more version: the oldest goes, unless a label
// holds it.
func nextVersion(w store.Writer, scope state.Scope, p state.Parameter, details state.ParameterDetails) (state.Parameter, error) {
	p.Version++
	p.Latest = details
	if p.Version-p.Oldest < maxVersions {
		return p, nil
	}
	if slices.Contains(slices.Collect(maps.Values(p.Labels)), p.Oldest) {
		return p, &types.ParameterMaxVersionLimitExceeded{Message: aws.String(fmt.Sprintf(
			"You attempted to create a new version of %s by calling the PutParameter API with the overwrite flag. Version %d, the oldest version, can't be deleted because it has a label associated with it. Move the label to another version of the parameter, and try again.",
			p.Name, p.Oldest))}
	}
	store.ParameterVersions.Delete(w, versionKey(scope, p.Name, p.Oldest))
	p.Oldest++
	return p, nil
}
