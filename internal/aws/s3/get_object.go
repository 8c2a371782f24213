package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/hatoba/hatoba/internal/objects"
	"github.com/hatoba/hatoba/internal/wire"
)

// headed is an error answer with headers.
type headed struct {
	answer *wire.Error
	header map[string]string
}

func (h *headed) Error() string { return h.answer.Error() }
func (h *headed) Unwrap() error { return h.answer }

func (s *Service) getObject(ctx context.Context, r *request, in *sdk.GetObjectInput) (*sdk.GetObjectOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	var out *sdk.GetObjectOutput
	v, body, err := s.objects.Open(ctx, r.bucket, r.key, aws.ToString(in.VersionId), func(v objects.Version) (int64, int64, error) {
		var at span
		var err error
		if out, at, err = describe(b, v, in); err == nil {
			err = s.mayUse(ctx, r, v.Encryption, r.bucket, r.key, keyOpens)
		}
		return at.begin, at.length, err
	})
	if err != nil {
		return nil, missing(v, err)
	}
	out.Body = body
	return out, nil
}

func (s *Service) headObject(ctx context.Context, r *request, in *sdk.HeadObjectInput) (*sdk.HeadObjectOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	v, err := s.objects.Version(r.bucket, r.key, aws.ToString(in.VersionId))
	if err != nil {
		return nil, missing(v, err)
	}
	var asked sdk.GetObjectInput
	copyMembers(&asked, in)
	described, _, err := describe(b, v, &asked)
	if err != nil {
		return nil, err
	}
	if in.ChecksumMode != "" && v.Checksum.Value != "" { // which is sealed with the object
		if err := s.mayUse(ctx, r, v.Encryption, r.bucket, r.key, keyOpens); err != nil {
			return nil, err
		}
	}
	out := &sdk.HeadObjectOutput{}
	copyMembers(out, described)
	return out, nil
}

// missing tells of the delete marker that is in the way.
func missing(v objects.Version, err error) error {
	answer := errNoSuchKey
	switch {
	case !v.Marker:
		return err
	case errors.Is(err, objects.ErrDeleteMarker):
		answer = errMarker
	case !errors.Is(err, objects.ErrNoKey):
		return err
	}
	return &headed{answer, map[string]string{"X-Amz-Delete-Marker": "true", "X-Amz-Version-Id": v.ID, "Last-Modified": v.Modified.UTC().Format(http.TimeFormat)}}
}

// span is the bytes that are asked for.
type span struct {
	begin, length int64
	partial       bool
}

// describe decides an answer from what is known of the version.
func describe(b objects.Bucket, v objects.Version, in *sdk.GetObjectInput) (*sdk.GetObjectOutput, span, error) {
	if err := readConditions(v, in.IfMatch, in.IfNoneMatch, in.IfModifiedSince, in.IfUnmodifiedSince); err != nil {
		return nil, span{}, err
	}
	at, part, err := wanted(v, in.Range, in.PartNumber)
	if err != nil {
		return nil, at, err
	}
	h := v.Head
	out := &sdk.GetObjectOutput{
		AcceptRanges: aws.String("bytes"), ContentLength: aws.Int64(at.length), ETag: quoted(v.ETag),
		LastModified: aws.Time(v.Modified), VersionId: versionID(b, v.ID), Metadata: h.Meta,
		CacheControl: text(in.ResponseCacheControl, h.CacheControl), ContentDisposition: text(in.ResponseContentDisposition, h.ContentDisposition),
		ContentEncoding: text(in.ResponseContentEncoding, h.ContentEncoding), ContentLanguage: text(in.ResponseContentLanguage, h.ContentLanguage),
		ContentType: text(in.ResponseContentType, h.ContentType), StorageClass: types.StorageClass(h.StorageClass), Expiration: expiration(b, v),
	}
	out.ServerSideEncryption, out.SSEKMSKeyId, out.BucketKeyEnabled = told(v.Encryption)
	if t, err := http.ParseTime(h.Expires); err == nil {
		out.Expires = &t
	}
	if in.ResponseExpires != nil {
		out.Expires = in.ResponseExpires
	}
	if len(v.Tags) > 0 {
		out.TagCount = aws.Int32(int32(len(v.Tags)))
	}
	if at.partial {
		out.ContentRange = aws.String(fmt.Sprintf("bytes %d-%d/%d", at.begin, at.begin+at.length-1, v.Size))
	}
	if in.PartNumber != nil && v.Multipart {
		out.PartsCount = aws.Int32(int32(len(v.Parts)))
	}
	if in.ChecksumMode == types.ChecksumModeEnabled {
		switch {
		case part != nil && v.Checksum.Algorithm != "":
			setSum(out, v.Checksum.Algorithm, part.Checksum)
			out.ChecksumType = checksumType(v.Checksum)
		case !at.partial:
			setSum(out, v.Checksum.Algorithm, v.Checksum.Value)
			out.ChecksumType = checksumType(v.Checksum)
		}
	}
	return out, at, nil
}

