package ecr

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// ListImages lists the identifiers of a repository's images by pages: one for
// each tag, or the digest of an image without. A page ends between images.
func (s *Service) ListImages(ctx context.Context, caller wire.Caller, in *ecr.ListImagesInput) (*ecr.ListImagesOutput, error) {
	scope, err := scopeOf(caller, in.RegistryId)
	if err != nil {
		return nil, err
	}
	size, err := pageSize(in.MaxResults)
	if err != nil {
		return nil, err
	}
	name := aws.ToString(in.RepositoryName)
	after, err := wire.ReadPageToken("ecr-list/"+name, aws.ToString(in.NextToken))
	if err != nil {
		return nil, invalid("Invalid token.")
	}
	var status types.TagStatus
	if in.Filter != nil {
		status = in.Filter.TagStatus
		if err := checkFilter(status, in.Filter.ImageStatus); err != nil {
			return nil, err
		}
	}
	out := &ecr.ListImagesOutput{}
	err = s.cfg.Store.View(ctx, func(r store.Reader) error {
		if _, err := find(r, scope, name); err != nil {
			return err
		}
		last := ""
		for _, image := range images(r, scope, name) {
			if image.Digest <= after || !matches(image, status) {
				continue
			}
			if len(out.ImageIds) >= size {
				out.NextToken = aws.String(wire.PageToken("ecr-list/"+name, last))
				break
			}
			out.ImageIds = append(out.ImageIds, identifiers(image)...)
			last = image.Digest
		}
		return nil
	})
	return out, err
}
