package s3

import (
	"context"
	"encoding/json"

	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/hatoba/hatoba/internal/objects"
)

// Configurations that are kept as the SDK's types, by name.
const (
	publicBlockDocument = "PublicAccessBlock"
	ownershipDocument   = "OwnershipControls"
	lifecycleDocument   = "Lifecycle"
	policyDocument      = "Policy"
)

func setDocument(b *objects.Bucket, name string, document any) error {
	raw, err := json.Marshal(document)
	if err != nil {
		return err
	}
	documents := map[string]json.RawMessage{name: raw}
	for k, v := range b.Documents {
		if k != name {
			documents[k] = v
		}
	}
	b.Documents = documents
	return nil
}

// document reads a configuration into out; missing is the answer without one.
func document(b objects.Bucket, name string, out any, missing error) error {
	raw, ok := b.Documents[name]
	if !ok {
		return missing
	}
	return json.Unmarshal(raw, out)
}

// change changes the request's bucket.
func (s *Service) change(r *request, expectedOwner *string, fn func(b *objects.Bucket) error) error {
	if _, err := s.bucket(r, expectedOwner); err != nil {
		return err
	}
	return s.objects.UpdateBucket(r.bucket, fn)
}

func (s *Service) keep(r *request, expectedOwner *string, name string, document any) error {
	return s.change(r, expectedOwner, func(b *objects.Bucket) error { return setDocument(b, name, document) })
}

func (s *Service) forget(r *request, expectedOwner *string, name string) error {
	return s.change(r, expectedOwner, func(b *objects.Bucket) error { delete(b.Documents, name); return nil })
}

func (s *Service) getPublicAccessBlock(_ context.Context, r *request, in *sdk.GetPublicAccessBlockInput) (*sdk.GetPublicAccessBlockOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	out := &sdk.GetPublicAccessBlockOutput{PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{}}
	return out, document(b, publicBlockDocument, out.PublicAccessBlockConfiguration, errNoPublicBlock)
}

func (s *Service) putPublicAccessBlock(_ context.Context, r *request, in *sdk.PutPublicAccessBlockInput) (*sdk.PutPublicAccessBlockOutput, error) {
	c := in.PublicAccessBlockConfiguration
	if c == nil {
		return nil, errMalformedXML
	}
	for _, flag := range []**bool{&c.BlockPublicAcls, &c.BlockPublicPolicy, &c.IgnorePublicAcls, &c.RestrictPublicBuckets} {
		if *flag == nil {
			*flag = new(bool)
		}
	}
	return nil, s.keep(r, in.ExpectedBucketOwner, publicBlockDocument, c)
}

func (s *Service) deletePublicAccessBlock(_ context.Context, r *request, in *sdk.DeletePublicAccessBlockInput) (*sdk.DeletePublicAccessBlockOutput, error) {
	return nil, s.forget(r, in.ExpectedBucketOwner, publicBlockDocument)
}

func (s *Service) getOwnershipControls(_ context.Context, r *request, in *sdk.GetBucketOwnershipControlsInput) (*sdk.GetBucketOwnershipControlsOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	out := &sdk.GetBucketOwnershipControlsOutput{OwnershipControls: &types.OwnershipControls{}}
	return out, document(b, ownershipDocument, out.OwnershipControls, errNoOwnership)
}

// putOwnershipControls takes every setting: with one account per bucket they
// come to the same, the bucket's owner owns everything.
func (s *Service) putOwnershipControls(_ context.Context, r *request, in *sdk.PutBucketOwnershipControlsInput) (*sdk.PutBucketOwnershipControlsOutput, error) {
	c := in.OwnershipControls
	if c == nil || len(c.Rules) != 1 {
		return nil, errMalformedXML
	}
	switch c.Rules[0].ObjectOwnership {
	case types.ObjectOwnershipBucketOwnerEnforced, types.ObjectOwnershipBucketOwnerPreferred, types.ObjectOwnershipObjectWriter:
		return nil, s.keep(r, in.ExpectedBucketOwner, ownershipDocument, c)
	}
	return nil, errMalformedXML
}

func (s *Service) deleteOwnershipControls(_ context.Context, r *request, in *sdk.DeleteBucketOwnershipControlsInput) (*sdk.DeleteBucketOwnershipControlsOutput, error) {
	return nil, s.forget(r, in.ExpectedBucketOwner, ownershipDocument)
}

// ownedBucket is an input that names nothing but a bucket.
type ownedBucket interface {
	sdk.GetBucketAccelerateConfigurationInput | sdk.GetBucketLoggingInput | sdk.GetBucketNotificationConfigurationInput |
		sdk.GetBucketRequestPaymentInput | sdk.GetBucketReplicationInput | sdk.GetBucketWebsiteInput |
		sdk.GetObjectLockConfigurationInput | sdk.DeleteBucketReplicationInput | sdk.DeleteBucketWebsiteInput
}

// fixed answers with the setting every bucket has.
func fixed[I ownedBucket, O any](s *Service, out O) func(context.Context, *request, *I) (*O, error) {
	return func(_ context.Context, r *request, _ *I) (*O, error) {
		_, err := s.bucket(r, header(r, "X-Amz-Expected-Bucket-Owner"))
		return &out, err
	}
}

// absent answers with the error for a configuration no bucket has.
func absent[I ownedBucket, O any](s *Service, missing error) func(context.Context, *request, *I) (*O, error) {
	return func(_ context.Context, r *request, _ *I) (*O, error) {
		if _, err := s.bucket(r, header(r, "X-Amz-Expected-Bucket-Owner")); err != nil {
			return nil, err
		}
		return nil, missing
	}
}

// nothing removes a configuration no bucket has.
func nothing[I ownedBucket, O any](s *Service) func(context.Context, *request, *I) (*O, error) {
	return func(_ context.Context, r *request, _ *I) (*O, error) {
		_, err := s.bucket(r, header(r, "X-Amz-Expected-Bucket-Owner"))
		return nil, err
	}
}

func header(r *request, name string) *string {
	if v := r.http.Header.Get(name); v != "" {
		return &v
	}
	return nil
}
