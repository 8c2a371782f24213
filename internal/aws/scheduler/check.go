package scheduler

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/hatoba/hatoba/internal/events/target"
	"github.com/hatoba/hatoba/internal/schedule"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire"
)

// roleForm is the pattern of AWS's model.
var roleForm = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@\/-]+$`)

// checkSchedule is the record that a request asks for.
func (s *Service) checkSchedule(scope state.Scope, in *sdk.CreateScheduleInput) (state.EventSchedule, error) {
	out := state.EventSchedule{
		Name: aws.ToString(in.Name), Description: aws.ToString(in.Description), Expression: aws.ToString(in.ScheduleExpression), Zone: aws.ToString(in.ScheduleExpressionTimezone),
		From: in.StartDate, To: in.EndDate, State: types.ScheduleStateEnabled, DeleteAfter: in.ActionAfterCompletion == types.ActionAfterCompletionDelete, Token: aws.ToString(in.ClientToken),
	}
	if err := checkName(in.Name, "name"); err != nil {
		return out, err
	}
	var err error
	if out.Group, err = group(in.GroupName); err != nil {
		return out, err
	}
	if err := checkToken(in.ClientToken); err != nil {
		return out, err
	}
	out.ARN = scheduleARN(scope, out.Group, out.Name)
	zone, err := time.LoadLocation(out.Zone)
	switch {
	case aws.ToString(in.KmsKeyArn) != "":
		return out, invalid("Hatoba does not support KmsKeyArn.")
	case utf8.RuneCountInString(out.Description) > 512:
		return out, invalid("Description should have at most 512 characters.")
	case err != nil || out.Zone == "Local":
		return out, invalid("Invalid Schedule Expression Timezone %s.", out.Zone)
	case in.ActionAfterCompletion != "" && in.ActionAfterCompletion != types.ActionAfterCompletionNone && in.ActionAfterCompletion != types.ActionAfterCompletionDelete:
		return out, constraint(string(in.ActionAfterCompletion), "actionAfterCompletion", wire.OneOf(in.ActionAfterCompletion.Values()))
	}
	if err := checkState(in.State); err != nil {
		return out, err
	}
	if in.State != "" {
		out.State = in.State
	}
	if _, err := schedule.Parse(out.Expression, zone); err != nil {
		return out, invalid("Invalid Schedule Expression %s.", out.Expression)
	}
	if out.From != nil && out.To != nil && !out.To.After(*out.From) {
		return out, invalid("The EndDate must come after the StartDate.")
	}
	if out.To != nil && !out.To.After(s.now()) {
		return out, invalid("The EndDate you specify must be in the future.")
	}
	if out.Window, err = window(in.FlexibleTimeWindow); err != nil {
		return out, err
	}
	if in.Target == nil {
		return out, invalid("Target is required.")
	}
	out.Target = *in.Target
	return out, checkTarget(scope, in.Target)
}

func checkState(given types.ScheduleState) error {
	if given != "" && !slices.Contains(given.Values(), given) {
		return constraint(string(given), "state", wire.OneOf(given.Values()))
	}
	return nil
}

func window(w *types.FlexibleTimeWindow) (int32, error) {
	switch {
	case w == nil || w.Mode == "":
		return 0, invalid("FlexibleTimeWindow is required.")
	case w.Mode == types.FlexibleTimeWindowModeOff && w.MaximumWindowInMinutes == nil:
		return 0, nil
	case w.Mode == types.FlexibleTimeWindowModeFlexible && w.MaximumWindowInMinutes != nil && *w.MaximumWindowInMinutes >= 1 && *w.MaximumWindowInMinutes <= 1440:
		return *w.MaximumWindowInMinutes, nil
	}
	return 0, invalid("MaximumWindowInMinutes should be between 1 and 1440 with Mode FLEXIBLE, and absent with OFF.")
}

// checkTarget holds that a target can be had.
func checkTarget(scope state.Scope, t *types.Target) error {
	arn := aws.ToString(t.Arn)
	if strings.HasPrefix(arn, "arn:aws:scheduler:::aws-sdk:") {
		return invalid("Hatoba does not support universal targets (%s). It supports ECS clusters (RunTask), SNS topics and event buses.", arn)
	}
	of, err := target.Parse(arn)
	other := target.OtherServiceError("")
	switch {
	case errors.As(err, &other):
		return invalid("Provided Arn %s is not supported: %v Schedules have ECS clusters (RunTask), SNS topics and event buses as targets.", arn, other)
	case err != nil:
		return invalid("Provided Arn %s is not valid. %v", arn, err)
	case of.Kind != target.Task && of.Kind != target.Topic && of.Kind != target.Bus:
		return invalid("Provided Arn %s is not supported: schedules have ECS clusters (RunTask), SNS topics and event buses as targets.", arn)
	case of.Scope != scope:
		return invalid("Provided Arn %s is not valid: the target must be of the schedule's account and region.", arn)
	case aws.ToString(t.RoleArn) == "":
		return invalid("RoleArn is required.")
	case !roleForm.MatchString(*t.RoleArn):
		return constraint(*t.RoleArn, "target.roleArn", "Member must satisfy regular expression pattern: "+roleForm.String())
	case t.KinesisParameters != nil || t.SageMakerPipelineParameters != nil || t.SqsParameters != nil:
		return invalid("Hatoba does not support KinesisParameters, SageMakerPipelineParameters and SqsParameters.")
	case (of.Kind == target.Task) != (t.EcsParameters != nil):
		return invalid("EcsParameters is for targets that are ECS clusters, which need it.")
	case (of.Kind == target.Bus) != (t.EventBridgeParameters != nil):
		return invalid("EventBridgeParameters is for targets that are event buses, which need it.")
	}
	if p := t.EventBridgeParameters; p != nil && (aws.ToString(p.Source) == "" || aws.ToString(p.DetailType) == "" || strings.HasPrefix(*p.Source, "aws.")) {
		return invalid("EventBridgeParameters needs a DetailType, and a Source that does not begin with aws.")
	}
	if p := t.EcsParameters; p != nil {
		switch {
		case aws.ToString(p.TaskDefinitionArn) == "":
			return invalid("TaskDefinitionArn is required.")
		case p.TaskCount != nil && (*p.TaskCount < 1 || *p.TaskCount > 10):
			return invalid("TaskCount should be between 1 and 10.")
		case p.LaunchType == types.LaunchTypeExternal:
			return invalid("Hatoba does not support LaunchType EXTERNAL.")
		}
	}
	if (of.Kind == target.Task || of.Kind == target.Bus) && t.Input != nil && !json.Valid([]byte(*t.Input)) {
		return invalid("Invalid Input for target: it is no JSON.")
	}
	return checkFailure(scope, t)
}

func checkFailure(scope state.Scope, t *types.Target) error {
	if p := t.RetryPolicy; p != nil {
		attempts, age := aws.ToInt32(p.MaximumRetryAttempts), p.MaximumEventAgeInSeconds
		if attempts < 0 || attempts > 185 || age != nil && (*age < 60 || *age > 86400) {
			return invalid("RetryPolicy takes 0 to 185 attempts and an age of 60 to 86400 seconds.")
		}
	}
	if t.DeadLetterConfig == nil || t.DeadLetterConfig.Arn == nil {
		return nil
	}
	if d, err := target.Parse(*t.DeadLetterConfig.Arn); err != nil || d.Kind != target.Logs || d.Scope != scope {
		return invalid("DeadLetterConfig.Arn %s is not supported: Hatoba puts dead letters into CloudWatch log groups of the same account and region, and has no queues of Amazon SQS.", *t.DeadLetterConfig.Arn)
	}
	return nil
}
