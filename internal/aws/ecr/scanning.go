package ecr

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// unscanned is what a scan on push comes to: Hatoba has no feed of
// vulnerabilities, and an image nobody looked at is not called clean.
const unscanned = "Hatoba has no vulnerability data of its own. hatoba review --image checks an image against a database you name."

// scanOnPush sets whether what is pushed from now on is to be scanned.
func (s *Service) scanOnPush(repo *state.Repository, c *types.ImageScanningConfiguration) {
	switch {
	case c == nil || !c.ScanOnPush:
		repo.ScanSince = nil
	case repo.ScanSince == nil:
		now := s.cfg.Now().UTC().Truncate(time.Millisecond)
		repo.ScanSince = &now
	}
}

// scanStatus is that of an image, nil when no scan of it was asked for.
func scanStatus(repo state.Repository, image state.Image) *types.ImageScanStatus {
	if repo.ScanSince == nil || image.PushedAt.Before(*repo.ScanSince) {
		return nil
	}
	return &types.ImageScanStatus{Status: types.ScanStatusFailed, Description: aws.String(unscanned)}
}

// PutImageScanningConfiguration sets whether images are scanned when they are
// pushed. Such a scan is FAILED, with the reason: none is made.
//
// Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImageScanningConfiguration.html
func (s *Service) PutImageScanningConfiguration(ctx context.Context, caller wire.Caller, in *ecr.PutImageScanningConfigurationInput) (*ecr.PutImageScanningConfigurationOutput, error) {
	if in.ImageScanningConfiguration == nil {
		return nil, invalid("Invalid parameter at 'imageScanningConfiguration' failed to satisfy constraint: 'must not be null'")
	}
	scope, repo, err := s.change(ctx, caller, in.RegistryId, in.RepositoryName, func(r *state.Repository) error {
		s.scanOnPush(r, in.ImageScanningConfiguration)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ecr.PutImageScanningConfigurationOutput{
		RegistryId: aws.String(scope.Account), RepositoryName: aws.String(repo.Name), ImageScanningConfiguration: in.ImageScanningConfiguration,
	}, nil
}

// DescribeImageScanFindings tells what became of an image's scan.
//
// Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageScanFindings.html
func (s *Service) DescribeImageScanFindings(ctx context.Context, caller wire.Caller, in *ecr.DescribeImageScanFindingsInput) (*ecr.DescribeImageScanFindingsOutput, error) {
	scope, err := scopeOf(caller, in.RegistryId)
	if err != nil {
		return nil, err
	}
	switch {
	case in.ImageId == nil:
		return nil, invalid("Invalid parameter at 'imageId' failed to satisfy constraint: 'must not be null'")
	case in.NextToken != nil:
		return nil, invalid("Invalid token.")
	}
	if _, err := pageSize(in.MaxResults); err != nil {
		return nil, err
	}
	out := &ecr.DescribeImageScanFindingsOutput{RegistryId: aws.String(scope.Account), RepositoryName: in.RepositoryName, ImageId: in.ImageId}
	return out, s.cfg.Store.View(ctx, func(r store.Reader) error {
		repo, err := find(r, scope, aws.ToString(in.RepositoryName))
		if err != nil {
			return err
		}
		image, code, _ := identified(images(r, scope, repo.Name), *in.ImageId)
		if code != "" {
			return noImage(scope, repo.Name, *in.ImageId)
		}
		if out.ImageScanStatus = scanStatus(repo, image); out.ImageScanStatus == nil {
			return &types.ScanNotFoundException{Message: aws.String("Image scan does not exist for the image with '" + quoted(*in.ImageId) +
				"' in the repository with name '" + repo.Name + "' in the registry with id '" + scope.Account + "'")}
		}
		return nil
	})
}
