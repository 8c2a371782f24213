package s3

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/hatoba/hatoba/internal/objects"
	"github.com/hatoba/hatoba/internal/wire"
)

// bucket returns the request's bucket when it is the caller's. It can be
// reached from every region.
func (s *Service) bucket(r *request, expectedOwner *string) (objects.Bucket, error) {
	return s.bucketNamed(r, r.bucket, expectedOwner)
}

func (s *Service) bucketNamed(r *request, name string, expectedOwner *string) (objects.Bucket, error) {
	b, err := s.objects.Bucket(name)
	if err != nil {
		return b, err
	}
	if b.Account != r.Scope.Account || expectedOwner != nil && *expectedOwner != b.Account {
		return b, errAccessDenied
	}
	return b, nil
}

func (s *Service) createBucket(_ context.Context, r *request, in *sdk.CreateBucketInput) (*sdk.CreateBucketOutput, error) {
	if !validBucketName(r.bucket) {
		return nil, fail(400, "InvalidBucketName", "The specified bucket is not valid.")
	}
	if in.ACL != "" && in.ACL != types.BucketCannedACLPrivate {
		return nil, fail(400, "InvalidBucketAclWithObjectOwnership", "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting")
	}
	where, err := location(r.Scope.Region, in.CreateBucketConfiguration)
	if err != nil {
		return nil, err
	}
	b := objects.Bucket{Name: r.bucket, Account: r.Scope.Account, Region: where}
	if c := in.CreateBucketConfiguration; c != nil && len(c.Tags) > 0 {
		if b.Tags, err = tagMap(c.Tags, maxBucketTags); err != nil {
			return nil, err
		}
	}
	ownership := in.ObjectOwnership
	if ownership == "" {
		ownership = types.ObjectOwnershipBucketOwnerEnforced
	}
	if err := setDocument(&b, ownershipDocument, &types.OwnershipControls{Rules: []types.OwnershipControlsRule{{ObjectOwnership: ownership}}}); err != nil {
		return nil, err
	}
	block := types.PublicAccessBlockConfiguration{
		BlockPublicAcls: aws.Bool(true), BlockPublicPolicy: aws.Bool(true), IgnorePublicAcls: aws.Bool(true), RestrictPublicBuckets: aws.Bool(true),
	}
	if err := setDocument(&b, publicBlockDocument, &block); err != nil {
		return nil, err
	}
	out := &sdk.CreateBucketOutput{Location: aws.String("/" + r.bucket), BucketArn: aws.String("arn:aws:s3:::" + r.bucket)}
	there, err := s.objects.CreateBucket(b)
	switch {
	case !errors.Is(err, objects.ErrBucketExists):
		return out, err
	case there.Account != b.Account:
		return nil, fail(409, "BucketAlreadyExists", "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.")
	case where == "us-east-1" && there.Region == where:
		return out, nil // as it has always been in that region
	}
	return nil, fail(409, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.")
}

// location is the region a bucket is made in: the caller's, or from us-east-1
// any that is named.
func location(caller string, c *types.CreateBucketConfiguration) (string, error) {
	named := ""
	if c != nil {
		if c.Bucket != nil || c.Location != nil {
			return "", unsupported("A directory bucket")
		}
		named = string(c.LocationConstraint)
	}
	if named == "EU" {
		named = "eu-west-1"
	}
	switch {
	case named == "" && caller == "us-east-1":
		return caller, nil
	case named == "us-east-1":
		return "", fail(400, "InvalidLocationConstraint", "The specified location-constraint is not valid")
	case named == "":
		return "", fail(400, "IllegalLocationConstraintException", "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.")
	case named != caller && caller != "us-east-1":
		return "", fail(400, "IllegalLocationConstraintException", "The %s location constraint is incompatible for the region specific endpoint this request was sent to.", named)
	}
	return named, nil
}

func (s *Service) headBucket(_ context.Context, r *request, in *sdk.HeadBucketInput) (*sdk.HeadBucketOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	return &sdk.HeadBucketOutput{BucketRegion: aws.String(b.Region), BucketArn: aws.String("arn:aws:s3:::" + b.Name), AccessPointAlias: aws.Bool(false)}, nil
}

func (s *Service) deleteBucket(_ context.Context, r *request, in *sdk.DeleteBucketInput) (*sdk.DeleteBucketOutput, error) {
	if _, err := s.bucket(r, in.ExpectedBucketOwner); err != nil {
		return nil, err
	}
	return nil, s.objects.DeleteBucket(r.bucket)
}

func (s *Service) getBucketLocation(_ context.Context, r *request, in *sdk.GetBucketLocationInput) (*sdk.GetBucketLocationOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	out := &sdk.GetBucketLocationOutput{}
	if b.Region != "us-east-1" {
		out.LocationConstraint = types.BucketLocationConstraint(b.Region)
	}
	return out, nil
}

func (s *Service) listBuckets(_ context.Context, r *request, in *sdk.ListBucketsInput) (*sdk.ListBucketsOutput, error) {
	most := 10000
	if in.MaxBuckets != nil {
		if most = int(*in.MaxBuckets); most < 1 || most > 10000 {
			return nil, invalidArgument("Argument max-buckets must be an integer between 1 and 10000")
		}
	}
	after, err := readToken("buckets", in.ContinuationToken)
	if err != nil {
		return nil, err
	}
	all, err := s.objects.Buckets(r.Scope.Account)
	if err != nil {
		return nil, err
	}
	out := &sdk.ListBucketsOutput{Buckets: []types.Bucket{}, Owner: owner(r.Scope.Account), Prefix: in.Prefix}
	for _, b := range all {
		if b.Name <= after || !strings.HasPrefix(b.Name, aws.ToString(in.Prefix)) || in.BucketRegion != nil && *in.BucketRegion != b.Region {
			continue
		}
		if len(out.Buckets) == most {
			out.ContinuationToken = aws.String(wire.PageToken("buckets", *out.Buckets[most-1].Name))
			break
		}
		one := types.Bucket{Name: aws.String(b.Name), CreationDate: aws.Time(b.Created)}
		if in.MaxBuckets != nil || in.BucketRegion != nil || in.Prefix != nil {
			one.BucketRegion = aws.String(b.Region)
		}
		out.Buckets = append(out.Buckets, one)
	}
	return out, nil
}

func readToken(kind string, token *string) (string, error) {
	value, err := wire.ReadPageToken(kind, aws.ToString(token))
	if err != nil {
		return "", invalidArgument("The continuation token provided is incorrect")
	}
	return value, nil
}

// owner is an account as S3 names it, by a canonical id.
func owner(account string) *types.Owner {
	sum := sha256.Sum256([]byte("hatoba canonical user " + account))
	return &types.Owner{ID: aws.String(hex.EncodeToString(sum[:]))}
}
