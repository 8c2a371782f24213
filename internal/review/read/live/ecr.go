package live

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/hatoba/hatoba/internal/review"
)

func (r *reader) ecr(image imageRef) *ecr.Client {
	return ecr.NewFromConfig(r.cfg, func(o *ecr.Options) { o.Region = image.region })
}

func (r *reader) repository(ctx context.Context, image imageRef) review.Given[review.Repository] {
	client := r.ecr(image)
	found, err := client.DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{RegistryId: &image.registry, RepositoryNames: []string{image.name}})
	switch {
	case is(err, "RepositoryNotFoundException"):
		return review.Have(review.Repository{})
	case err != nil:
		return refused[review.Repository](err, "ecr:DescribeRepositories")
	case len(found.Repositories) == 0:
		return review.Have(review.Repository{})
	}
	repo := found.Repositories[0]
	out := review.Repository{Exists: true, Immutable: repo.ImageTagMutability == types.ImageTagMutabilityImmutable ||
		repo.ImageTagMutability == types.ImageTagMutabilityImmutableWithExclusion}
	if repo.EncryptionConfiguration != nil {
		out.KMSKey = aws.ToString(repo.EncryptionConfiguration.KmsKey)
	}
	out.Scanning = scanning(ctx, client, repo)
	_, err = client.GetLifecyclePolicy(ctx, &ecr.GetLifecyclePolicyInput{RegistryId: &image.registry, RepositoryName: &image.name})
	switch {
	case err == nil:
		out.Lifecycle = review.Have(true)
	case is(err, "LifecyclePolicyNotFoundException"):
		out.Lifecycle = review.Have(false)
	default:
		out.Lifecycle = refused[bool](err, "ecr:GetLifecyclePolicy")
	}
	policy, err := client.GetRepositoryPolicy(ctx, &ecr.GetRepositoryPolicyInput{RegistryId: &image.registry, RepositoryName: &image.name})
	switch {
	case err == nil:
		out.Public = review.Have(everybody(aws.ToString(policy.PolicyText)))
	case is(err, "RepositoryPolicyNotFoundException"):
		out.Public = review.Have(false)
	default:
		out.Public = refused[bool](err, "ecr:GetRepositoryPolicy")
	}
	return review.Have(out)
}

// scanning asks for what holds in the end: the registry's rules win over the
// repository's own setting.
func scanning(ctx context.Context, client *ecr.Client, repo types.Repository) review.Given[string] {
	out, err := client.BatchGetRepositoryScanningConfiguration(ctx, &ecr.BatchGetRepositoryScanningConfigurationInput{RepositoryNames: []string{aws.ToString(repo.RepositoryName)}})
	if err == nil && len(out.ScanningConfigurations) > 0 {
		return review.Have(string(out.ScanningConfigurations[0].ScanFrequency))
	}
	if repo.ImageScanningConfiguration != nil && repo.ImageScanningConfiguration.ScanOnPush {
		return review.Have(string(types.ScanFrequencyScanOnPush))
	}
	if err == nil {
		return review.Missing[string](review.Say("the registry says nothing of how it scans", "レジストリがスキャン方法を返さない"),
			review.Say("look at the registry's scanning rules", "レジストリのスキャンルールを確認してください"))
	}
	return refused[string](err, "ecr:BatchGetRepositoryScanningConfiguration")
}

// everybody reports whether a policy lets anyone in without a condition.
func everybody(policy string) bool {
	for _, s := range statements(policy) {
		if s.Effect != "Allow" || len(s.Condition) > 0 {
			continue
		}
		var all string
		var by map[string]list
		if json.Unmarshal(s.Principal, &all) == nil && all == "*" {
			return true
		}
		if json.Unmarshal(s.Principal, &by) == nil && len(by["AWS"]) > 0 {
			for _, p := range by["AWS"] {
				if p == "*" {
					return true
				}
			}
		}
	}
	return false
}

func (r *reader) scan(ctx context.Context, image imageRef, digest string) review.Given[review.Scan] {
	found, err := r.ecr(image).DescribeImages(ctx, &ecr.DescribeImagesInput{RegistryId: &image.registry, RepositoryName: &image.name,
		ImageIds: []types.ImageIdentifier{{ImageDigest: &digest}}})
	if err != nil {
		return refused[review.Scan](err, "ecr:DescribeImages")
	}
	out := review.Scan{Repository: image.name}
	for _, i := range found.ImageDetails {
		if s := i.ImageScanFindingsSummary; s != nil {
			out.Done = aws.ToTime(s.ImageScanCompletedAt)
			if out.Done.IsZero() {
				out.Done = aws.ToTime(s.VulnerabilitySourceUpdatedAt)
			}
			out.Critical, out.High = int(s.FindingSeverityCounts["CRITICAL"]), int(s.FindingSeverityCounts["HIGH"])
		}
	}
	return review.Have(out)
}
