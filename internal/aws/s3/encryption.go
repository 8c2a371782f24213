package s3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/hatoba/hatoba/internal/objects"
	"github.com/hatoba/hatoba/internal/wire"
)

// encryption decides how an object is encrypted: as it asks, else as its
// bucket says, else under Hatoba's own key.
func (s *Service) encryption(ctx context.Context, r *request, b objects.Bucket, algorithm types.ServerSideEncryption, key *string, bucketKey *bool) (objects.Encryption, error) {
	if algorithm == "" && key == nil {
		out := b.Encryption
		if out.Algorithm == "" {
			out.Algorithm = string(types.ServerSideEncryptionAes256)
		}
		if bucketKey != nil {
			out.BucketKey = *bucketKey
		}
		return out, nil
	}
	out := objects.Encryption{Algorithm: string(algorithm), BucketKey: aws.ToBool(bucketKey)}
	switch {
	case algorithm == types.ServerSideEncryptionAes256 && key == nil:
		return out, nil
	case algorithm == types.ServerSideEncryptionAwsKms:
	case algorithm == types.ServerSideEncryptionAwsKmsDsse:
		return out, unsupported("The server-side encryption aws:kms:dsse")
	case algorithm == types.ServerSideEncryptionAes256, algorithm == "":
		return out, invalidArgument("Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms")
	default:
		return out, fail(400, "InvalidEncryptionAlgorithmError", "The encryption request that you specified is not valid. The valid value is AES256.")
	}
	if s.keys == nil {
		return out, unsupported("The server-side encryption aws:kms")
	}
	var err error
	out.Key, err = s.keys.S3Key(ctx, r.Scope, aws.ToString(key))
	return out, err
}

// What S3 does with a KMS key: for reading, and for writing.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#require-sse-kms
const (
	keyOpens = "kms:Decrypt"
	keySeals = "kms:GenerateDataKey"
)

// mayUse asks whether the caller may use the KMS key of an object, if it has
// one.
func (s *Service) mayUse(ctx context.Context, r *request, e objects.Encryption, bucket, key, action string) error {
	if e.Key == "" || s.keyUse == nil {
		return nil
	}
	arn := "arn:aws:s3:::" + bucket
	if !e.BucketKey {
		arn += "/" + key
	}
	return denied(s.keyUse(ctx, r.Caller, wire.KeyUse{Service: "s3", Action: action, Key: e.Key, Context: map[string]string{"aws:s3:arn": arn}}))
}

// told is how an answer tells of the encryption.
func told(e objects.Encryption) (algorithm types.ServerSideEncryption, key *string, bucketKey *bool) {
	if e.Key != "" {
		key = aws.String(e.Key)
		if e.BucketKey {
			bucketKey = aws.Bool(true)
		}
	}
	return types.ServerSideEncryption(e.Algorithm), key, bucketKey
}

func (s *Service) getBucketEncryption(_ context.Context, r *request, in *sdk.GetBucketEncryptionInput) (*sdk.GetBucketEncryptionOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	by := &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAes256}
	if b.Encryption.Algorithm != "" {
		by.SSEAlgorithm = types.ServerSideEncryption(b.Encryption.Algorithm)
	}
	if b.Encryption.Key != "" {
		by.KMSMasterKeyID = aws.String(b.Encryption.Key)
	}
	return &sdk.GetBucketEncryptionOutput{ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{
		Rules: []types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: by, BucketKeyEnabled: aws.Bool(b.Encryption.BucketKey)}},
	}}, nil
}

func (s *Service) putBucketEncryption(ctx context.Context, r *request, in *sdk.PutBucketEncryptionInput) (*sdk.PutBucketEncryptionOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	c := in.ServerSideEncryptionConfiguration
	if c == nil || len(c.Rules) != 1 || c.Rules[0].ApplyServerSideEncryptionByDefault == nil {
		return nil, errMalformedXML
	}
	rule := c.Rules[0]
	if blocked := rule.BlockedEncryptionTypes; blocked != nil {
		for _, t := range blocked.EncryptionType {
			if t != types.EncryptionTypeSseC && t != types.EncryptionTypeNone {
				return nil, errMalformedXML
			}
		}
	}
	by := rule.ApplyServerSideEncryptionByDefault
	e, err := s.encryption(ctx, r, b, by.SSEAlgorithm, by.KMSMasterKeyID, rule.BucketKeyEnabled)
	if err != nil {
		return nil, err
	}
	return nil, s.change(r, in.ExpectedBucketOwner, func(b *objects.Bucket) error { b.Encryption = e; return nil })
}

func (s *Service) deleteBucketEncryption(_ context.Context, r *request, in *sdk.DeleteBucketEncryptionInput) (*sdk.DeleteBucketEncryptionOutput, error) {
	return nil, s.change(r, in.ExpectedBucketOwner, func(b *objects.Bucket) error { b.Encryption = objects.Encryption{}; return nil })
}
