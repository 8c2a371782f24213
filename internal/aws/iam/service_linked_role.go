package iam

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/hatoba/hatoba/internal/identity"
	"github.com/hatoba/hatoba/internal/policy/managed"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// linked are the services that have a role of their own here, with its name
// and its policy.
func linked(service string) (name, policy string, ok bool) {
	switch service {
	case "ecs.amazonaws.com":
		return "AWSServiceRoleForECS", managed.Prefix + "aws-service-role/AmazonECSServiceRolePolicy", true
	case "ecs.application-autoscaling.amazonaws.com":
		return "AWSServiceRoleForApplicationAutoScaling_ECSService", managed.Prefix + "aws-service-role/AWSApplicationAutoscalingECSServicePolicy", true
	case "elasticloadbalancing.amazonaws.com":
		return "AWSServiceRoleForElasticLoadBalancing", "", true
	}
	return "", "", false
}

// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceLinkedRole.html
func (s *Service) createServiceLinkedRole(ctx context.Context, caller wire.Caller, in *iam.CreateServiceLinkedRoleInput) (*iam.CreateServiceLinkedRoleOutput, error) {
	service := aws.ToString(in.AWSServiceName)
	n, attached, ok := linked(service)
	if !ok {
		return nil, failure(400, "InvalidInput", "Hatoba has no service-linked role for %.128q; it has them for ecs.amazonaws.com, ecs.application-autoscaling.amazonaws.com and elasticloadbalancing.amazonaws.com.", service)
	}
	if aws.ToString(in.CustomSuffix) != "" {
		return nil, failure(400, "InvalidInput", "Custom suffix is not allowed for %s", service)
	}
	text, err := description(in.Description)
	if err != nil {
		return nil, err
	}
	account := caller.Scope.Account
	role := state.Role{
		Name: n, Path: "/aws-service-role/" + service + "/", ID: identity.NewID("AROA"), CreatedAt: s.now(), Description: text,
		MaxSessionDuration: shortestSession, ServiceLinked: true,
		TrustPolicy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sts:AssumeRole"}]}`,
	}
	if attached != "" {
		role.Grants.Attached = []string{attached}
	}
	role.ARN = state.IAMARN(account, "role", role.Path, n)
	err = s.update(ctx, func(w store.Writer) error {
		if _, ok := store.Roles.Get(w, state.IAMKey(account, n)); ok {
			return failure(400, "InvalidInput", "Service role name %s has been taken in this account, please try a different suffix.", n)
		}
		return putRole(w, account, role)
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreateServiceLinkedRoleOutput{Role: shownRole(role, true)}, nil
}

// deleteServiceLinkedRole is done when it answers; its task says so.
func (s *Service) deleteServiceLinkedRole(ctx context.Context, caller wire.Caller, in *iam.DeleteServiceLinkedRoleInput) (*iam.DeleteServiceLinkedRoleOutput, error) {
	account := caller.Scope.Account
	task := ""
	err := s.update(ctx, func(w store.Writer) error {
		role, err := findRole(w, account, aws.ToString(in.RoleName))
		if err != nil {
			return err
		}
		if !role.ServiceLinked {
			return failure(400, "InvalidInput", "The role %s is not a service-linked role.", role.Name)
		}
		task = "task" + role.Path + role.Name + "/" + role.ID
		store.Roles.Delete(w, state.IAMKey(account, role.Name))
		return nil
	})
	return &iam.DeleteServiceLinkedRoleOutput{DeletionTaskId: &task}, err
}

func (s *Service) getServiceLinkedRoleDeletionStatus(_ context.Context, _ wire.Caller, in *iam.GetServiceLinkedRoleDeletionStatusInput) (*iam.GetServiceLinkedRoleDeletionStatusOutput, error) {
	if !strings.HasPrefix(aws.ToString(in.DeletionTaskId), "task/aws-service-role/") {
		return nil, noSuch("Deletion task %.100s cannot be found.", aws.ToString(in.DeletionTaskId))
	}
	return &iam.GetServiceLinkedRoleDeletionStatusOutput{Status: types.DeletionTaskStatusTypeSucceeded}, nil
}
