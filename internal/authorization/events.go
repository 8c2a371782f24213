package authorization

import (
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
)

// eventNeeds: what puts events names their buses, what is about rules and the
// like names those. Targets take the right to hand on their roles.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
func (v *view) eventNeeds(operation string, in any) []need {
	action := "events:" + operation
	if put, ok := in.(*eventbridge.PutEventsInput); ok {
		var out []need
		for _, e := range put.Entries {
			n := need{action: action, resource: v.busARN(aws.ToString(e.EventBusName)), context: map[string][]string{
				"events:source": {aws.ToString(e.Source)}, "events:detail-type": {aws.ToString(e.DetailType)},
			}}
			out = append(out, n)
		}
		if len(out) > 0 {
			return out
		}
	}
	out := []need{{action: action, resource: v.eventResource(operation, in)}}
	if put, ok := in.(*eventbridge.PutTargetsInput); ok {
		for _, t := range put.Targets {
			if role := aws.ToString(t.RoleArn); role != "" {
				out = append(out, need{action: "iam:PassRole", resource: role, context: map[string][]string{"iam:passedtoservice": {"events.amazonaws.com"}}})
			}
		}
	}
	return out
}

// eventResource is the ARN of what a call names.
func (v *view) eventResource(operation string, in any) string {
	if arn := text(in, "ResourceARN"); arn != "" {
		return arn
	}
	bus := text(in, "EventBusName")
	if bus = bus[strings.LastIndex(bus, "/")+1:]; bus == "default" || bus == "" {
		bus = ""
	} else {
		bus += "/"
	}
	name := text(in, "Name")
	switch {
	case strings.HasSuffix(operation, "Rule") && name != "":
		return v.scope.ARN("events", "rule/"+bus+name)
	case text(in, "Rule") != "":
		return v.scope.ARN("events", "rule/"+bus+text(in, "Rule"))
	case strings.HasSuffix(operation, "EventBus"), strings.HasSuffix(operation, "Permission"):
		if name == "" {
			name = text(in, "EventBusName")
		}
		return v.busARN(name)
	case text(in, "ArchiveName") != "":
		return v.scope.ARN("events", "archive/"+text(in, "ArchiveName"))
	case text(in, "ReplayName") != "":
		return v.scope.ARN("events", "replay/"+text(in, "ReplayName"))
	case strings.HasSuffix(operation, "Connection") && name != "":
		return v.scope.ARN("events", "connection/"+name)
	case strings.HasSuffix(operation, "ApiDestination") && name != "":
		return v.scope.ARN("events", "api-destination/"+name)
	}
	return "*"
}

// busARN is the ARN of a bus's name or ARN, the default one's without.
func (v *view) busARN(name string) string {
	switch {
	case strings.HasPrefix(name, "arn:"):
		return name
	case name == "":
		name = "default"
	}
	return v.scope.ARN("events", "event-bus/"+name)
}

// scheduleNeeds: schedules are named with their group; their targets take the
// right to hand on their roles.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridgescheduler.html
func (v *view) scheduleNeeds(operation string, in any) []need {
	n := need{action: "scheduler:" + operation, resource: "*"}
	group, name := text(in, "GroupName"), text(in, "Name")
	if group == "" {
		group = "default"
	}
	switch {
	case text(in, "ResourceArn") != "":
		n.resource = text(in, "ResourceArn")
	case strings.HasSuffix(operation, "ScheduleGroup"):
		n.resource = v.scope.ARN("scheduler", "schedule-group/"+name)
	case name != "":
		n.resource = v.scope.ARN("scheduler", "schedule/"+group+"/"+name)
	}
	out := []need{n}
	if target := member(reflect.ValueOf(in), "Target"); target.IsValid() && target.Kind() == reflect.Struct {
		if role := plain(target.FieldByName("RoleArn")); role != "" {
			out = append(out, need{action: "iam:PassRole", resource: role, context: map[string][]string{"iam:passedtoservice": {"scheduler.amazonaws.com"}}})
		}
	}
	return out
}
