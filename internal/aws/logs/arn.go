package cloudwatchlogs

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/hatoba/hatoba/internal/state"
)

// groupARN is a group's ARN as resources are named by it; in policies ":*" for
// the streams follows.
func groupARN(scope state.Scope, group string) string {
	return scope.ARN("logs", "log-group:"+group)
}

// groupOfARN returns the group's name in an ARN of the caller's own account and
// region, with or without ":*".
func groupOfARN(scope state.Scope, arn string) (string, bool) {
	name, ok := strings.CutPrefix(arn, groupARN(scope, ""))
	name = strings.TrimSuffix(name, ":*")
	return name, ok && name != "" && strings.IndexFunc(name, func(r rune) bool { return !isGroupCharacter(r) }) < 0
}

// group returns the group that a request names by name or by identifier, which
// is a name or an ARN.
func group(scope state.Scope, name, identifier *string) (string, error) {
	switch {
	case name != nil && identifier != nil:
		return "", invalid("LogGroup name and LogGroup ARN are mutually exclusive parameters.")
	case name == nil && identifier == nil:
		return "", invalid("Either LogGroup name or LogGroup ARN must be specified.")
	case name != nil:
		var f faults
		f.group(name, "logGroupName")
		return *name, f.err()
	}
	return groupOfIdentifier(scope, *identifier, "logGroupIdentifier")
}

func groupOfIdentifier(scope state.Scope, identifier, member string) (string, error) {
	if !strings.HasPrefix(identifier, "arn:") {
		var f faults
		f.group(&identifier, member)
		return identifier, f.err()
	}
	name, ok := groupOfARN(scope, identifier)
	if !ok {
		return "", invalid("The ARN '%.300s' names no log group of this account and region. Log groups of other accounts are not supported.", identifier)
	}
	return name, nil
}

// resource returns the group that a tagging request names.
func resource(scope state.Scope, arn *string) (string, error) {
	var f faults
	f.length(arn, "resourceArn", 1, 1011)
	if err := f.err(); err != nil {
		return "", err
	}
	name, ok := groupOfARN(scope, aws.ToString(arn))
	if !ok {
		return "", invalid("The ARN '%.300s' names no log group of this account and region. Tags of other resources are not supported.", *arn)
	}
	return name, nil
}
