package authorization

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/hatoba/hatoba/internal/policy"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// byDefinition judges a task of whose role IAM knows nothing: it may read what
// its own definition names, and look at what runs, but change nothing.
func (v *view) byDefinition(service, operation string, in any) error {
	needs := v.needs(service, operation, in)
	switch service {
	case "s3":
		// Environment files hold secrets, and AWS has them end in .env.
		for _, need := range needs {
			if strings.HasSuffix(need.resource, ".env") && !v.named()[need.resource] {
				return v.denied(service, need, verdict{}, v.advice("environmentFiles"))
			}
			if by := need.joined(policy.Allowed, v.question(state.Role{}, need)); by.decision != policy.Allowed {
				return v.denied(service, need, by, "")
			}
		}
		return nil
	case "ecs":
		if strings.HasPrefix(operation, "Describe") || strings.HasPrefix(operation, "List") || strings.HasSuffix(operation, "TaskProtection") {
			return nil
		}
	case "ec2", "elasticloadbalancing", "acm", "sns", "events", "scheduler", "servicediscovery", "route53", "application-autoscaling":
		if strings.HasPrefix(operation, "Describe") || strings.HasPrefix(operation, "List") || strings.HasPrefix(operation, "Get") || strings.HasPrefix(operation, "Discover") || operation == "TestEventPattern" {
			return nil
		}
	case "monitoring": // applications tell their own metrics, as they write their own logs
		if strings.HasPrefix(operation, "Describe") || strings.HasPrefix(operation, "List") || strings.HasPrefix(operation, "Get") || operation == "PutMetricData" {
			return nil
		}
	case "secretsmanager", "ssm":
		if operation == "GetRandomPassword" {
			return nil
		}
		named := v.named()
		ok := reads[operation]
		for _, need := range needs {
			ok = ok && (named[need.resource] || need.resource == "*" && operation == "BatchGetSecretValue")
		}
		if ok {
			return nil
		}
	}
	for _, need := range needs {
		if !v.named()[need.resource] && (need.resource != "*" || len(needs) == 1) {
			return v.denied(service, need, verdict{}, v.advice(service))
		}
	}
	return v.denied(service, needs[0], verdict{}, v.advice(service))
}

// reads are the calls that give what a definition's secrets give.
var reads = map[string]bool{
	"GetSecretValue": true, "DescribeSecret": true, "BatchGetSecretValue": true, "ListSecretVersionIds": true,
	"GetParameter": true, "GetParameters": true, "GetParameterHistory": true,
}

// named are the ARNs of the secrets, parameters and environment files that the
// task's definition names, if the caller is a session of the task's own role.
func (v *view) named() map[string]bool {
	out := map[string]bool{}
	region := strings.SplitN(v.who.Task, ":", 6)
	if len(region) < 6 {
		return out
	}
	home := state.Scope{Account: region[4], Region: region[3]}
	id := v.who.Task[strings.LastIndexByte(v.who.Task, '/')+1:]
	task, ok := store.Tasks.Get(v.r, home.Key(id))
	if !ok {
		return out
	}
	def, ok := store.TaskDefinitions.Get(v.r, home.Key(state.TaskDefinitionID(task.Spec.Family, task.Spec.Revision)))
	if role, _ := state.TaskRoles(task, def); !ok || role != v.who.Role {
		return out
	}
	for _, plan := range state.Effective(task, def) {
		for _, file := range plan.EnvironmentFiles {
			out[file] = true
		}
	}
	for _, c := range def.Definition.ContainerDefinitions {
		for _, s := range c.Secrets {
			from := aws.ToString(s.ValueFrom)
			if prefix := home.ARN("secretsmanager", "secret:"); strings.HasPrefix(from, prefix) {
				name, _, _ := strings.Cut(strings.TrimPrefix(from, prefix), ":")
				out[(&view{r: v.r, scope: home}).secret("", prefix+name).resource] = true
				continue
			}
			out[(&view{scope: home}).parameter(from)] = true
		}
	}
	return out
}

// advice tells what to do.
func (v *view) advice(service string) string {
	role := v.who.Role
	if role == "" {
		return ". The task has no task role, so it may use only what its definition's secrets name (Hatoba); give it a taskRoleArn whose role has a policy that allows this"
	}
	name := state.RoleName(role)
	what := "may not change what runs or who may do what"
	if service == "secretsmanager" || service == "ssm" || service == "kms" {
		what = "may read only what its definition's secrets name"
	}
	if service == "environmentFiles" {
		what = "may use only those .env objects that its definition names as environmentFiles"
	}
	return fmt.Sprintf(". The role %s is not in the IAM of this Hatoba, so the task %s; make the role (aws iam create-role --role-name %s) and attach a policy that allows this", name, what, name)
}
