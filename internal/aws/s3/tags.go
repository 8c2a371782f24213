package s3

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/hatoba/hatoba/internal/objects"
)

const (
	maxBucketTags = 50
	maxObjectTags = 10
)

// tagMap checks tags as S3 does.
func tagMap(tags []types.Tag, most int) (map[string]string, error) {
	if len(tags) > most {
		if most == maxObjectTags {
			return nil, fail(400, "BadRequest", "Object tags cannot be greater than %d", most)
		}
		return nil, fail(400, "BadRequest", "Bucket tag count cannot be greater than %d", most)
	}
	out := map[string]string{}
	for _, t := range tags {
		key, value := aws.ToString(t.Key), aws.ToString(t.Value)
		switch {
		case key == "", utf8.RuneCountInString(key) > 128:
			return nil, fail(400, "InvalidTag", "The TagKey you have provided is invalid")
		case utf8.RuneCountInString(value) > 256:
			return nil, fail(400, "InvalidTag", "The TagValue you have provided is invalid")
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return nil, fail(400, "InvalidTag", "System tags cannot be added/updated by requester")
		}
		if _, twice := out[key]; twice {
			return nil, fail(400, "InvalidTag", "Cannot provide multiple Tags with the same key")
		}
		out[key] = value
	}
	return out, nil
}

func tagList(tags map[string]string) []types.Tag {
	out := make([]types.Tag, 0, len(tags))
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, types.Tag{Key: aws.String(k), Value: aws.String(tags[k])})
	}
	return out
}

// headerTags reads x-amz-tagging, a query string.
func headerTags(text *string) (map[string]string, error) {
	if aws.ToString(text) == "" {
		return nil, nil
	}
	values, err := url.ParseQuery(*text)
	if err != nil {
		return nil, invalidArgument("The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.")
	}
	var tags []types.Tag
	for _, k := range slices.Sorted(maps.Keys(values)) {
		for _, v := range values[k] {
			tags = append(tags, types.Tag{Key: aws.String(k), Value: aws.String(v)})
		}
	}
	return tagMap(tags, maxObjectTags)
}

func (s *Service) getBucketTagging(_ context.Context, r *request, in *sdk.GetBucketTaggingInput) (*sdk.GetBucketTaggingOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if len(b.Tags) == 0 {
		return nil, errNoTags
	}
	return &sdk.GetBucketTaggingOutput{TagSet: tagList(b.Tags)}, nil
}

func (s *Service) putBucketTagging(_ context.Context, r *request, in *sdk.PutBucketTaggingInput) (*sdk.PutBucketTaggingOutput, error) {
	if in.Tagging == nil {
		return nil, errMalformedXML
	}
	tags, err := tagMap(in.Tagging.TagSet, maxBucketTags)
	if err != nil {
		return nil, err
	}
	return nil, s.change(r, in.ExpectedBucketOwner, func(b *objects.Bucket) error { b.Tags = tags; return nil })
}

func (s *Service) deleteBucketTagging(_ context.Context, r *request, in *sdk.DeleteBucketTaggingInput) (*sdk.DeleteBucketTaggingOutput, error) {
	return nil, s.change(r, in.ExpectedBucketOwner, func(b *objects.Bucket) error { b.Tags = nil; return nil })
}

func (s *Service) getObjectTagging(_ context.Context, r *request, in *sdk.GetObjectTaggingInput) (*sdk.GetObjectTaggingOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	v, err := s.objects.Version(r.bucket, r.key, aws.ToString(in.VersionId))
	if err != nil {
		return nil, err
	}
	return &sdk.GetObjectTaggingOutput{TagSet: tagList(v.Tags), VersionId: versionID(b, v.ID)}, nil
}

func (s *Service) putObjectTagging(_ context.Context, r *request, in *sdk.PutObjectTaggingInput) (*sdk.PutObjectTaggingOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if in.Tagging == nil {
		return nil, errMalformedXML
	}
	tags, err := tagMap(in.Tagging.TagSet, maxObjectTags)
	if err != nil {
		return nil, err
	}
	v, err := s.objects.SetTags(r.bucket, r.key, aws.ToString(in.VersionId), tags)
	if err != nil {
		return nil, err
	}
	return &sdk.PutObjectTaggingOutput{VersionId: versionID(b, v.ID)}, nil
}

func (s *Service) deleteObjectTagging(_ context.Context, r *request, in *sdk.DeleteObjectTaggingInput) (*sdk.DeleteObjectTaggingOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	v, err := s.objects.SetTags(r.bucket, r.key, aws.ToString(in.VersionId), nil)
	if err != nil {
		return nil, err
	}
	return &sdk.DeleteObjectTaggingOutput{VersionId: versionID(b, v.ID)}, nil
}

// versionID is told only of buckets that have, or had, versioning.
func versionID(b objects.Bucket, id string) *string {
	if b.Versioning == "" || id == "" {
		return nil
	}
	return &id
}
