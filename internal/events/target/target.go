// Package target tells what kind of thing a rule's target is, by its ARN.
package target

import (
	"errors"
	"strings"

	"github.com/hatoba/hatoba/internal/state"
)

// Kind is what a target is.
type Kind string

// The kinds that can be given events.
const (
	Task  Kind = "ecs"
	Logs  Kind = "logs"
	Topic Kind = "sns"
	API   Kind = "api-destination"
	Bus   Kind = "event-bus"
)

// Target is a target's ARN, taken apart.
type Target struct {
	Kind  Kind
	Scope state.Scope
	Name  string // of the cluster, log group, topic, destination or bus
}

// others are the services that EventBridge gives events to, and Hatoba does not.
var others = map[string]string{
	"lambda": "AWS Lambda", "sqs": "Amazon SQS", "kinesis": "Amazon Kinesis", "firehose": "Amazon Data Firehose", "states": "AWS Step Functions",
	"batch": "AWS Batch", "codebuild": "AWS CodeBuild", "codepipeline": "AWS CodePipeline", "ssm": "AWS Systems Manager", "ssm-incidents": "Incident Manager",
	"execute-api": "Amazon API Gateway", "redshift": "Amazon Redshift", "redshift-serverless": "Amazon Redshift", "sagemaker": "Amazon SageMaker",
	"ec2": "Amazon EC2 actions", "inspector": "Amazon Inspector", "glue": "AWS Glue", "appsync": "AWS AppSync", "automation": "EC2 actions",
}

// ErrForm is the error of what is no ARN.
var ErrForm = errors.New("Provided Arn is not in correct format.") //nolint:staticcheck // AWS's words

// OtherServiceError is the error of a target that is of a service Hatoba gives
// no events to: its name.
type OtherServiceError string

func (e OtherServiceError) Error() string { return "Hatoba does not give events to " + string(e) + "." }

// Parse takes an ARN apart. Of other kinds than those above it tells which it is.
func Parse(arn string) (Target, error) {
	p := strings.SplitN(arn, ":", 6)
	if len(p) != 6 || p[0] != "arn" || p[5] == "" {
		return Target{}, ErrForm
	}
	out := Target{Scope: state.Scope{Account: p[4], Region: p[3]}}
	kind, name, _ := strings.Cut(p[5], "/")
	switch {
	case p[2] == "ecs" && kind == "cluster":
		out.Kind, out.Name = Task, name
	case p[2] == "logs" && strings.HasPrefix(p[5], "log-group:"):
		out.Kind, out.Name = Logs, strings.TrimSuffix(strings.TrimPrefix(p[5], "log-group:"), ":*")
	case p[2] == "sns":
		out.Kind, out.Name = Topic, p[5]
	case p[2] == "events" && kind == "api-destination":
		out.Kind = API
		out.Name, _, _ = strings.Cut(name, "/")
	case p[2] == "events" && kind == "event-bus":
		out.Kind, out.Name = Bus, name
	case others[p[2]] != "":
		return out, OtherServiceError(others[p[2]])
	default:
		return out, ErrForm
	}
	if out.Name == "" || out.Scope.Account == "" || out.Scope.Region == "" {
		return out, ErrForm
	}
	return out, nil
}
