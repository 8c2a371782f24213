package s3

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/hatoba/hatoba/internal/objects"
)

func (s *Service) deleteObject(_ context.Context, r *request, in *sdk.DeleteObjectInput) (*sdk.DeleteObjectOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	deleted, err := s.objects.Delete(r.bucket, target(r.key, in.VersionId, in.IfMatch))
	if err = errors.Join(err, first(deleted).Err); err != nil {
		return nil, err
	}
	out := &sdk.DeleteObjectOutput{VersionId: versionID(b, deleted[0].ID)}
	if deleted[0].Marker {
		out.DeleteMarker = aws.Bool(true)
	}
	return out, nil
}

func first(deleted []objects.Deleted) objects.Deleted {
	if len(deleted) == 0 {
		return objects.Deleted{}
	}
	return deleted[0]
}

func target(key string, version, ifMatch *string) objects.Target {
	t := objects.Target{Key: key, ID: aws.ToString(version)}
	if ifMatch != nil {
		t.IfMatch = aws.String(unquoted(*ifMatch))
	}
	return t
}

// deleteObjects deletes up to 1,000 at once, in one step.
func (s *Service) deleteObjects(_ context.Context, r *request, in *sdk.DeleteObjectsInput) (*sdk.DeleteObjectsOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if in.Delete == nil || len(in.Delete.Objects) == 0 || len(in.Delete.Objects) > 1000 {
		return nil, errMalformedXML
	}
	targets := make([]objects.Target, len(in.Delete.Objects))
	for i, o := range in.Delete.Objects {
		if o.LastModifiedTime != nil || o.Size != nil {
			return nil, unsupported("A condition on size or time of DeleteObjects")
		}
		targets[i] = target(aws.ToString(o.Key), o.VersionId, o.ETag)
	}
	deleted, err := s.objects.Delete(r.bucket, targets...)
	if err != nil {
		return nil, err
	}
	out := &sdk.DeleteObjectsOutput{}
	for i, d := range deleted {
		o := in.Delete.Objects[i]
		if d.Err != nil {
			answer, _ := answerOf(d.Err)
			out.Errors = append(out.Errors, types.Error{Key: o.Key, VersionId: o.VersionId, Code: &answer.Code, Message: &answer.Message})
			continue
		}
		if aws.ToBool(in.Delete.Quiet) {
			continue
		}
		one := types.DeletedObject{Key: o.Key, VersionId: o.VersionId}
		if d.Marker {
			one.DeleteMarker, one.DeleteMarkerVersionId = aws.Bool(true), versionID(b, d.ID)
		}
		out.Deleted = append(out.Deleted, one)
	}
	return out, nil
}
