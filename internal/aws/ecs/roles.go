package ecs

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/hatoba/hatoba/internal/authorization"
	"github.com/hatoba/hatoba/internal/identity"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// tasksService is who assumes the roles of tasks.
const tasksService = "ecs-tasks.amazonaws.com"

// checkRegisteredRoles refuses roles that are not in IAM, where only known
// ones count. Elsewhere a definition that was written for a real account is
// taken as it is.
func (s *Service) checkRegisteredRoles(r store.Reader, scope state.Scope, in *ecs.RegisterTaskDefinitionInput) error {
	if !s.cfg.KnownRolesOnly {
		return nil
	}
	for _, role := range []string{aws.ToString(in.TaskRoleArn), aws.ToString(in.ExecutionRoleArn)} {
		if _, ok := findRole(r, scope, role); role != "" && !ok {
			return client("Role is not valid")
		}
	}
	return nil
}

// checkRoles refuses to start tasks under a role that does not trust them.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
func (s *Service) checkRoles(r store.Reader, scope state.Scope, roles []string) error {
	for _, arn := range roles {
		role, known := findRole(r, scope, arn)
		if !known && !s.cfg.KnownRolesOnly {
			continue
		}
		if !known || !authorization.Trusts(role, tasksService, "") {
			return client("ECS was unable to assume the role '%s' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.", arn)
		}
	}
	return nil
}

// findRole finds a role by its ARN or bare name.
func findRole(r store.Reader, scope state.Scope, arn string) (state.Role, bool) {
	if !strings.HasPrefix(arn, "arn:") {
		arn = state.IAMARN(scope.Account, "role", "/", arn)
	}
	return identity.Role(r, arn)
}
