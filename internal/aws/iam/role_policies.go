package iam

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/hatoba/hatoba/internal/wire"
)

// The policies of roles: see holder.go.

func (s *Service) putRolePolicy(ctx context.Context, caller wire.Caller, in *iam.PutRolePolicyInput) (*iam.PutRolePolicyOutput, error) {
	return nil, s.putInline(ctx, roles(), caller.Scope.Account, in.RoleName, in.PolicyName, in.PolicyDocument)
}

func (s *Service) getRolePolicy(ctx context.Context, caller wire.Caller, in *iam.GetRolePolicyInput) (*iam.GetRolePolicyOutput, error) {
	text, err := s.getInline(ctx, roles(), caller.Scope.Account, in.RoleName, in.PolicyName)
	return &iam.GetRolePolicyOutput{RoleName: in.RoleName, PolicyName: in.PolicyName, PolicyDocument: text}, err
}

func (s *Service) deleteRolePolicy(ctx context.Context, caller wire.Caller, in *iam.DeleteRolePolicyInput) (*iam.DeleteRolePolicyOutput, error) {
	return nil, s.deleteInline(ctx, roles(), caller.Scope.Account, in.RoleName, in.PolicyName)
}

func (s *Service) listRolePolicies(ctx context.Context, caller wire.Caller, in *iam.ListRolePoliciesInput) (*iam.ListRolePoliciesOutput, error) {
	page, next, err := s.listInline(ctx, roles(), caller.Scope.Account, in.RoleName, in.Marker, in.MaxItems)
	return &iam.ListRolePoliciesOutput{PolicyNames: page, Marker: next, IsTruncated: next != nil}, err
}

func (s *Service) attachRolePolicy(ctx context.Context, caller wire.Caller, in *iam.AttachRolePolicyInput) (*iam.AttachRolePolicyOutput, error) {
	return nil, s.attach(ctx, roles(), caller.Scope.Account, in.RoleName, in.PolicyArn)
}

func (s *Service) detachRolePolicy(ctx context.Context, caller wire.Caller, in *iam.DetachRolePolicyInput) (*iam.DetachRolePolicyOutput, error) {
	return nil, s.detach(ctx, roles(), caller.Scope.Account, in.RoleName, in.PolicyArn)
}

func (s *Service) listAttachedRolePolicies(ctx context.Context, caller wire.Caller, in *iam.ListAttachedRolePoliciesInput) (*iam.ListAttachedRolePoliciesOutput, error) {
	page, next, err := s.listAttached(ctx, roles(), caller.Scope.Account, in.RoleName, in.PathPrefix, in.Marker, in.MaxItems)
	return &iam.ListAttachedRolePoliciesOutput{AttachedPolicies: page, Marker: next, IsTruncated: next != nil}, err
}
