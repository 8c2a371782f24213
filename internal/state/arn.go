package state

import (
	"fmt"
	"strings"
)

// TaskDefinitionID is the store id of a revision: revisions of one family
// sort by number.
func TaskDefinitionID(family string, revision int32) string {
	return fmt.Sprintf("%s/%010d", family, revision)
}

// ARN builds arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE.
func (s Scope) ARN(service, resource string) string {
	return "arn:aws:" + service + ":" + s.Region + ":" + s.Account + ":" + resource
}

// ClusterARN names a cluster.
func (s Scope) ClusterARN(name string) string { return s.ARN("ecs", "cluster/"+name) }

// TaskDefinitionARN names a revision.
func (s Scope) TaskDefinitionARN(family string, revision int32) string {
	return s.ARN("ecs", fmt.Sprintf("task-definition/%s:%d", family, revision))
}

// TaskARN names a task in the long form.
func (s Scope) TaskARN(cluster, id string) string { return s.ARN("ecs", "task/"+cluster+"/"+id) }

// ContainerARN names a container of a task; uuid is its own.
func (s Scope) ContainerARN(cluster, taskID, uuid string) string {
	return s.ARN("ecs", "container/"+cluster+"/"+taskID+"/"+uuid)
}

// TopicName is the name of an SNS topic, from its ARN or that of one of its
// subscriptions; "" when it is neither.
func TopicName(arn string) string {
	parts := strings.Split(arn, ":")
	if len(parts) < 6 || len(parts) > 7 || parts[0] != "arn" || parts[2] != "sns" || parts[5] == "" {
		return ""
	}
	return parts[5]
}

func lastPart(arn string) string { return arn[strings.LastIndexByte(arn, ':')+1:] }
