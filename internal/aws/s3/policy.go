package s3

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/hatoba/hatoba/internal/policy"
)

// maxPolicy is the size of a bucket policy in bytes, as in S3.
const maxPolicy = 20 << 10

func (s *Service) getBucketPolicy(_ context.Context, r *request, in *sdk.GetBucketPolicyInput) (*sdk.GetBucketPolicyOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	var text string
	if err := document(b, policyDocument, &text, errNoPolicy); err != nil {
		return nil, err
	}
	return &sdk.GetBucketPolicyOutput{Policy: &text}, nil
}

// putBucketPolicy keeps a policy. Policies that let everybody in are refused:
// nobody unsigned is let in here, whatever a policy says.
func (s *Service) putBucketPolicy(_ context.Context, r *request, in *sdk.PutBucketPolicyInput) (*sdk.PutBucketPolicyOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	text := aws.ToString(in.Policy)
	public, err := readPolicy(text)
	if err != nil {
		return nil, err
	}
	if public {
		var block types.PublicAccessBlockConfiguration
		if document(b, publicBlockDocument, &block, errNoPublicBlock) == nil && aws.ToBool(block.BlockPublicPolicy) {
			return nil, fail(403, "AccessDenied", "User is not authorized to perform: s3:PutBucketPolicy on resource: \"arn:aws:s3:::%s\" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.", r.bucket)
		}
		return nil, unsupported("A bucket policy that lets everybody in")
	}
	return nil, s.keep(r, in.ExpectedBucketOwner, policyDocument, text)
}

// readPolicy checks a policy as it is put, and tells whether it lets everybody
// in.
func readPolicy(text string) (public bool, err error) {
	malformed := func(why string) error { return fail(400, "MalformedPolicy", "%s", why) }
	if len(text) > maxPolicy {
		return false, malformed("Policy exceeds the maximum allowed document size.")
	}
	if !json.Valid([]byte(text)) {
		return false, malformed("Policies must be valid JSON and the first byte must be '{'")
	}
	document, err := policy.Parse(text, policy.OfResource)
	if err != nil {
		return false, malformed(err.Error())
	}
	for _, statement := range document.Statements {
		if statement.Resources == nil && statement.NotResources == nil {
			return false, malformed("Missing required field Resource")
		}
	}
	return document.Public(), nil
}

// Policy returns the policy of a bucket, "" without one.
func (s *Service) Policy(bucket string) string {
	var text string
	if b, err := s.objects.Bucket(bucket); err != nil || document(b, policyDocument, &text, errNoPolicy) != nil {
		return ""
	}
	return text
}

func (s *Service) deleteBucketPolicy(_ context.Context, r *request, in *sdk.DeleteBucketPolicyInput) (*sdk.DeleteBucketPolicyOutput, error) {
	return nil, s.forget(r, in.ExpectedBucketOwner, policyDocument)
}

func (s *Service) getBucketPolicyStatus(_ context.Context, r *request, in *sdk.GetBucketPolicyStatusInput) (*sdk.GetBucketPolicyStatusOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if _, ok := b.Documents[policyDocument]; !ok {
		return nil, errNoPolicy
	}
	return &sdk.GetBucketPolicyStatusOutput{PolicyStatus: &types.PolicyStatus{IsPublic: aws.Bool(false)}}, nil
}
