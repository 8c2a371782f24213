package live

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/hatoba/hatoba/internal/review"
)

func (r *reader) object(ctx context.Context, name string) review.Given[review.Object] {
	a, err := arn.Parse(name)
	bucket, key, ok := strings.Cut(a.Resource, "/")
	if err != nil || !ok {
		return review.Missing[review.Object](review.Say("%s is no ARN of an object", "%s はオブジェクトの ARN ではない", name),
			review.Say("write arn:aws:s3:::BUCKET/KEY.env", "arn:aws:s3:::BUCKET/KEY.env の形で書いてください"))
	}
	client := s3.NewFromConfig(r.cfg, func(o *s3.Options) { o.UsePathStyle = r.cfg.BaseEndpoint != nil })
	out := review.Object{}
	head, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
	switch {
	case is(err, "NotFound", "NoSuchKey"):
		return review.Have(out)
	case is(err, "BadRequest"): // an answer to HEAD has no room for the reason; the next one has
		if _, said := client.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &bucket}); said != nil {
			err = said
		}
		return refused[review.Object](err, "s3:GetObject")
	case err != nil:
		return refused[review.Object](err, "s3:GetObject")
	}
	out.Exists, out.Changed = true, aws.ToTime(head.LastModified)
	encryption, err := client.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &bucket})
	switch {
	case is(err, "ServerSideEncryptionConfigurationNotFoundError"):
		out.Encryption = review.Have("")
	case err != nil || encryption.ServerSideEncryptionConfiguration == nil:
		out.Encryption = refused[string](err, "s3:GetEncryptionConfiguration")
	default:
		out.Encryption = review.Have("")
		for _, rule := range encryption.ServerSideEncryptionConfiguration.Rules {
			if d := rule.ApplyServerSideEncryptionByDefault; d != nil {
				out.Encryption = review.Have(string(d.SSEAlgorithm))
			}
		}
	}
	block, err := client.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: &bucket})
	switch {
	case is(err, "NoSuchPublicAccessBlockConfiguration"):
		// The account's own block may close what the bucket leaves open.
		out.Blocked = review.Missing[bool](review.Say("the bucket has no public access block of its own; the account's was not read", "バケット自身のパブリックアクセスブロックはない(アカウント側は未確認)"),
			review.Say("turn on Block Public Access for the bucket", "バケットのブロックパブリックアクセスを有効にしてください"))
	case err != nil:
		out.Blocked = refused[bool](err, "s3:GetBucketPublicAccessBlock")
	default:
		b := block.PublicAccessBlockConfiguration
		out.Blocked = review.Have(b != nil && aws.ToBool(b.BlockPublicAcls) && aws.ToBool(b.BlockPublicPolicy) && aws.ToBool(b.IgnorePublicAcls) && aws.ToBool(b.RestrictPublicBuckets))
	}
	return review.Have(out)
}
