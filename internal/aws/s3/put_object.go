package s3

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/hatoba/hatoba/internal/objects"
)

func (s *Service) putObject(ctx context.Context, r *request, in *sdk.PutObjectInput) (*sdk.PutObjectOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	o := objects.Object{Bucket: r.bucket, Key: r.key}
	if o.Conditions, err = conditions(in.IfMatch, in.IfNoneMatch); err != nil {
		return nil, err
	}
	if err := checkKey(r.key); err != nil {
		return nil, err
	}
	if err := objectACL(in.ACL); err != nil {
		return nil, err
	}
	if o.Head, err = head(in.CacheControl, in.ContentDisposition, in.ContentEncoding, in.ContentLanguage, in.ContentType, in.Expires, in.StorageClass, in.Metadata); err != nil {
		return nil, err
	}
	if o.Tags, err = headerTags(in.Tagging); err != nil {
		return nil, err
	}
	if o.Encryption, err = s.encryption(ctx, r, b, in.ServerSideEncryption, in.SSEKMSKeyId, in.BucketKeyEnabled); err != nil {
		return nil, err
	}
	if err := s.mayUse(ctx, r, o.Encryption, r.bucket, r.key, keySeals); err != nil {
		return nil, err
	}
	if o.Checksum, err = requestedSum(r, in.ChecksumAlgorithm); err != nil {
		return nil, err
	}
	received, err := s.objects.Receive(ctx, o.Encryption, in.Body, o.Checksum)
	if err != nil {
		return nil, err
	}
	v, err := s.objects.Put(o, received)
	if err != nil {
		return nil, err
	}
	out := &sdk.PutObjectOutput{ETag: quoted(v.ETag), VersionId: versionID(b, v.ID), ChecksumType: checksumType(v.Checksum), Expiration: expiration(b, v)}
	out.ServerSideEncryption, out.SSEKMSKeyId, out.BucketKeyEnabled = told(v.Encryption)
	setSum(out, v.Checksum.Algorithm, v.Checksum.Value)
	return out, nil
}

// conditions are those of a write.
func conditions(ifMatch, ifNoneMatch *string) (c objects.Conditions, err error) {
	if ifNoneMatch != nil {
		if *ifNoneMatch != "*" {
			return c, unsupported("If-None-Match other than * of a write")
		}
		c.IfNoneMatch = true
	}
	if ifMatch != nil {
		c.IfMatch = aws.String(unquoted(*ifMatch))
	}
	return c, nil
}

func checkKey(key string) error {
	if len(key) > objects.MaxKey {
		return errKeyTooLong
	}
	return objects.CheckKey(key)
}

// expiration is the x-amz-expiration header.
func expiration(b objects.Bucket, v objects.Version) *string {
	at, rule := objects.Expiration(b.Rules, v)
	if at.IsZero() {
		return nil
	}
	return aws.String(`expiry-date="` + at.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT") + `", rule-id="` + escapeQuery(rule) + `"`)
}

func second(t time.Time) time.Time { return t.Truncate(time.Second) }
