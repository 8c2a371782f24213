package s3

import (
	"context"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/hatoba/hatoba/internal/objects"
)

// source is what a copy is made of.
type source struct {
	bucket, key, version     string
	ifMatch, ifNoneMatch     *string
	ifModified, ifUnmodified *time.Time
	owner                    *string
}

// readSource reads x-amz-copy-source: BUCKET/KEY[?versionId=ID], escaped.
func readSource(text *string) (src source, err error) {
	path, query, asked := strings.Cut(aws.ToString(text), "?")
	if asked {
		id, ok := strings.CutPrefix(query, "versionId=")
		if !ok || id == "" {
			return src, invalidArgument("x-amz-copy-source must be BUCKET/KEY, escaped, with ?versionId=ID or nothing behind it")
		}
		src.version = id
	}
	path, err = url.PathUnescape(path)
	if err != nil || strings.HasPrefix(path, "arn:") {
		return src, invalidArgument("Invalid copy source object key")
	}
	src.bucket, src.key, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if src.bucket == "" || src.key == "" {
		return src, invalidArgument("Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
	}
	return src, nil
}

// open opens the source. Its conditions fail with 412, whichever it is.
func (s *Service) open(ctx context.Context, r *request, src source, want func(objects.Version) (int64, int64, error)) (objects.Bucket, objects.Version, io.ReadCloser, error) {
	b, err := s.bucketNamed(r, src.bucket, src.owner)
	if err != nil {
		return b, objects.Version{}, nil, err
	}
	v, body, err := s.objects.Open(ctx, src.bucket, src.key, src.version, func(v objects.Version) (int64, int64, error) {
		if readConditions(v, src.ifMatch, src.ifNoneMatch, src.ifModified, src.ifUnmodified) != nil {
			return 0, 0, errPrecondition
		}
		if err := s.mayUse(ctx, r, v.Encryption, src.bucket, src.key, keyOpens); err != nil {
			return 0, 0, err
		}
		return want(v)
	})
	return b, v, body, missing(v, err)
}

func (s *Service) copyObject(ctx context.Context, r *request, in *sdk.CopyObjectInput) (*sdk.CopyObjectOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	src, err := readSource(in.CopySource)
	if err != nil {
		return nil, err
	}
	src.ifMatch, src.ifNoneMatch, src.owner = in.CopySourceIfMatch, in.CopySourceIfNoneMatch, in.ExpectedSourceBucketOwner
	src.ifModified, src.ifUnmodified = in.CopySourceIfModifiedSince, in.CopySourceIfUnmodifiedSince
	if err := checkKey(r.key); err != nil {
		return nil, err
	}
	from, v, body, err := s.open(ctx, r, src, func(v objects.Version) (int64, int64, error) {
		if v.Size > maxPut {
			return 0, 0, invalidRequest("The specified copy source is larger than the maximum allowable size for a copy source: %d", int64(maxPut))
		}
		return 0, v.Size, nil
	})
	if err != nil {
		return nil, err
	}
	defer body.Close()
	o, err := s.copied(ctx, r, b, src, v, in)
	if err != nil {
		return nil, err
	}
	received, err := s.objects.Receive(ctx, o.Encryption, body, o.Checksum)
	if err != nil {
		return nil, err
	}
	made, err := s.objects.Put(o, received)
	if err != nil {
		return nil, err
	}
	out := &sdk.CopyObjectOutput{
		CopyObjectResult:    &types.CopyObjectResult{ETag: quoted(made.ETag), LastModified: aws.Time(made.Modified), ChecksumType: checksumType(made.Checksum)},
		CopySourceVersionId: versionID(from, v.ID), VersionId: versionID(b, made.ID), Expiration: expiration(b, made),
	}
	out.ServerSideEncryption, out.SSEKMSKeyId, out.BucketKeyEnabled = told(made.Encryption)
	setSum(out.CopyObjectResult, made.Checksum.Algorithm, made.Checksum.Value)
	return out, nil
}

// copied decides what the copy is like.
func (s *Service) copied(ctx context.Context, r *request, b objects.Bucket, src source, v objects.Version, in *sdk.CopyObjectInput) (o objects.Object, err error) {
	o = objects.Object{Bucket: r.bucket, Key: r.key, Head: v.Head, Tags: v.Tags, Checksum: v.Checksum.Algorithm}
	if err := objectACL(in.ACL); err != nil {
		return o, err
	}
	if in.ChecksumAlgorithm != "" || o.Checksum == "" {
		if o.Checksum, err = requestedSum(r, in.ChecksumAlgorithm); err != nil {
			return o, err
		}
	}
	if o.Conditions, err = conditions(in.IfMatch, in.IfNoneMatch); err != nil {
		return o, err
	}
	replaces := in.MetadataDirective == types.MetadataDirectiveReplace
	given, err := head(in.CacheControl, in.ContentDisposition, in.ContentEncoding, in.ContentLanguage, in.ContentType, in.Expires, in.StorageClass, in.Metadata)
	if err != nil {
		return o, err
	}
	switch {
	case in.MetadataDirective != "" && in.MetadataDirective != types.MetadataDirectiveCopy && !replaces:
		return o, invalidArgument("Unknown metadata directive.")
	case replaces:
		o.Head = given
	default:
		o.Head.StorageClass = given.StorageClass
	}
	switch in.TaggingDirective {
	case "", types.TaggingDirectiveCopy:
	case types.TaggingDirectiveReplace:
		if o.Tags, err = headerTags(in.Tagging); err != nil {
			return o, err
		}
	default:
		return o, invalidArgument("Unknown tagging directive.")
	}
	if o.Encryption, err = s.encryption(ctx, r, b, in.ServerSideEncryption, in.SSEKMSKeyId, in.BucketKeyEnabled); err != nil {
		return o, err
	}
	if err := s.mayUse(ctx, r, o.Encryption, r.bucket, r.key, keySeals); err != nil {
		return o, err
	}
	itself := src.bucket == r.bucket && src.key == r.key && src.version == ""
	if itself && !replaces && in.StorageClass == "" && in.ServerSideEncryption == "" && in.TaggingDirective != types.TaggingDirectiveReplace {
		return o, invalidRequest("This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
	}
	return o, nil
}
