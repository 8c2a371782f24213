package s3

import (
	"context"

	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/hatoba/hatoba/internal/objects"
)

func (s *Service) getBucketVersioning(_ context.Context, r *request, in *sdk.GetBucketVersioningInput) (*sdk.GetBucketVersioningOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	return &sdk.GetBucketVersioningOutput{Status: types.BucketVersioningStatus(b.Versioning)}, nil
}

func (s *Service) putBucketVersioning(_ context.Context, r *request, in *sdk.PutBucketVersioningInput) (*sdk.PutBucketVersioningOutput, error) {
	c := in.VersioningConfiguration
	switch {
	case c == nil:
		return nil, errMalformedXML
	case c.MFADelete == types.MFADeleteEnabled:
		return nil, unsupported("MFA delete")
	case c.Status != types.BucketVersioningStatusEnabled && c.Status != types.BucketVersioningStatusSuspended:
		return nil, fail(400, "IllegalVersioningConfigurationException", "The Versioning element must be specified")
	}
	return nil, s.change(r, in.ExpectedBucketOwner, func(b *objects.Bucket) error {
		b.Versioning = string(c.Status)
		return nil
	})
}
