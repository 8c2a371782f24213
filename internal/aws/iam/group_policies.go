package iam

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/hatoba/hatoba/internal/wire"
)

// The policies of groups: see holder.go.

func (s *Service) putGroupPolicy(ctx context.Context, caller wire.Caller, in *iam.PutGroupPolicyInput) (*iam.PutGroupPolicyOutput, error) {
	return nil, s.putInline(ctx, groups(), caller.Scope.Account, in.GroupName, in.PolicyName, in.PolicyDocument)
}

func (s *Service) getGroupPolicy(ctx context.Context, caller wire.Caller, in *iam.GetGroupPolicyInput) (*iam.GetGroupPolicyOutput, error) {
	text, err := s.getInline(ctx, groups(), caller.Scope.Account, in.GroupName, in.PolicyName)
	return &iam.GetGroupPolicyOutput{GroupName: in.GroupName, PolicyName: in.PolicyName, PolicyDocument: text}, err
}

func (s *Service) deleteGroupPolicy(ctx context.Context, caller wire.Caller, in *iam.DeleteGroupPolicyInput) (*iam.DeleteGroupPolicyOutput, error) {
	return nil, s.deleteInline(ctx, groups(), caller.Scope.Account, in.GroupName, in.PolicyName)
}

func (s *Service) listGroupPolicies(ctx context.Context, caller wire.Caller, in *iam.ListGroupPoliciesInput) (*iam.ListGroupPoliciesOutput, error) {
	page, next, err := s.listInline(ctx, groups(), caller.Scope.Account, in.GroupName, in.Marker, in.MaxItems)
	return &iam.ListGroupPoliciesOutput{PolicyNames: page, Marker: next, IsTruncated: next != nil}, err
}

func (s *Service) attachGroupPolicy(ctx context.Context, caller wire.Caller, in *iam.AttachGroupPolicyInput) (*iam.AttachGroupPolicyOutput, error) {
	return nil, s.attach(ctx, groups(), caller.Scope.Account, in.GroupName, in.PolicyArn)
}

func (s *Service) detachGroupPolicy(ctx context.Context, caller wire.Caller, in *iam.DetachGroupPolicyInput) (*iam.DetachGroupPolicyOutput, error) {
	return nil, s.detach(ctx, groups(), caller.Scope.Account, in.GroupName, in.PolicyArn)
}

func (s *Service) listAttachedGroupPolicies(ctx context.Context, caller wire.Caller, in *iam.ListAttachedGroupPoliciesInput) (*iam.ListAttachedGroupPoliciesOutput, error) {
	page, next, err := s.listAttached(ctx, groups(), caller.Scope.Account, in.GroupName, in.PathPrefix, in.Marker, in.MaxItems)
	return &iam.ListAttachedGroupPoliciesOutput{AttachedPolicies: page, Marker: next, IsTruncated: next != nil}, err
}
