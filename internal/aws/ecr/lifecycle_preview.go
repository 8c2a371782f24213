package ecr

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/hatoba/hatoba/internal/aws/ecr/lifecycle"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// StartLifecyclePolicyPreview keeps a policy, the one given or the
// repository's own, whose outcome GetLifecyclePolicyPreview tells. It is told
// of the images that are there when it is asked for.
// Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_StartLifecyclePolicyPreview.html
func (s *Service) StartLifecyclePolicyPreview(ctx context.Context, caller wire.Caller, in *ecr.StartLifecyclePolicyPreviewInput) (*ecr.StartLifecyclePolicyPreviewOutput, error) {
	if in.LifecyclePolicyText != nil {
		if _, err := parsePolicy(in.LifecyclePolicyText); err != nil {
			return nil, err
		}
	}
	scope, repo, err := s.change(ctx, caller, in.RegistryId, in.RepositoryName, func(r *state.Repository) error {
		if r.Preview = aws.ToString(in.LifecyclePolicyText); r.Preview == "" {
			r.Preview = r.Lifecycle
		}
		if r.Preview == "" {
			return noLifecyclePolicy(caller.Scope, r.Name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ecr.StartLifecyclePolicyPreviewOutput{
		RegistryId: aws.String(scope.Account), RepositoryName: aws.String(repo.Name),
		LifecyclePolicyText: aws.String(repo.Preview), Status: types.LifecyclePolicyPreviewStatusInProgress,
	}, nil
}

// GetLifecyclePolicyPreview tells what the policy of a preview would expire.
func (s *Service) GetLifecyclePolicyPreview(ctx context.Context, caller wire.Caller, in *ecr.GetLifecyclePolicyPreviewInput) (*ecr.GetLifecyclePolicyPreviewOutput, error) {
	scope, err := scopeOf(caller, in.RegistryId)
	if err != nil {
		return nil, err
	}
	if len(in.ImageIds) > maxBatch || len(in.ImageIds) > 0 && (in.MaxResults != nil || in.NextToken != nil) {
		return nil, invalid("Invalid parameter: imageIds has at most 100 items, and is not given together with maxResults or nextToken")
	}
	var status types.TagStatus
	if in.Filter != nil {
		status = in.Filter.TagStatus
		if err := checkFilter(status, ""); err != nil {
			return nil, err
		}
	}
	size, err := pageSize(in.MaxResults)
	if err != nil {
		return nil, err
	}
	name := aws.ToString(in.RepositoryName)
	kind := "ecr-preview/" + name
	after, err := wire.ReadPageToken(kind, aws.ToString(in.NextToken))
	if err != nil {
		return nil, invalid("Invalid token.")
	}
	var repo state.Repository
	var all []state.Image
	err = s.cfg.Store.View(ctx, func(r store.Reader) (err error) {
		if repo, err = find(r, scope, name); err == nil {
			all = images(r, scope, name)
		}
		return err
	})
	if err == nil && repo.Preview == "" {
		err = &types.LifecyclePolicyPreviewNotFoundException{Message: aws.String(
			"Lifecycle policy preview does not exist for the repository with name '" + name + "' in the registry with id '" + scope.Account + "'")}
	}
	if err != nil {
		return nil, err
	}
	policy, err := lifecycle.Parse(repo.Preview)
	if err != nil {
		return nil, err
	}
	expired := policy.Decide(candidates(all), s.cfg.Now())
	out := &ecr.GetLifecyclePolicyPreviewOutput{
		RegistryId: aws.String(scope.Account), RepositoryName: aws.String(name), LifecyclePolicyText: aws.String(repo.Preview),
		Status: types.LifecyclePolicyPreviewStatusComplete, PreviewResults: []types.LifecyclePolicyPreviewResult{},
		Summary: &types.LifecyclePolicyPreviewSummary{ExpiringImageTotalCount: aws.Int32(int32(len(expired)))},
	}
	passed := after == ""
	for _, e := range expired {
		if !passed {
			passed = e.Digest == after
			continue
		}
		if !matches(state.Image{Tags: e.Tags}, status) || !wanted(all, e.Digest, in.ImageIds) {
			continue
		}
		if len(out.PreviewResults) == size {
			out.NextToken = aws.String(wire.PageToken(kind, aws.ToString(out.PreviewResults[size-1].ImageDigest)))
			break
		}
		out.PreviewResults = append(out.PreviewResults, types.LifecyclePolicyPreviewResult{
			ImageDigest: aws.String(e.Digest), ImageTags: e.Tags, ImagePushedAt: aws.Time(e.PushedAt),
			Action: &types.LifecyclePolicyRuleAction{Type: types.ImageActionTypeExpire}, AppliedRulePriority: aws.Int32(int32(e.Rule)),
		})
	}
	return out, nil
}

// wanted tells whether an image is among those asked for; no ids ask for all.
func wanted(all []state.Image, digest string, ids []types.ImageIdentifier) bool {
	for _, id := range ids {
		if image, code, _ := identified(all, id); code == "" && image.Digest == digest {
			return true
		}
	}
	return len(ids) == 0
}
