package iam

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/hatoba/hatoba/internal/wire"
)

// The policies of users: see holder.go.

func (s *Service) putUserPolicy(ctx context.Context, caller wire.Caller, in *iam.PutUserPolicyInput) (*iam.PutUserPolicyOutput, error) {
	return nil, s.putInline(ctx, users(), caller.Scope.Account, in.UserName, in.PolicyName, in.PolicyDocument)
}

func (s *Service) getUserPolicy(ctx context.Context, caller wire.Caller, in *iam.GetUserPolicyInput) (*iam.GetUserPolicyOutput, error) {
	text, err := s.getInline(ctx, users(), caller.Scope.Account, in.UserName, in.PolicyName)
	return &iam.GetUserPolicyOutput{UserName: in.UserName, PolicyName: in.PolicyName, PolicyDocument: text}, err
}

func (s *Service) deleteUserPolicy(ctx context.Context, caller wire.Caller, in *iam.DeleteUserPolicyInput) (*iam.DeleteUserPolicyOutput, error) {
	return nil, s.deleteInline(ctx, users(), caller.Scope.Account, in.UserName, in.PolicyName)
}

func (s *Service) listUserPolicies(ctx context.Context, caller wire.Caller, in *iam.ListUserPoliciesInput) (*iam.ListUserPoliciesOutput, error) {
	page, next, err := s.listInline(ctx, users(), caller.Scope.Account, in.UserName, in.Marker, in.MaxItems)
	return &iam.ListUserPoliciesOutput{PolicyNames: page, Marker: next, IsTruncated: next != nil}, err
}

func (s *Service) attachUserPolicy(ctx context.Context, caller wire.Caller, in *iam.AttachUserPolicyInput) (*iam.AttachUserPolicyOutput, error) {
	return nil, s.attach(ctx, users(), caller.Scope.Account, in.UserName, in.PolicyArn)
}

func (s *Service) detachUserPolicy(ctx context.Context, caller wire.Caller, in *iam.DetachUserPolicyInput) (*iam.DetachUserPolicyOutput, error) {
	return nil, s.detach(ctx, users(), caller.Scope.Account, in.UserName, in.PolicyArn)
}

func (s *Service) listAttachedUserPolicies(ctx context.Context, caller wire.Caller, in *iam.ListAttachedUserPoliciesInput) (*iam.ListAttachedUserPoliciesOutput, error) {
	page, next, err := s.listAttached(ctx, users(), caller.Scope.Account, in.UserName, in.PathPrefix, in.Marker, in.MaxItems)
	return &iam.ListAttachedUserPoliciesOutput{AttachedPolicies: page, Marker: next, IsTruncated: next != nil}, err
}
