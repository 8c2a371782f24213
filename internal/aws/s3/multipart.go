package s3

import (
	"context"
	"errors"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/hatoba/hatoba/internal/objects"
)

func (s *Service) createMultipartUpload(ctx context.Context, r *request, in *sdk.CreateMultipartUploadInput) (*sdk.CreateMultipartUploadOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if err := checkKey(r.key); err != nil {
		return nil, err
	}
	if err := objectACL(in.ACL); err != nil {
		return nil, err
	}
	u := objects.Upload{Key: r.key}
	if u.Head, err = head(in.CacheControl, in.ContentDisposition, in.ContentEncoding, in.ContentLanguage, in.ContentType, in.Expires, in.StorageClass, in.Metadata); err != nil {
		return nil, err
	}
	if u.Tags, err = headerTags(in.Tagging); err != nil {
		return nil, err
	}
	if u.Checksum, err = uploadChecksum(in.ChecksumAlgorithm, in.ChecksumType); err != nil {
		return nil, err
	}
	if u.Encryption, err = s.encryption(ctx, r, b, in.ServerSideEncryption, in.SSEKMSKeyId, in.BucketKeyEnabled); err != nil {
		return nil, err
	}
	if err := s.mayUse(ctx, r, u.Encryption, r.bucket, r.key, keySeals); err != nil {
		return nil, err
	}
	if u, err = s.objects.Begin(r.bucket, u); err != nil {
		return nil, err
	}
	out := &sdk.CreateMultipartUploadOutput{Bucket: aws.String(r.bucket), Key: aws.String(r.key), UploadId: aws.String(u.ID)}
	out.ServerSideEncryption, out.SSEKMSKeyId, out.BucketKeyEnabled = told(u.Encryption)
	if in.ChecksumAlgorithm != "" {
		out.ChecksumAlgorithm, out.ChecksumType = in.ChecksumAlgorithm, checksumType(u.Checksum)
	}
	return out, nil
}

// uploadChecksum decides algorithm and type of an upload's checksum.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
func uploadChecksum(algorithm types.ChecksumAlgorithm, kind types.ChecksumType) (objects.Checksum, error) {
	c := objects.Checksum{Algorithm: objects.Algorithm(algorithm)}
	if algorithm == "" {
		if kind == types.ChecksumTypeComposite {
			return c, invalidRequest("The checksum type COMPOSITE needs a checksum algorithm.")
		}
		c.Algorithm = objects.CRC64NVME
		return c, nil
	}
	if c.Algorithm.New() == nil {
		return c, unsupported("The checksum algorithm " + string(algorithm))
	}
	switch kind {
	case "":
		c.Composite = c.Algorithm != objects.CRC64NVME
	case types.ChecksumTypeComposite:
		c.Composite = true
	}
	if c.Composite && c.Algorithm == objects.CRC64NVME || !c.Composite && !c.Algorithm.Combines() {
		return c, invalidRequest("The %s checksum type cannot be used with the %s checksum algorithm.", checksumType(c), algorithm)
	}
	return c, nil
}

func checkPart(number *int32) error {
	if number == nil || *number < 1 || *number > 10000 {
		return invalidArgument("Part number must be an integer between 1 and 10000, inclusive")
	}
	return nil
}

func (s *Service) uploadPart(ctx context.Context, r *request, in *sdk.UploadPartInput) (*sdk.UploadPartOutput, error) {
	if _, err := s.bucket(r, in.ExpectedBucketOwner); err != nil {
		return nil, err
	}
	if err := checkPart(in.PartNumber); err != nil {
		return nil, err
	}
	u, err := s.objects.Upload(r.bucket, r.key, aws.ToString(in.UploadId))
	if err != nil {
		return nil, err
	}
	if _, err := requestedSum(r, in.ChecksumAlgorithm); err != nil {
		return nil, err
	}
	p, err := s.receivePart(ctx, r, u, *in.PartNumber, in.Body)
	if err != nil {
		return nil, err
	}
	out := &sdk.UploadPartOutput{ETag: quoted(p.ETag)}
	out.ServerSideEncryption, out.SSEKMSKeyId, out.BucketKeyEnabled = told(u.Encryption)
	setSum(out, u.Checksum.Algorithm, p.Checksum)
	return out, nil
}

func (s *Service) receivePart(ctx context.Context, r *request, u objects.Upload, number int32, body io.Reader) (objects.Part, error) {
	for _, action := range []string{keySeals, keyOpens} { // parts are joined by who may read them
		if err := s.mayUse(ctx, r, u.Encryption, r.bucket, r.key, action); err != nil {
			return objects.Part{}, err
		}
	}
	received, err := s.objects.Receive(ctx, u.Encryption, body, u.Checksum.Algorithm)
	if err != nil {
		return objects.Part{}, err
	}
	return s.objects.PutPart(r.bucket, r.key, u.ID, number, received)
}

