package s3

import (
	"context"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/hatoba/hatoba/internal/objects"
	"github.com/hatoba/hatoba/internal/wire"
)

// maxListed is the most a listing gives at once.
const maxListed = 1000

// escapeQuery escapes for encoding-type url; slashes stay, spaces are %20.
func escapeQuery(s string) string {
	return strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(s))
}

// listing is what the listings share.
type listing struct {
	bucket objects.Bucket
	page   objects.Page
	escape func(*string) *string
	most   int
}

func (s *Service) list(r *request, owner, prefix, delimiter *string, encoding types.EncodingType, most *int32, after, afterID string,
	read func(string, objects.ListRequest) (objects.Page, error)) (l listing, err error) {
	if l.bucket, err = s.bucket(r, owner); err != nil {
		return l, err
	}
	l.most = maxListed
	if most != nil {
		if *most < 0 {
			return l, invalidArgument("Argument max-keys must be an integer between 0 and 2147483647")
		}
		l.most = min(int(*most), maxListed)
	}
	switch encoding {
	case "":
		l.escape = func(t *string) *string { return t }
	case types.EncodingTypeUrl:
		l.escape = func(t *string) *string {
			if t == nil {
				return nil
			}
			return aws.String(escapeQuery(*t))
		}
	default:
		return l, invalidArgument("Invalid Encoding Method specified in Request")
	}
	l.page, err = read(r.bucket, objects.ListRequest{
		Prefix: aws.ToString(prefix), Delimiter: aws.ToString(delimiter), After: after, AfterID: afterID, Max: l.most,
	})
	return l, err
}

func (l listing) prefixes() (out []types.CommonPrefix) {
	for _, p := range l.page.Prefixes {
		out = append(out, types.CommonPrefix{Prefix: l.escape(aws.String(p))})
	}
	return out
}

func (l listing) contents(owned bool) (out []types.Object) {
	for _, v := range l.page.Versions {
		o := types.Object{
			Key: l.escape(aws.String(v.Key)), ETag: quoted(v.ETag), Size: aws.Int64(v.Size), LastModified: aws.Time(v.Modified),
			StorageClass: types.ObjectStorageClass(storageClass(v)), ChecksumType: checksumType(v.Checksum),
		}
		if v.Checksum.Algorithm != "" {
			o.ChecksumAlgorithm = []types.ChecksumAlgorithm{types.ChecksumAlgorithm(v.Checksum.Algorithm)}
		}
		if owned {
			o.Owner = owner(l.bucket.Account)
		}
		out = append(out, o)
	}
	return out
}

func storageClass(v objects.Version) string {
	if v.Head.StorageClass == "" {
		return "STANDARD"
	}
	return v.Head.StorageClass
}

func (s *Service) listObjects(_ context.Context, r *request, in *sdk.ListObjectsInput) (*sdk.ListObjectsOutput, error) {
	l, err := s.list(r, in.ExpectedBucketOwner, in.Prefix, in.Delimiter, in.EncodingType, in.MaxKeys, aws.ToString(in.Marker), "", s.objects.List)
	if err != nil {
		return nil, err
	}
	out := &sdk.ListObjectsOutput{
		Name: aws.String(r.bucket), Prefix: l.escape(aws.String(aws.ToString(in.Prefix))), Marker: l.escape(aws.String(aws.ToString(in.Marker))),
		Delimiter: l.escape(in.Delimiter), MaxKeys: aws.Int32(int32(l.most)), EncodingType: in.EncodingType,
		IsTruncated: aws.Bool(l.page.More), Contents: l.contents(true), CommonPrefixes: l.prefixes(),
	}
	if l.page.More && aws.ToString(in.Delimiter) != "" {
		out.NextMarker = l.escape(aws.String(l.page.Next))
	}
	return out, nil
}

func (s *Service) listObjectsV2(_ context.Context, r *request, in *sdk.ListObjectsV2Input) (*sdk.ListObjectsV2Output, error) {
	after := aws.ToString(in.StartAfter)
	if in.ContinuationToken != nil {
		var err error
		if after, err = readToken("objects", in.ContinuationToken); err != nil || after == "" {
			return nil, invalidArgument("The continuation token provided is incorrect")
		}
	}
	l, err := s.list(r, in.ExpectedBucketOwner, in.Prefix, in.Delimiter, in.EncodingType, in.MaxKeys, after, "", s.objects.List)
	if err != nil {
		return nil, err
	}
	out := &sdk.ListObjectsV2Output{
		Name: aws.String(r.bucket), Prefix: l.escape(aws.String(aws.ToString(in.Prefix))), Delimiter: l.escape(in.Delimiter),
		MaxKeys: aws.Int32(int32(l.most)), EncodingType: in.EncodingType, StartAfter: l.escape(in.StartAfter),
		ContinuationToken: in.ContinuationToken, IsTruncated: aws.Bool(l.page.More),
		KeyCount: aws.Int32(int32(len(l.page.Versions) + len(l.page.Prefixes))),
		Contents: l.contents(aws.ToBool(in.FetchOwner)), CommonPrefixes: l.prefixes(),
	}
	if l.page.More {
		out.NextContinuationToken = aws.String(wire.PageToken("objects", l.page.Next))
	}
	return out, nil
}

func (s *Service) listObjectVersions(_ context.Context, r *request, in *sdk.ListObjectVersionsInput) (*sdk.ListObjectVersionsOutput, error) {
	if aws.ToString(in.VersionIdMarker) != "" && aws.ToString(in.KeyMarker) == "" {
		return nil, invalidArgument("A version-id marker cannot be specified without a key marker.")
	}
	l, err := s.list(r, in.ExpectedBucketOwner, in.Prefix, in.Delimiter, in.EncodingType, in.MaxKeys,
		aws.ToString(in.KeyMarker), aws.ToString(in.VersionIdMarker), s.objects.ListVersions)
	if err != nil {
		return nil, err
	}
	out := &sdk.ListObjectVersionsOutput{
		Name: aws.String(r.bucket), Prefix: l.escape(aws.String(aws.ToString(in.Prefix))), KeyMarker: l.escape(aws.String(aws.ToString(in.KeyMarker))),
		VersionIdMarker: aws.String(aws.ToString(in.VersionIdMarker)), Delimiter: l.escape(in.Delimiter), MaxKeys: aws.Int32(int32(l.most)),
		EncodingType: in.EncodingType, IsTruncated: aws.Bool(l.page.More), CommonPrefixes: l.prefixes(),
	}
	for _, v := range l.page.Versions {
		key, id := l.escape(aws.String(v.Key)), aws.String(v.ID)
		if v.Marker {
			out.DeleteMarkers = append(out.DeleteMarkers, types.DeleteMarkerEntry{
				Key: key, VersionId: id, IsLatest: aws.Bool(v.Latest), LastModified: aws.Time(v.Modified), Owner: owner(l.bucket.Account),
			})
			continue
		}
		out.Versions = append(out.Versions, types.ObjectVersion{
			Key: key, VersionId: id, IsLatest: aws.Bool(v.Latest), LastModified: aws.Time(v.Modified), Owner: owner(l.bucket.Account),
			ETag: quoted(v.ETag), Size: aws.Int64(v.Size), StorageClass: types.ObjectVersionStorageClass(storageClass(v)), ChecksumType: checksumType(v.Checksum),
		})
	}
	if l.page.More {
		out.NextKeyMarker = l.escape(aws.String(l.page.Next))
		if l.page.NextID != "" {
			out.NextVersionIdMarker = aws.String(l.page.NextID)
		}
	}
	return out, nil
}