func text(override *string, value string) *string {
	if override != nil {
		return override
	}
	if value == "" {
		return nil
	}
	return &value
}

// readConditions decides the conditions of a read.
func readConditions(v objects.Version, ifMatch, ifNoneMatch *string, since, unmodified *time.Time) error {
	matches := func(list string) bool {
		for one := range strings.SplitSeq(list, ",") {
			if one = strings.TrimPrefix(strings.TrimSpace(one), "W/"); one == "*" || unquoted(one) == v.ETag {
				return true
			}
		}
		return false
	}
	modified := second(v.Modified)
	notModified := &headed{errNotModified, map[string]string{"Etag": *quoted(v.ETag), "Last-Modified": v.Modified.UTC().Format(http.TimeFormat)}}
	switch {
	case ifMatch != nil && !matches(*ifMatch):
		return errPrecondition
	case ifMatch == nil && unmodified != nil && modified.After(*unmodified):
		return errPrecondition
	case ifNoneMatch != nil && matches(*ifNoneMatch):
		return notModified
	case ifNoneMatch == nil && since != nil && !modified.After(*since):
		return notModified
	}
	return nil
}

// wanted is the span a read asks for, and the part if it asks for one.
func wanted(v objects.Version, header *string, number *int32) (span, *objects.Part, error) {
	whole := span{length: v.Size}
	switch {
	case number != nil && header != nil:
		return whole, nil, invalidRequest("Cannot specify both Range header and partNumber query parameter")
	case number != nil:
		return wantedPart(v, *number)
	case header == nil:
		return whole, nil, nil
	}
	begin, end, ok := readRange(*header, v.Size)
	if !ok {
		return whole, nil, nil // not a range: as if it were not there
	}
	if begin >= v.Size || end < begin {
		return whole, nil, &headed{errInvalidRange, map[string]string{"Content-Range": fmt.Sprintf("bytes */%d", v.Size)}}
	}
	return span{begin, end - begin + 1, true}, nil, nil
}

func wantedPart(v objects.Version, number int32) (span, *objects.Part, error) {
	if number < 1 || number > 10000 {
		return span{}, nil, invalidArgument("Part number must be an integer between 1 and 10000, inclusive")
	}
	if !v.Multipart && number == 1 {
		return span{length: v.Size, partial: v.Size > 0}, nil, nil
	}
	var begin int64
	for i, p := range v.Parts {
		if p.Number == number && v.Multipart {
			return span{begin, p.Size, true}, &v.Parts[i], nil
		}
		begin += p.Size
	}
	return span{}, nil, fail(416, "InvalidPartNumber", "The requested partnumber is not satisfiable")
}

// readRange reads one range of bytes; both ends are inclusive. ok is false for
// anything else, several ranges too, which S3 does not know.
func readRange(header string, size int64) (begin, end int64, ok bool) {
	spec, found := strings.CutPrefix(strings.TrimSpace(header), "bytes=")
	first, last, dash := strings.Cut(spec, "-")
	if !found || !dash || strings.Contains(spec, ",") {
		return 0, 0, false
	}
	number := func(s string) (int64, bool) {
		n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
		return n, err == nil && n >= 0 && !strings.HasPrefix(s, "+")
	}
	if first == "" {
		n, ok := number(last)
		if n == 0 {
			return size, size, ok // nothing at the end: not satisfiable
		}
		return max(0, size-n), size - 1, ok
	}
	if begin, ok = number(first); !ok {
		return 0, 0, false
	}
	if last == "" {
		return begin, size - 1, true
	}
	if end, ok = number(last); !ok || end < begin {
		return 0, 0, false
	}
	return begin, min(end, size-1), true
}
