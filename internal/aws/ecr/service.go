// Package ecr is the front door of Amazon ECR: repositories and images of the
// built-in registry.
package ecr

import (
	"context"
	"io"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/hatoba/hatoba/internal/registry"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// Registry is what the operations ask of the registry's storage.
type Registry interface {
	// Exclusive keeps others from changing a repository's images; Delete, Untag
	// and Remove are called inside it.
	Exclusive(ctx context.Context, scope state.Scope, name string, fn func(ctx context.Context) error) error
	Delete(ctx context.Context, scope state.Scope, name, digest string, tags []string) error
	Untag(ctx context.Context, scope state.Scope, name, tag string) error
	Remove(ctx context.Context, scope state.Scope, name string) error

	Manifest(ctx context.Context, scope state.Scope, name, digest string) ([]byte, error)
	Put(ctx context.Context, scope state.Scope, name string, manifest []byte, mediaType, tag string) (digest string, err error)
	HasBlob(ctx context.Context, scope state.Scope, name, digest string) (size int64, ok bool, err error)
	StartUpload(ctx context.Context, scope state.Scope, name string) (id string, err error)
	Upload(ctx context.Context, scope state.Scope, name, id string, offset int64, part io.Reader) (size int64, err error)
	FinishUpload(ctx context.Context, scope state.Scope, name, id, digest string) (size int64, err error)

	Token(account string, until time.Time) string
}

// Config is what the operations work with.
type Config struct {
	Store    store.Store
	Registry Registry
	Now      func() time.Time
}

// Service is the front door.
type Service struct{ cfg Config }

// New returns the front door.
func New(cfg Config) *Service { return &Service{cfg} }

// Describe lists the operations.
func (s *Service) Describe() wire.Service {
	return wire.Service{
		Name: "ecr", Title: "Amazon ECR", Protocol: wire.JSON11,
		TargetPrefix: "AmazonEC2ContainerRegistry_V20150921", Naming: wire.ECRNaming,
		Client: (*ecr.Client)(nil),
		Operations: []wire.Operation{
			wire.Op("BatchCheckLayerAvailability", s.BatchCheckLayerAvailability),
			wire.Op("BatchDeleteImage", s.BatchDeleteImage),
			wire.Op("BatchGetImage", s.BatchGetImage),
			wire.Op("CompleteLayerUpload", s.CompleteLayerUpload),
			wire.Op("CreatePullThroughCacheRule", s.CreatePullThroughCacheRule),
			wire.Op("CreateRepository", s.CreateRepository),
			wire.Op("DeleteLifecyclePolicy", s.DeleteLifecyclePolicy),
			wire.Op("DeletePullThroughCacheRule", s.DeletePullThroughCacheRule),
			wire.Op("DeleteRepository", s.DeleteRepository),
			wire.Op("DeleteRepositoryPolicy", s.DeleteRepositoryPolicy),
			wire.Op("DescribeImageScanFindings", s.DescribeImageScanFindings),
			wire.Op("DescribeImages", s.DescribeImages),
			wire.Op("DescribePullThroughCacheRules", s.DescribePullThroughCacheRules),
			wire.Op("DescribeRegistry", s.DescribeRegistry),
			wire.Op("DescribeRepositories", s.DescribeRepositories),
			wire.Op("GetAuthorizationToken", s.GetAuthorizationToken),
			wire.Op("GetLifecyclePolicy", s.GetLifecyclePolicy),
			wire.Op("GetLifecyclePolicyPreview", s.GetLifecyclePolicyPreview),
			wire.Op("GetRepositoryPolicy", s.GetRepositoryPolicy),
			wire.Op("InitiateLayerUpload", s.InitiateLayerUpload),
			wire.Op("ListImages", s.ListImages),
			wire.Op("ListTagsForResource", s.ListTagsForResource),
			wire.Op("PutImage", s.PutImage),
			wire.Op("PutImageScanningConfiguration", s.PutImageScanningConfiguration),
			wire.Op("PutImageTagMutability", s.PutImageTagMutability),
			wire.Op("PutLifecyclePolicy", s.PutLifecyclePolicy),
			wire.Op("SetRepositoryPolicy", s.SetRepositoryPolicy),
			wire.Op("StartLifecyclePolicyPreview", s.StartLifecyclePolicyPreview),
			wire.Op("TagResource", s.TagResource),
			wire.Op("UntagResource", s.UntagResource),
			wire.Op("UploadLayerPart", s.UploadLayerPart),
		},
	}
}

func invalid(format string, args ...any) error {
	return &types.InvalidParameterException{Message: aws.String(wire.Errorf("", format, args...).Message)}
}

// scopeOf is the caller's scope; a registryId of another account is refused.
func scopeOf(caller wire.Caller, registryID *string) (state.Scope, error) {
	if id := aws.ToString(registryID); id != "" && id != caller.Scope.Account {
		return state.Scope{}, &types.RepositoryNotFoundException{Message: aws.String(
			"The registry with id '" + id + "' is another account's: Hatoba serves each account's registry to its own access keys only")}
	}
	return caller.Scope, nil
}

// repositoryName is ECR's rule for names.
// Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
var repositoryName = regexp.MustCompile(`^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$`)

func checkName(name string) error {
	if len(name) < 2 || len(name) > 256 || !repositoryName.MatchString(name) {
		return invalid("Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*''")
	}
	if registry.Scoped(name) {
		return invalid("Invalid parameter at 'repositoryName' failed to satisfy constraint: '%s means the repository of another account and region here'", name)
	}
	return nil
}

var (
	tagName     = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`)
	imageDigest = regexp.MustCompile(`^sha256:[a-f0-9]{64}$`)
)

func checkTag(tag string) error {
	if !tagName.MatchString(tag) {
		return invalid("Invalid parameter at 'imageTag' failed to satisfy constraint: 'must satisfy regular expression '[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}''")
	}
	return nil
}

func checkDigest(digest string) error {
	if !imageDigest.MatchString(digest) {
		return invalid("Invalid parameter at 'layerDigests' failed to satisfy constraint: 'must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+''")
	}
	return nil
}

// find reads a repository or answers as ECR does when there is none.
func find(r store.Reader, scope state.Scope, name string) (state.Repository, error) {
	repo, ok := store.Repositories.Get(r, scope.Key(name))
	if !ok {
		return repo, noRepository(scope, name)
	}
	return repo, nil
}

func noRepository(scope state.Scope, name string) error {
	return &types.RepositoryNotFoundException{Message: aws.String(
		"The repository with name '" + name + "' does not exist in the registry with id '" + scope.Account + "'")}
}
