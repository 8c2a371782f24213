package s3

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
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

// readPolicy checks a policy's form and tells whether it allows anything to
// everybody without a condition.
func readPolicy(text string) (public bool, err error) {
	malformed := func(why string) error { return fail(400, "MalformedPolicy", "%s", why) }
	if len(text) > maxPolicy {
		return false, malformed("Policy exceeds the maximum allowed document size.")
	}
	var p struct {
		Version   string
		Statement json.RawMessage
	}
	if json.Unmarshal([]byte(text), &p) != nil || len(p.Statement) == 0 {
		return false, malformed("Policies must be valid JSON and the first byte must be '{'")
	}
	type statement struct {
		Effect                                     string
		Principal, NotPrincipal, Action, NotAction json.RawMessage
		Resource, NotResource, Condition           json.RawMessage
	}
	var statements []statement
	if json.Unmarshal(p.Statement, &statements) != nil {
		var one statement
		if json.Unmarshal(p.Statement, &one) != nil {
			return false, malformed("Invalid policy syntax.")
		}
		statements = []statement{one}
	}
	for _, st := range statements {
		switch {
		case st.Effect != "Allow" && st.Effect != "Deny":
			return false, malformed("Invalid effect: " + st.Effect)
		case len(st.Principal) == 0 && len(st.NotPrincipal) == 0:
			return false, malformed("Missing required field Principal")
		case len(st.Action) == 0 && len(st.NotAction) == 0:
			return false, malformed("Missing required field Action")
		case len(st.Resource) == 0 && len(st.NotResource) == 0:
			return false, malformed("Missing required field Resource")
		}
		if st.Effect == "Allow" && len(st.Condition) == 0 && everybody(st.Principal) {
			public = true
		}
	}
	return public, nil
}

func everybody(principal json.RawMessage) bool {
	var text string
	if json.Unmarshal(principal, &text) == nil {
		return text == "*"
	}
	var byKind map[string]json.RawMessage
	if json.Unmarshal(principal, &byKind) != nil {
		return false
	}
	var many []string
	if json.Unmarshal(byKind["AWS"], &many) != nil {
		return json.Unmarshal(byKind["AWS"], &text) == nil && text == "*"
	}
	return slices.Contains(many, "*")
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
