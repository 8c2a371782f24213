// Package iam is the front door of AWS Identity and Access Management: users,
// groups, roles, their policies and keys. Names are not told apart by case,
// and AWS's own managed policies are there under their ARNs.
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/
package iam

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// Config is what a Service works with.
type Config struct {
	Store   store.Store
	Keyring *secrets.Keyring // seals secret access keys
	Now     func() time.Time // nil: time.Now
}

// Service serves IAM. It may be used concurrently.
type Service struct{ cfg Config }

// New returns the service.
func New(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Service{cfg: cfg}
}

// now is the time as IAM tells it: UTC, to the second.
func (s *Service) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Second) }

func (s *Service) view(ctx context.Context, fn func(store.Reader) error) error {
	return s.cfg.Store.View(ctx, fn)
}

// update runs fn, which may run twice, over a transaction.
func (s *Service) update(ctx context.Context, fn func(store.Writer) error) error {
	return s.cfg.Store.Update(ctx, fn)
}

// Describe tells the wire what is served; the rest is refused by name.
func (s *Service) Describe() wire.Service {
	return wire.Service{
		Name: "iam", Title: "AWS Identity and Access Management", Protocol: wire.Query,
		APIVersion: "2010-05-08", Namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
		Naming: wire.IAMNaming, Client: (*iam.Client)(nil),
		Operations: []wire.Operation{
			wire.Op("CreateUser", s.createUser),
			wire.Op("GetUser", s.getUser),
			wire.Op("ListUsers", s.listUsers),
			wire.Op("UpdateUser", s.updateUser),
			wire.Op("DeleteUser", s.deleteUser),
			wire.Op("TagUser", s.tagUser),
			wire.Op("UntagUser", s.untagUser),
			wire.Op("ListUserTags", s.listUserTags),
			wire.Op("PutUserPolicy", s.putUserPolicy),
			wire.Op("GetUserPolicy", s.getUserPolicy),
			wire.Op("DeleteUserPolicy", s.deleteUserPolicy),
			wire.Op("ListUserPolicies", s.listUserPolicies),
			wire.Op("AttachUserPolicy", s.attachUserPolicy),
			wire.Op("DetachUserPolicy", s.detachUserPolicy),
			wire.Op("ListAttachedUserPolicies", s.listAttachedUserPolicies),
			wire.Op("PutUserPermissionsBoundary", s.putUserPermissionsBoundary),
			wire.Op("DeleteUserPermissionsBoundary", s.deleteUserPermissionsBoundary),
			wire.Op("ListGroupsForUser", s.listGroupsForUser),

			wire.Op("CreateAccessKey", s.createAccessKey),
			wire.Op("ListAccessKeys", s.listAccessKeys),
			wire.Op("UpdateAccessKey", s.updateAccessKey),
			wire.Op("DeleteAccessKey", s.deleteAccessKey),

			wire.Op("CreateGroup", s.createGroup),
			wire.Op("GetGroup", s.getGroup),
			wire.Op("ListGroups", s.listGroups),
			wire.Op("DeleteGroup", s.deleteGroup),
			wire.Op("AddUserToGroup", s.addUserToGroup),
			wire.Op("RemoveUserFromGroup", s.removeUserFromGroup),
			wire.Op("PutGroupPolicy", s.putGroupPolicy),
			wire.Op("GetGroupPolicy", s.getGroupPolicy),
			wire.Op("DeleteGroupPolicy", s.deleteGroupPolicy),
			wire.Op("ListGroupPolicies", s.listGroupPolicies),
			wire.Op("AttachGroupPolicy", s.attachGroupPolicy),
			wire.Op("DetachGroupPolicy", s.detachGroupPolicy),
			wire.Op("ListAttachedGroupPolicies", s.listAttachedGroupPolicies),

			wire.Op("CreateRole", s.createRole),
			wire.Op("GetRole", s.getRole),
			wire.Op("ListRoles", s.listRoles),
			wire.Op("UpdateRole", s.updateRole),
			wire.Op("UpdateRoleDescription", s.updateRoleDescription),
			wire.Op("UpdateAssumeRolePolicy", s.updateAssumeRolePolicy),
			wire.Op("DeleteRole", s.deleteRole),
			wire.Op("TagRole", s.tagRole),
			wire.Op("UntagRole", s.untagRole),
			wire.Op("ListRoleTags", s.listRoleTags),
			wire.Op("PutRolePolicy", s.putRolePolicy),
			wire.Op("GetRolePolicy", s.getRolePolicy),
			wire.Op("DeleteRolePolicy", s.deleteRolePolicy),
			wire.Op("ListRolePolicies", s.listRolePolicies),
			wire.Op("AttachRolePolicy", s.attachRolePolicy),
			wire.Op("DetachRolePolicy", s.detachRolePolicy),
			wire.Op("ListAttachedRolePolicies", s.listAttachedRolePolicies),
			wire.Op("PutRolePermissionsBoundary", s.putRolePermissionsBoundary),
			wire.Op("DeleteRolePermissionsBoundary", s.deleteRolePermissionsBoundary),
			wire.Op("CreateServiceLinkedRole", s.createServiceLinkedRole),
			wire.Op("DeleteServiceLinkedRole", s.deleteServiceLinkedRole),
			wire.Op("GetServiceLinkedRoleDeletionStatus", s.getServiceLinkedRoleDeletionStatus),

			wire.Op("CreatePolicy", s.createPolicy),
			wire.Op("GetPolicy", s.getPolicy),
			wire.Op("ListPolicies", s.listPolicies),
			wire.Op("DeletePolicy", s.deletePolicy),
			wire.Op("ListEntitiesForPolicy", s.listEntitiesForPolicy),
			wire.Op("TagPolicy", s.tagPolicy),
			wire.Op("UntagPolicy", s.untagPolicy),
			wire.Op("ListPolicyTags", s.listPolicyTags),
			wire.Op("CreatePolicyVersion", s.createPolicyVersion),
			wire.Op("GetPolicyVersion", s.getPolicyVersion),
			wire.Op("ListPolicyVersions", s.listPolicyVersions),
			wire.Op("SetDefaultPolicyVersion", s.setDefaultPolicyVersion),
			wire.Op("DeletePolicyVersion", s.deletePolicyVersion),

			wire.Op("CreateInstanceProfile", s.createInstanceProfile),
			wire.Op("GetInstanceProfile", s.getInstanceProfile),
			wire.Op("ListInstanceProfiles", s.listInstanceProfiles),
			wire.Op("ListInstanceProfilesForRole", s.listInstanceProfilesForRole),
			wire.Op("DeleteInstanceProfile", s.deleteInstanceProfile),
			wire.Op("AddRoleToInstanceProfile", s.addRoleToInstanceProfile),
			wire.Op("RemoveRoleFromInstanceProfile", s.removeRoleFromInstanceProfile),
		},
	}
}
