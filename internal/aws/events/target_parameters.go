package events

import (
	"encoding/json"
	"fmt"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/events/connection"
	"github.com/hatoba/hatoba/internal/events/input"
	"github.com/hatoba/hatoba/internal/events/target"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire"
)

var headerForm = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9a-zA-Z-]+$")

// checkInput holds that what a target is to be given can be made.
func checkInput(t *types.Target) error {
	given := 0
	for _, is := range []bool{t.Input != nil, t.InputPath != nil, t.InputTransformer != nil} {
		if is {
			given++
		}
	}
	if given > 1 {
		return invalid("Only one of Input, InputPath, or InputTransformer must be provided for target %s.", *t.Id)
	}
	if err := checkLength(t.Input, "targets.1.member.input", 8192); err != nil {
		return err
	}
	if t.Input != nil && !json.Valid([]byte(*t.Input)) {
		return invalid("JSON syntax error in input for target %s", *t.Id)
	}
	if t.InputPath != nil {
		if err := checkLength(t.InputPath, "targets.1.member.inputPath", 256); err != nil {
			return err
		}
		if _, err := input.ParsePath(*t.InputPath); err != nil {
			return invalid("Invalid InputPath for target %s: %v.", *t.Id, err)
		}
	}
	if tr := t.InputTransformer; tr != nil {
		if err := checkLength(tr.InputTemplate, "targets.1.member.inputTransformer.inputTemplate", 8192); err != nil {
			return err
		}
		if len(tr.InputPathsMap) > 100 {
			return invalid("InputPathsMap of target %s has more than 100 variables.", *t.Id)
		}
		if _, err := input.ParseTransformer(tr.InputPathsMap, aws.ToString(tr.InputTemplate)); err != nil {
			return invalid("Invalid InputTransformer for target %s: %v.", *t.Id, err)
		}
	}
	return nil
}

// checkFailure checks what happens when a target cannot be given an event.
func checkFailure(scope state.Scope, t *types.Target) error {
	if p := t.RetryPolicy; p != nil {
		if n := aws.ToInt32(p.MaximumRetryAttempts); n < 0 || n > 185 {
			return constraint(fmt.Sprint(n), "targets.1.member.retryPolicy.maximumRetryAttempts", wire.ValueWithin(int(n), 0, 185))
		}
		if n := p.MaximumEventAgeInSeconds; n != nil && (*n < 60 || *n > 86400) {
			return constraint(fmt.Sprint(*n), "targets.1.member.retryPolicy.maximumEventAgeInSeconds", wire.ValueWithin(int(*n), 60, 86400))
		}
	}
	if t.DeadLetterConfig != nil && t.DeadLetterConfig.Arn != nil {
		d, err := target.Parse(*t.DeadLetterConfig.Arn)
		switch {
		case err != nil || d.Kind != target.Logs:
			return invalid("Parameter DeadLetterConfig.Arn %s is not valid. Reason: Hatoba puts dead letters into CloudWatch log groups, and has no queues of Amazon SQS.", *t.DeadLetterConfig.Arn)
		case d.Scope != scope:
			return invalid("Parameter DeadLetterConfig.Arn is not valid. Reason: it must be of the rule's account and region.")
		}
	}
	return nil
}

// checkRequest checks what is added to the request to an API destination.
func checkRequest(t *types.Target, kind target.Kind) error {
	p := t.HttpParameters
	switch {
	case p == nil:
		return nil
	case kind != target.API:
		return invalid("Parameter HttpParameters is not supported for target %s.", *t.Id)
	case len(p.PathParameterValues) > 100 || len(p.HeaderParameters) > 100 || len(p.QueryStringParameters) > 100:
		return invalid("HttpParameters of target %s has more than 100 values.", *t.Id)
	}
	for name := range p.HeaderParameters {
		if connection.Forbidden(name) || !headerForm.MatchString(name) {
			return invalid("Parameter HeaderParameters is not valid. Reason: the header %s cannot be set.", name)
		}
	}
	return nil
}

// checkTask checks what RunTask is to be asked for.
func checkTask(t *types.Target) error {
	p := t.EcsParameters
	switch {
	case p == nil:
		return invalid("EcsParameters is required for target %s.", *t.Id)
	case aws.ToString(t.RoleArn) == "":
		return invalid("RoleArn is required for target %s.", *t.Arn)
	case aws.ToString(p.TaskDefinitionArn) == "":
		return invalid("TaskDefinitionArn is required for target %s.", *t.Id)
	case p.TaskCount != nil && (*p.TaskCount < 1 || *p.TaskCount > 10):
		return constraint(fmt.Sprint(*p.TaskCount), "targets.1.member.ecsParameters.taskCount", wire.ValueWithin(int(*p.TaskCount), 1, 10))
	case p.LaunchType == types.LaunchTypeExternal:
		return unsupported("LaunchType EXTERNAL")
	case p.LaunchType != "" && len(p.CapacityProviderStrategy) > 0:
		return invalid("Only one of LaunchType and CapacityProviderStrategy can be given for target %s.", *t.Id)
	case len(p.PlacementConstraints) > 10 || len(p.PlacementStrategy) > 5 || len(p.CapacityProviderStrategy) > 6:
		return invalid("EcsParameters of target %s has too many constraints, strategies or capacity providers.", *t.Id)
	}
	if n := p.NetworkConfiguration; n != nil && (n.AwsvpcConfiguration == nil || len(n.AwsvpcConfiguration.Subnets) == 0) {
		return invalid("NetworkConfiguration of target %s has no Subnets.", *t.Id)
	}
	if err := checkEnum(p.LaunchType, "launchType", p.LaunchType.Values()); err != nil {
		return err
	}
	return checkEnum(p.PropagateTags, "propagateTags", p.PropagateTags.Values())
}