func (s *Service) uploadPartCopy(ctx context.Context, r *request, in *sdk.UploadPartCopyInput) (*sdk.UploadPartCopyOutput, error) {
	if _, err := s.bucket(r, in.ExpectedBucketOwner); err != nil {
		return nil, err
	}
	if err := checkPart(in.PartNumber); err != nil {
		return nil, err
	}
	u, err := s.objects.Upload(r.bucket, r.key, aws.ToString(in.UploadId))
	if err != nil {
		return nil, err
	}
	src, err := readSource(in.CopySource)
	if err != nil {
		return nil, err
	}
	src.ifMatch, src.ifNoneMatch, src.owner = in.CopySourceIfMatch, in.CopySourceIfNoneMatch, in.ExpectedSourceBucketOwner
	src.ifModified, src.ifUnmodified = in.CopySourceIfModifiedSince, in.CopySourceIfUnmodifiedSince
	from, v, body, err := s.open(ctx, r, src, func(v objects.Version) (int64, int64, error) {
		if in.CopySourceRange == nil {
			if v.Size > maxPut {
				return 0, 0, errTooLarge
			}
			return 0, v.Size, nil
		}
		begin, end, ok := readRange(*in.CopySourceRange, v.Size)
		if !ok || begin >= v.Size {
			return 0, 0, invalidArgument("The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy")
		}
		return begin, end - begin + 1, nil
	})
	if err != nil {
		return nil, err
	}
	defer body.Close()
	p, err := s.receivePart(ctx, r, u, *in.PartNumber, body)
	if err != nil {
		return nil, err
	}
	out := &sdk.UploadPartCopyOutput{
		CopyPartResult:      &types.CopyPartResult{ETag: quoted(p.ETag), LastModified: aws.Time(p.Modified)},
		CopySourceVersionId: versionID(from, v.ID),
	}
	out.ServerSideEncryption, out.SSEKMSKeyId, out.BucketKeyEnabled = told(u.Encryption)
	setSum(out.CopyPartResult, u.Checksum.Algorithm, p.Checksum)
	return out, nil
}

func (s *Service) completeMultipartUpload(_ context.Context, r *request, in *sdk.CompleteMultipartUploadInput) (*sdk.CompleteMultipartUploadOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	u, err := s.objects.Upload(r.bucket, r.key, aws.ToString(in.UploadId))
	if errors.Is(err, objects.ErrNoUpload) {
		// Asked again by a client that did not hear the answer.
		v, err := s.objects.Completed(r.bucket, r.key, aws.ToString(in.UploadId))
		if err != nil {
			return nil, err
		}
		return completed(r, b, v), nil
	}
	if err != nil {
		return nil, err
	}
	if in.MultipartUpload == nil || len(in.MultipartUpload.Parts) == 0 || len(in.MultipartUpload.Parts) > 10000 {
		return nil, errMalformedXML
	}
	if in.ChecksumType != "" && in.ChecksumType != checksumType(u.Checksum) {
		return nil, invalidRequest("The upload was created using the %s checksum mode. The complete request must use the same checksum mode.", checksumType(u.Checksum))
	}
	c, err := conditions(in.IfMatch, in.IfNoneMatch)
	if err != nil {
		return nil, err
	}
	named := make([]objects.Part, len(in.MultipartUpload.Parts))
	for i, p := range in.MultipartUpload.Parts {
		named[i] = objects.Part{Number: aws.ToInt32(p.PartNumber), ETag: unquoted(aws.ToString(p.ETag)), Checksum: getSum(&p, u.Checksum.Algorithm)}
	}
	if in.MpuObjectSize != nil {
		if err := s.checkSize(r, u, named, *in.MpuObjectSize); err != nil {
			return nil, err
		}
	}
	v, err := s.objects.Complete(r.bucket, r.key, u.ID, named, getSum(in, u.Checksum.Algorithm), c)
	if err != nil {
		return nil, err
	}
	return completed(r, b, v), nil
}

func completed(r *request, b objects.Bucket, v objects.Version) *sdk.CompleteMultipartUploadOutput {
	out := &sdk.CompleteMultipartUploadOutput{
		Bucket: aws.String(r.bucket), Key: aws.String(r.key), ETag: quoted(v.ETag), VersionId: versionID(b, v.ID),
		Location: aws.String("http://" + r.http.Host + r.http.URL.EscapedPath()), ChecksumType: checksumType(v.Checksum), Expiration: expiration(b, v),
	}
	out.ServerSideEncryption, out.SSEKMSKeyId, out.BucketKeyEnabled = told(v.Encryption)
	setSum(out, v.Checksum.Algorithm, v.Checksum.Value)
	return out
}

// checkSize holds the client's idea of the object's size against the parts.
func (s *Service) checkSize(r *request, u objects.Upload, named []objects.Part, want int64) error {
	_, parts, err := s.objects.Parts(r.bucket, r.key, u.ID)
	if err != nil {
		return err
	}
	sizes := map[int32]int64{}
	for _, p := range parts {
		sizes[p.Number] = p.Size
	}
	var size int64
	for _, p := range named {
		size += sizes[p.Number]
	}
	if size != want {
		return invalidRequest("The provided 'x-amz-mp-object-size' header value %d does not match what was computed: %d", want, size)
	}
	return nil
}

func (s *Service) abortMultipartUpload(_ context.Context, r *request, in *sdk.AbortMultipartUploadInput) (*sdk.AbortMultipartUploadOutput, error) {
	if _, err := s.bucket(r, in.ExpectedBucketOwner); err != nil {
		return nil, err
	}
	return nil, s.objects.Abort(r.bucket, r.key, aws.ToString(in.UploadId))
}
