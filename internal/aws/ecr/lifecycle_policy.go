package ecr

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/hatoba/hatoba/internal/aws/ecr/lifecycle"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func parsePolicy(text *string) (lifecycle.Policy, error) {
	p, err := lifecycle.Parse(aws.ToString(text))
	if err != nil {
		return p, invalid("Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation failure: %s'", err)
	}
	return p, nil
}

func noLifecyclePolicy(scope state.Scope, name string) error {
	return &types.LifecyclePolicyNotFoundException{Message: aws.String(
		"Lifecycle policy does not exist for the repository with name '" + name + "' in the registry with id '" + scope.Account + "'")}
}

// PutLifecyclePolicy sets what expires images. It is evaluated soon after, and
// every hour.
// Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutLifecyclePolicy.html
func (s *Service) PutLifecyclePolicy(ctx context.Context, caller wire.Caller, in *ecr.PutLifecyclePolicyInput) (*ecr.PutLifecyclePolicyOutput, error) {
	if _, err := parsePolicy(in.LifecyclePolicyText); err != nil {
		return nil, err
	}
	scope, repo, err := s.change(ctx, caller, in.RegistryId, in.RepositoryName, func(r *state.Repository) error {
		r.Lifecycle, r.EvaluatedAt = aws.ToString(in.LifecyclePolicyText), time.Time{}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ecr.PutLifecyclePolicyOutput{RegistryId: aws.String(scope.Account), RepositoryName: aws.String(repo.Name), LifecyclePolicyText: in.LifecyclePolicyText}, nil
}

// GetLifecyclePolicy returns the policy, and when it was evaluated last.
func (s *Service) GetLifecyclePolicy(ctx context.Context, caller wire.Caller, in *ecr.GetLifecyclePolicyInput) (*ecr.GetLifecyclePolicyOutput, error) {
	scope, err := scopeOf(caller, in.RegistryId)
	if err != nil {
		return nil, err
	}
	var repo state.Repository
	err = s.cfg.Store.View(ctx, func(r store.Reader) (err error) {
		repo, err = find(r, scope, aws.ToString(in.RepositoryName))
		return err
	})
	if err == nil && repo.Lifecycle == "" {
		err = noLifecyclePolicy(scope, repo.Name)
	}
	if err != nil {
		return nil, err
	}
	return &ecr.GetLifecyclePolicyOutput{
		RegistryId: aws.String(scope.Account), RepositoryName: aws.String(repo.Name), LifecyclePolicyText: aws.String(repo.Lifecycle), LastEvaluatedAt: evaluated(repo),
	}, nil
}

func evaluated(repo state.Repository) *time.Time {
	if repo.EvaluatedAt.IsZero() {
		return nil
	}
	return aws.Time(repo.EvaluatedAt)
}

// DeleteLifecyclePolicy removes the policy.
func (s *Service) DeleteLifecyclePolicy(ctx context.Context, caller wire.Caller, in *ecr.DeleteLifecyclePolicyInput) (*ecr.DeleteLifecyclePolicyOutput, error) {
	var had state.Repository
	scope, repo, err := s.change(ctx, caller, in.RegistryId, in.RepositoryName, func(r *state.Repository) error {
		if had = *r; had.Lifecycle == "" {
			return noLifecyclePolicy(caller.Scope, r.Name)
		}
		r.Lifecycle, r.EvaluatedAt = "", time.Time{}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ecr.DeleteLifecyclePolicyOutput{
		RegistryId: aws.String(scope.Account), RepositoryName: aws.String(repo.Name), LifecyclePolicyText: aws.String(had.Lifecycle), LastEvaluatedAt: evaluated(had),
	}, nil
}

// candidates are images as rules go by them.
func candidates(all []state.Image) (out []lifecycle.Image) {
	for _, i := range all {
		out = append(out, lifecycle.Image{Digest: i.Digest, Tags: i.Tags, PushedAt: i.PushedAt, Held: referenced(all, i.Digest)})
	}
	return out
}

// Expire evaluates the policy of a repository and deletes what it expires.
func (s *Service) Expire(ctx context.Context, scope state.Scope, name string) (expired int, err error) {
	err = s.cfg.Registry.Exclusive(ctx, scope, name, func(ctx context.Context) error {
		var plan deletion
		var text string
		now := s.cfg.Now()
		err := s.cfg.Store.View(ctx, func(r store.Reader) error {
			repo, err := find(r, scope, name)
			if text = repo.Lifecycle; err != nil || text == "" {
				return err
			}
			policy, err := lifecycle.Parse(text)
			if err != nil {
				return err
			}
			all := images(r, scope, name)
			var ids []types.ImageIdentifier
			for _, e := range policy.Decide(candidates(all), now) {
				ids = append(ids, types.ImageIdentifier{ImageDigest: aws.String(e.Digest)})
			}
			plan = planDeletion(all, ids)
			return nil
		})
		if err != nil || text == "" {
			return err
		}
		if expired = len(plan.remove); expired > 0 {
			if err := s.delete(ctx, scope, name, plan); err != nil {
				return err
			}
		}
		return s.cfg.Store.Update(ctx, func(w store.Writer) error {
			repo, err := find(w, scope, name)
			if err != nil || repo.Lifecycle != text {
				return err
			}
			repo.EvaluatedAt = now
			return store.Repositories.Put(w, scope.Key(name), repo)
		})
	})
	return expired, err
}
