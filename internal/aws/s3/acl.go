package s3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// There are no access control lists: a bucket's owner owns all that is in it,
// which is S3's own default.

func ownersGrant(account string) []types.Grant {
	return []types.Grant{{
		Grantee:    &types.Grantee{ID: owner(account).ID, Type: types.TypeCanonicalUser},
		Permission: types.PermissionFullControl,
	}}
}

func (s *Service) getBucketACL(_ context.Context, r *request, in *sdk.GetBucketAclInput) (*sdk.GetBucketAclOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	return &sdk.GetBucketAclOutput{Owner: owner(b.Account), Grants: ownersGrant(b.Account)}, nil
}

func (s *Service) putBucketACL(_ context.Context, r *request, in *sdk.PutBucketAclInput) (*sdk.PutBucketAclOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	return nil, onlyPrivate(b.Account, string(in.ACL), in.AccessControlPolicy)
}

func (s *Service) getObjectACL(_ context.Context, r *request, in *sdk.GetObjectAclInput) (*sdk.GetObjectAclOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if _, err := s.objects.Version(r.bucket, r.key, aws.ToString(in.VersionId)); err != nil {
		return nil, err
	}
	return &sdk.GetObjectAclOutput{Owner: owner(b.Account), Grants: ownersGrant(b.Account)}, nil
}

func (s *Service) putObjectACL(_ context.Context, r *request, in *sdk.PutObjectAclInput) (*sdk.PutObjectAclOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if _, err := s.objects.Version(r.bucket, r.key, aws.ToString(in.VersionId)); err != nil {
		return nil, err
	}
	return nil, onlyPrivate(b.Account, string(in.ACL), in.AccessControlPolicy)
}

// onlyPrivate takes what says that the owner may do everything and nobody else
// anything.
func onlyPrivate(account, canned string, policy *types.AccessControlPolicy) error {
	switch {
	case canned == "private", canned == "bucket-owner-full-control":
		return nil
	case canned != "" || policy == nil:
		return errNoACLs
	}
	for _, g := range policy.Grants {
		if g.Grantee == nil || aws.ToString(g.Grantee.ID) != *owner(account).ID {
			return errNoACLs
		}
	}
	return nil
}

// objectACL checks the canned list of a write.
func objectACL(acl types.ObjectCannedACL) error {
	switch acl {
	case "", types.ObjectCannedACLPrivate, types.ObjectCannedACLBucketOwnerFullControl:
		return nil
	}
	return errNoACLs
}
