package authorization

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/hatoba/hatoba/internal/events/target"
	"github.com/hatoba/hatoba/internal/identity"
	"github.com/hatoba/hatoba/internal/policy"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// AWS's services that are handed roles for targets.
const (
	EventBridge = "events.amazonaws.com"
	Scheduler   = "scheduler.amazonaws.com"
)

// Codes of refused invocations, as dead letters tell them.
const (
	notAssumed  = "FAILED_TO_ASSUME_ROLE"
	notAllowed  = "NO_PERMISSIONS"
	sessionTime = time.Hour
)

// Invoke judges, at the moment it is to be made, an invocation of a target that
// has a role: the role is there, trusts who is to assume it, and is allowed what
// the target takes. code is "" for one that may be made; else it is AWS's, and
// why is for people. What log groups take, their own policies say, not a role.
//
// Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html
// Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html
func (a *Authorizer) Invoke(r store.Reader, scope state.Scope, inv state.EventInvocation) (code, why string) {
	arn := aws.ToString(inv.Target.RoleArn)
	of, err := target.Parse(aws.ToString(inv.Target.Arn))
	if arn == "" || err != nil || of.Kind == target.Logs {
		return "", ""
	}
	service, source, name := caller(scope, inv.Rule)
	role, known := identity.Role(r, arn)
	switch {
	case !known && (inv.RoleKnown || a.KnownRolesOnly):
		return notAssumed, fmt.Sprintf("the role %s cannot be assumed: it is not in IAM", arn)
	case !known: // taken unseen
		return "", ""
	case !Trusts(role, service, source):
		return notAssumed, fmt.Sprintf("the role %s cannot be assumed: its trust policy does not let %s", arn, service)
	}
	who := identity.Session(role, name, a.now().Add(sessionTime))
	v := a.view(r, wire.Caller{Scope: scope, Identity: who})
	own := Documents(r, role.ARN, role.Grants)
	for _, need := range v.invokeNeeds(of, inv) {
		if by := v.judge(role, own, need); by.decision != policy.Allowed {
			return notAllowed, v.refusal(need, by)
		}
	}
	return "", ""
}

// Trusts tells whether a role's trust policy lets a service of AWS's assume it,
// for a resource of the role's account ("" for none).
func Trusts(role state.Role, service, source string) bool {
	document, err := policy.Parse(role.TrustPolicy, policy.OfTrust)
	if err != nil {
		return false
	}
	account := identity.AccountOfARN(role.ARN)
	context := map[string][]string{"aws:sourceaccount": {account}}
	if source != "" {
		context["aws:sourcearn"] = []string{source}
	}
	q := policy.Question{Caller: policy.Caller{Account: account, Service: service}, Action: "sts:AssumeRole", Context: context}
	return policy.Evaluate(q, document) == policy.Allowed
}

// caller is who invokes the targets of a rule or schedule, what for as
// conditions see it, and the name of its session. The Scheduler acts for the
// group of a schedule.
//
// Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
func caller(scope state.Scope, arn string) (service, source, session string) {
	name := arn[strings.LastIndexByte(arn, '/')+1:]
	if path, ok := strings.CutPrefix(arn, scope.ARN("scheduler", "schedule/")); ok {
		return Scheduler, ScheduleSource(scope, strings.TrimSuffix(path, "/"+name)), name
	}
	return EventBridge, arn, name
}

// ScheduleSource is what conditions see of a schedule: its group.
func ScheduleSource(scope state.Scope, group string) string {
	return scope.ARN("scheduler", "schedule-group/"+group)
}

// invokeNeeds lists what giving a target an event takes.
func (v *view) invokeNeeds(of target.Target, inv state.EventInvocation) []need {
	arn := aws.ToString(inv.Target.Arn)
	switch of.Kind {
	case target.Task:
		return v.launchNeeds(arn, inv)
	case target.Topic:
		return []need{v.topicNeed("sns:Publish", &sns.PublishInput{TopicArn: &arn})}
	case target.API:
		return []need{{action: "events:InvokeApiDestination", resource: arn}}
	case target.Bus:
		return []need{{action: "events:PutEvents", resource: arn, context: map[string][]string{
			"events:source": {inv.Event.Source}, "events:detail-type": {inv.Event.DetailType},
		}}}
	}
	return nil
}

// launchNeeds: tasks are started on the definition, in the cluster, and their
// roles handed on.
func (v *view) launchNeeds(cluster string, inv state.EventInvocation) []need {
	if inv.Target.EcsParameters == nil {
		return nil
	}
	name := aws.ToString(inv.Target.EcsParameters.TaskDefinitionArn)
	arn := v.definition(name)
	if bare, ok := strings.CutPrefix(name, v.scope.ARN("ecs", "task-definition/")); ok && !strings.Contains(bare, ":") {
		arn = v.definition(bare) // the newest
	}
	out := []need{{action: "ecs:RunTask", resource: arn, context: map[string][]string{"ecs:cluster": {cluster}}}}
	var overrides ecstypes.TaskOverride
	_ = json.Unmarshal([]byte(inv.Input), &overrides) // what is not one has none; the launch says so
	var def state.TaskDefinition
	if family, revision, ok := strings.Cut(arn[strings.LastIndexByte(arn, '/')+1:], ":"); ok {
		n, _ := strconv.ParseInt(revision, 10, 32)
		def, _ = store.TaskDefinitions.Get(v.r, v.scope.Key(state.TaskDefinitionID(family, int32(n))))
	}
	task, execution := state.TaskRoles(state.Task{ARN: cluster, Spec: state.TaskSpec{Overrides: &overrides}}, def)
	return append(out, v.passed(&ecs.RegisterTaskDefinitionInput{TaskRoleArn: &task, ExecutionRoleArn: &execution})...)
}
