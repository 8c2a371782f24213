package ecr

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/hatoba/hatoba/internal/state"
)

// identified finds the image an identifier means. One that names both tag and
// digest must name the same image by both.
func identified(all []state.Image, id types.ImageIdentifier) (image state.Image, code types.ImageFailureCode, reason string) {
	digest, tag := aws.ToString(id.ImageDigest), aws.ToString(id.ImageTag)
	switch {
	case digest == "" && tag == "":
		return image, types.ImageFailureCodeMissingDigestAndTag, "Invalid request parameters: both tag and digest cannot be null"
	case digest != "" && !strings.HasPrefix(digest, "sha256:"):
		return image, types.ImageFailureCodeInvalidImageDigest, "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'"
	}
	for _, i := range all {
		byDigest, byTag := i.Digest == digest, slices.Contains(i.Tags, tag)
		switch {
		case digest == "" && byTag, tag == "" && byDigest, byDigest && byTag:
			return i, "", ""
		case byDigest && !byTag:
			return image, types.ImageFailureCodeImageTagDoesNotMatchDigest, "Requested image tag does not match the image digest"
		}
	}
	return image, types.ImageFailureCodeImageNotFound, "Requested image not found"
}

// identifiers are an image's names: one a tag, or its digest alone.
func identifiers(image state.Image) (out []types.ImageIdentifier) {
	for _, tag := range image.Tags {
		out = append(out, types.ImageIdentifier{ImageDigest: aws.String(image.Digest), ImageTag: aws.String(tag)})
	}
	if len(out) == 0 {
		out = append(out, types.ImageIdentifier{ImageDigest: aws.String(image.Digest)})
	}
	return out
}

// matches applies a tag-status filter.
func matches(image state.Image, status types.TagStatus) bool {
	switch status {
	case types.TagStatusTagged:
		return len(image.Tags) > 0
	case types.TagStatusUntagged:
		return len(image.Tags) == 0
	}
	return true
}

// checkFilter refuses what no image here can have: none is archived.
func checkFilter(tags types.TagStatus, status types.ImageStatusFilter) error {
	if status != "" && status != types.ImageStatusFilterActive && status != types.ImageStatusFilterAny {
		return invalid("filter.imageStatus %s is not supported by Hatoba: every image is ACTIVE", status)
	}
	if tags != "" && !slices.Contains(tags.Values(), tags) {
		return invalid("Invalid parameter at 'filter' failed to satisfy constraint: 'tagStatus is TAGGED, UNTAGGED or ANY'")
	}
	return nil
}

// size is an image's size; that of an index is its largest image's.
func size(all []state.Image, image state.Image) (bytes int64) {
	bytes = image.SizeBytes
	for _, other := range all {
		if slices.Contains(image.Children, other.Digest) {
			bytes = max(bytes, other.SizeBytes)
		}
	}
	return bytes
}

func detail(scope state.Scope, repo state.Repository, all []state.Image, image state.Image) types.ImageDetail {
	out := types.ImageDetail{
		RegistryId: aws.String(scope.Account), RepositoryName: aws.String(image.Repository), ImageDigest: aws.String(image.Digest),
		ImageTags: image.Tags, ImageSizeInBytes: aws.Int64(size(all, image)), ImagePushedAt: aws.Time(image.PushedAt),
		ImageManifestMediaType: aws.String(image.MediaType), ImageStatus: types.ImageStatusActive,
		ImageScanStatus: scanStatus(repo, image),
	}
	if image.ArtifactType != "" {
		out.ArtifactMediaType = aws.String(image.ArtifactType)
	}
	if image.Subject != "" {
		out.SubjectManifestDigest = aws.String(image.Subject)
	}
	return out
}
