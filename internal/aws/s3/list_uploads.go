package s3

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/hatoba/hatoba/internal/objects"
)

func (s *Service) listParts(_ context.Context, r *request, in *sdk.ListPartsInput) (*sdk.ListPartsOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	u, parts, err := s.objects.Parts(r.bucket, r.key, aws.ToString(in.UploadId))
	if err != nil {
		return nil, err
	}
	most := maxListed
	if in.MaxParts != nil {
		most = min(max(0, int(*in.MaxParts)), maxListed)
	}
	after, err := partMarker(in.PartNumberMarker)
	if err != nil {
		return nil, err
	}
	out := &sdk.ListPartsOutput{
		Bucket: aws.String(r.bucket), Key: aws.String(r.key), UploadId: aws.String(u.ID), MaxParts: aws.Int32(int32(most)),
		PartNumberMarker: aws.String(strconv.Itoa(int(after))), IsTruncated: aws.Bool(false), StorageClass: types.StorageClassStandard,
		Owner: owner(b.Account), Initiator: &types.Initiator{ID: owner(b.Account).ID},
		ChecksumAlgorithm: types.ChecksumAlgorithm(u.Checksum.Algorithm), ChecksumType: checksumType(u.Checksum),
	}
	for _, p := range parts {
		if p.Number <= after {
			continue
		}
		if len(out.Parts) == most {
			out.IsTruncated = aws.Bool(true)
			break
		}
		one := types.Part{PartNumber: aws.Int32(p.Number), ETag: quoted(p.ETag), Size: aws.Int64(p.Size), LastModified: aws.Time(p.Modified)}
		setSum(&one, u.Checksum.Algorithm, p.Checksum)
		out.Parts = append(out.Parts, one)
	}
	if n := len(out.Parts); n > 0 {
		out.NextPartNumberMarker = aws.String(strconv.Itoa(int(*out.Parts[n-1].PartNumber)))
	}
	return out, nil
}

func partMarker(text *string) (int32, error) {
	if aws.ToString(text) == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(*text, 10, 32)
	if err != nil || n < 0 {
		return 0, invalidArgument("Argument part-number-marker must be an integer between 0 and 2147483647")
	}
	return int32(n), nil
}

func (s *Service) listMultipartUploads(_ context.Context, r *request, in *sdk.ListMultipartUploadsInput) (*sdk.ListMultipartUploadsOutput, error) {
	var uploads []objects.Upload
	l, err := s.list(r, in.ExpectedBucketOwner, in.Prefix, in.Delimiter, in.EncodingType, in.MaxUploads, aws.ToString(in.KeyMarker), aws.ToString(in.UploadIdMarker),
		func(bucket string, req objects.ListRequest) (page objects.Page, err error) {
			uploads, page, err = s.objects.Uploads(bucket, req)
			return page, err
		})
	if err != nil {
		return nil, err
	}
	out := &sdk.ListMultipartUploadsOutput{
		Bucket: aws.String(r.bucket), KeyMarker: l.escape(aws.String(aws.ToString(in.KeyMarker))), UploadIdMarker: aws.String(aws.ToString(in.UploadIdMarker)),
		Prefix: l.escape(aws.String(aws.ToString(in.Prefix))), Delimiter: l.escape(in.Delimiter), EncodingType: in.EncodingType,
		MaxUploads: aws.Int32(int32(l.most)), IsTruncated: aws.Bool(l.page.More), CommonPrefixes: l.prefixes(),
	}
	for _, u := range uploads {
		out.Uploads = append(out.Uploads, types.MultipartUpload{
			Key: l.escape(aws.String(u.Key)), UploadId: aws.String(u.ID), Initiated: aws.Time(u.Began), StorageClass: types.StorageClassStandard,
			Owner: owner(l.bucket.Account), Initiator: &types.Initiator{ID: owner(l.bucket.Account).ID},
			ChecksumAlgorithm: types.ChecksumAlgorithm(u.Checksum.Algorithm), ChecksumType: checksumType(u.Checksum),
		})
	}
	if l.page.More {
		out.NextKeyMarker = l.escape(aws.String(l.page.Next))
		out.NextUploadIdMarker = aws.String(l.page.NextID)
	}
	return out, nil
}
