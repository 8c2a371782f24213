package fields

// RunTask is the table of RunTask.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
func RunTask() Table {
	return Table{Operation: "RunTask", Fields: rows(
		doneBelow("", "taskDefinition", "cluster", "count", "group", "startedBy", "clientToken",
			"enableECSManagedTags"),
		[]Field{
			only("launchType", "there are no external instances; use 'FARGATE' or 'EC2'", "FARGATE", "EC2"),
			done("capacityProviderStrategy[].capacityProvider"),
			done("capacityProviderStrategy[].base"),
			done("capacityProviderStrategy[].weight"),
			noEffect("platformVersion", "checked and recorded; there is one platform, that of this Hatoba"),
			done("propagateTags"),
			{Path: "enableExecuteCommand", Class: Done, Note: "no task role is asked for, and nothing is added to the container"},
			refused("volumeConfigurations", "EBS volumes are not served; remove it"),
			done("placementConstraints[].type"),
			{Path: "placementConstraints[].expression", Class: Done, Note: "the cluster query language; patterns are RE2's, without look-around"},
			noEffect("placementStrategy", "checked; there is one machine to choose from"),
			noEffect("referenceId", "AWS keeps it for its own use"),
		},
		networkFields(), overrideFields(),
		tagFields(),
	)}
}

// StartTask is the table of StartTask.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StartTask.html
func StartTask() Table {
	return Table{Operation: "StartTask", Fields: rows(
		doneBelow("", "taskDefinition", "cluster", "containerInstances", "group", "startedBy", "enableECSManagedTags", "propagateTags"),
		[]Field{
			done("enableExecuteCommand"),
			refused("volumeConfigurations", "EBS volumes are not served; remove it"),
			noEffect("referenceId", "AWS keeps it for its own use"),
		},
		networkFields(), overrideFields(), tagFields(),
	)}
}

func networkFields() []Field {
	return []Field{
		{Path: "networkConfiguration.awsvpcConfiguration.subnets", Class: Done, Note: "well-formed ids nobody made are adopted into the default VPC and named in the log, unless --strict-network"},
		{Path: "networkConfiguration.awsvpcConfiguration.securityGroups", Class: NoEffect, Note: "checked, adopted and recorded like subnets; their rules are not enforced yet"},
		noEffect("networkConfiguration.awsvpcConfiguration.assignPublicIp", "every task reaches out through NAT; public addresses do not exist here"),
	}
}

func overrideFields() []Field {
	const o = "overrides.containerOverrides[]."
	return rows(
		doneBelow(o, "name", "command", "cpu", "memory", "memoryReservation"),
		doneBelow(o+"environment[].", "name", "value"),
		[]Field{
			only(o+"environmentFiles[].type", "the one that ECS knows", "s3"),
			{Path: o + "environmentFiles[].value", Class: Done, Note: "instead of the definition's"},
			refused(o+"resourceRequirements", "GPUs are not served; remove it"),
			done("overrides.cpu"),
			done("overrides.memory"),
			{Path: "overrides.taskRoleArn", Class: Done, Note: "a role that is in IAM must trust tasks; one that is not is taken unseen, but with --auth sigv4 refused"},
			{Path: "overrides.executionRoleArn", Class: Done, Note: "a role that is in IAM must trust tasks; one that is not is taken unseen, but with --auth sigv4 refused"},
			done("overrides.ephemeralStorage.sizeInGiB"),
			refused("overrides.inferenceAcceleratorOverrides", "Elastic Inference is not served; remove it"),
		},
	)
}
