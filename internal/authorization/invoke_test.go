package authorization_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/authorization"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

func trusting(service, condition string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sts:AssumeRole"` + condition + `}]}`
}

func allowing(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// A target's role is judged when it is invoked: it must be there, trust who
// assumes it, and may do what the target takes, at that moment.
func TestRolesOfTargetsAreJudgedWhenInvoked(t *testing.T) {
	w := newWorld(t)
	arn := state.IAMARN(scope.Account, "role", "/", "target")
	rule, nightly := scope.ARN("events", "rule/r"), scope.ARN("scheduler", "schedule/jobs/nightly")
	w.update(func(tx store.Writer) error {
		def := state.TaskDefinition{Definition: ecstypes.TaskDefinition{TaskRoleArn: aws.String("app"), ExecutionRoleArn: aws.String(state.IAMARN(scope.Account, "role", "/", "exec"))}}
		if err := store.TaskDefinitions.Put(tx, scope.Key(state.TaskDefinitionID("job", 2)), def); err != nil {
			return err
		}
		return store.TaskFamilies.Put(tx, scope.Key("job"), state.TaskFamily{LastRevision: 2})
	})
	events, schedules := trusting("events.amazonaws.com", ""), trusting("scheduler.amazonaws.com", "")
	run := `{"Effect":"Allow","Action":"ecs:RunTask","Resource":"arn:aws:ecs:*:*:task-definition/job:*","Condition":{"ArnLike":{"ecs:cluster":"arn:aws:ecs:*:*:cluster/default"}}}`
	pass := `{"Effect":"Allow","Action":"iam:PassRole","Resource":["arn:aws:iam::*:role/app","arn:aws:iam::*:role/exec"],"Condition":{"StringLike":{"iam:PassedToService":"ecs-tasks.amazonaws.com"}}}`
	everything := allowing(`{"Effect":"Allow","Action":"*","Resource":"*"}`)
	task := func(definition, input string) state.EventInvocation {
		return state.EventInvocation{Rule: rule, Input: input, Target: types.Target{Arn: aws.String(scope.ClusterARN("default")), EcsParameters: &types.EcsParameters{TaskDefinitionArn: &definition}}}
	}
	to := func(of, target string) state.EventInvocation {
		return state.EventInvocation{Rule: of, Event: state.Envelope{Source: "shop", DetailType: "Order"}, Target: types.Target{Arn: aws.String(target)}}
	}
	topic, bus, api := scope.ARN("sns", "ops"), scope.ARN("events", "event-bus/mine"), scope.ARN("events", "api-destination/hook/1")
	for name, c := range map[string]struct {
		trust, grants string // "" for a role that is not there
		inv           state.EventInvocation
		known, strict bool
		want          string // the code and a part of the words
	}{
		"none that is seen":             {inv: task("job", "")},
		"one that was deleted":          {inv: task("job", ""), known: true, want: "FAILED_TO_ASSUME_ROLE " + arn + " cannot be assumed: it is not in IAM"},
		"none where all are seen":       {inv: task("job", ""), strict: true, want: "FAILED_TO_ASSUME_ROLE it is not in IAM"},
		"what a task takes":             {trust: events, grants: allowing(run, pass), inv: task("job", "{}")},
		"by ARN without a revision":     {trust: events, grants: allowing(run, pass), inv: task(scope.ARN("ecs", "task-definition/job"), "{}")},
		"another's trust":               {trust: schedules, grants: everything, inv: task("job", ""), want: "FAILED_TO_ASSUME_ROLE does not let events.amazonaws.com"},
		"trust for another rule":        {trust: trusting("events.amazonaws.com", `,"Condition":{"ArnEquals":{"aws:SourceArn":"`+rule+`2"}}`), grants: everything, inv: task("job", ""), want: "FAILED_TO_ASSUME_ROLE trust policy"},
		"trust for this rule":           {trust: trusting("events.amazonaws.com", `,"Condition":{"ArnEquals":{"aws:SourceArn":"`+rule+`"}}`), grants: everything, inv: task("job", "")},
		"no policy":                     {trust: events, grants: allowing(pass), inv: task("job", ""), want: "NO_PERMISSIONS assumed-role/target/r is not authorized to perform: ecs:RunTask on resource: " + scope.TaskDefinitionARN("job", 2)},
		"another definition":            {trust: events, grants: allowing(run, pass), inv: task("other:1", ""), want: "NO_PERMISSIONS ecs:RunTask"},
		"a definition's roles":          {trust: events, grants: allowing(run), inv: task("job:2", ""), want: "NO_PERMISSIONS iam:PassRole on resource: arn:aws:iam::123456789012:role/app"},
		"the roles of overrides":        {trust: events, grants: allowing(run, pass), inv: task("job", `{"taskRoleArn":"admin"}`), want: "NO_PERMISSIONS iam:PassRole on resource: arn:aws:iam::123456789012:role/admin"},
		"a topic":                       {trust: events, grants: allowing(`{"Effect":"Allow","Action":"sns:Publish","Resource":"` + topic + `"}`), inv: to(rule, topic)},
		"another topic":                 {trust: events, grants: allowing(`{"Effect":"Allow","Action":"sns:Publish","Resource":"` + topic + `2"}`), inv: to(rule, topic), want: "NO_PERMISSIONS SNS:Publish on resource: " + topic},
		"a bus":                         {trust: events, grants: allowing(`{"Effect":"Allow","Action":"events:PutEvents","Resource":"*","Condition":{"StringEquals":{"events:source":"shop"}}}`), inv: to(rule, bus)},
		"a bus, other events":           {trust: events, grants: allowing(`{"Effect":"Allow","Action":"events:PutEvents","Resource":"*","Condition":{"StringEquals":{"events:source":"bank"}}}`), inv: to(rule, bus), want: "NO_PERMISSIONS events:PutEvents"},
		"an API destination":            {trust: events, grants: allowing(`{"Effect":"Allow","Action":"events:InvokeApiDestination","Resource":"` + api + `"}`), inv: to(rule, api)},
		"an API destination, denied":    {trust: events, grants: allowing(`{"Effect":"Deny","Action":"events:Invoke*","Resource":"*"}`), inv: to(rule, api), want: "NO_PERMISSIONS explicit deny"},
		"a schedule":                    {trust: trusting("scheduler.amazonaws.com", `,"Condition":{"StringEquals":{"aws:SourceAccount":"123456789012","aws:SourceArn":"`+scope.ARN("scheduler", "schedule-group/jobs")+`"}}`), grants: everything, inv: to(nightly, topic)},
		"a schedule, with a rule's":     {trust: events, grants: everything, inv: to(nightly, topic), want: "FAILED_TO_ASSUME_ROLE does not let scheduler.amazonaws.com"},
		"a log group has no role's say": {trust: schedules, grants: allowing(pass), inv: to(rule, scope.ARN("logs", "log-group:g"))},
	} {
		w.update(func(tx store.Writer) error {
			key := state.IAMKey(scope.Account, "target")
			if c.trust == "" {
				store.Roles.Delete(tx, key)
				return nil
			}
			return store.Roles.Put(tx, key, state.Role{Name: "target", ARN: arn, ID: "AROATARGET", TrustPolicy: c.trust, Grants: state.Grants{Inline: map[string]string{"p": c.grants}}})
		})
		c.inv.Target.RoleArn, c.inv.RoleKnown = &arn, c.known
		_ = w.store.View(t.Context(), func(r store.Reader) error {
			code, why := (&authorization.Authorizer{Store: w.store, KnownRolesOnly: c.strict}).Invoke(r, scope, c.inv)
			wantCode, part, _ := strings.Cut(c.want, " ")
			if code != wantCode || !strings.Contains(why, part) {
				t.Errorf("%s: %s %s, want %s", name, code, why, c.want)
			}
			return nil
		})
	}
}
