package fields

const (
	onlyWithEC2 = "it needs container instances, which come later; remove it"
	later       = "it comes later; remove it for now"
)

// RegisterTaskDefinition is the table of RegisterTaskDefinition.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
func RegisterTaskDefinition() Table {
	return Table{Operation: "RegisterTaskDefinition", Fields: rows(
		taskFields(), containerFields(), linuxFields(), logFields(), volumeFields(), tagFields(),
	)}
}

func taskFields() []Field {
	return []Field{
		done("family"),
		done("cpu"),
		done("memory"),
		{Path: "taskRoleArn", Class: Done, Note: "taken unseen and recorded: roles come with IAM"},
		{Path: "executionRoleArn", Class: Done, Note: "taken unseen and recorded: roles come with IAM"},
		only("networkMode", "use 'awsvpc'; 'bridge', 'host' and 'none' come later", "awsvpc"),
		{Path: "requiresCompatibilities", Class: Done, Note: "checked as AWS does; only FARGATE tasks run so far"},
		noEffect("ephemeralStorage", "not enforced yet: a task can use what the host's disk has"),
		only("runtimePlatform.operatingSystemFamily", "only Linux containers run; use 'LINUX'", "LINUX"),
		{Path: "runtimePlatform.cpuArchitecture", Class: Done, Note: "must be that of a node; left out, any node will do"},
		refused("pidMode", "containers have process namespaces of their own; remove it"),
		refused("ipcMode", onlyWithEC2),
		refused("placementConstraints", onlyWithEC2),
		refused("proxyConfiguration", "App Mesh is not served; remove it"),
		refused("inferenceAccelerators", "Elastic Inference is not served; remove it"),
		refused("enableFaultInjection", "faults cannot be injected through the task's metadata endpoint; remove it"),
	}
}

func containerFields() []Field {
	const c = "containerDefinitions[]."
	return rows(
		doneBelow(c, "name", "image", "cpu", "memory", "memoryReservation", "essential", "entryPoint", "command",
			"user", "workingDirectory", "readonlyRootFilesystem", "startTimeout", "stopTimeout"),
		doneBelow(c+"environment[].", "name", "value"),
		doneBelow(c+"secrets[].", "name", "valueFrom"),
		doneBelow(c+"repositoryCredentials.", "credentialsParameter"),
		doneBelow(c+"portMappings[].", "containerPort", "hostPort", "protocol", "containerPortRange"),
		[]Field{
			noEffect(c+"portMappings[].name", "only Service Connect and VPC Lattice use it"),
			noEffect(c+"portMappings[].appProtocol", "only Service Connect uses it"),
		},
		doneBelow(c+"dependsOn[].", "containerName", "condition"),
		doneBelow(c+"healthCheck.", "command", "interval", "timeout", "retries", "startPeriod"),
		doneBelow(c+"ulimits[].", "name", "softLimit", "hardLimit"),
		doneBelow(c+"mountPoints[].", "sourceVolume", "containerPath", "readOnly"),
		[]Field{
			{Path: c + "dockerLabels", Class: Done, Note: "labels of the container on its node"},
			done(c + "dockerLabels{*}"),
			done(c + "restartPolicy.enabled"),
			done(c + "restartPolicy.ignoredExitCodes"),
			done(c + "restartPolicy.restartAttemptPeriod"),
			done(c + "volumesFrom[].sourceContainer"),
			done(c + "volumesFrom[].readOnly"),
			{Path: c + "systemControls[].namespace", Class: Done, Note: "net.* are the task's, and of two containers that set one the last started wins; IPC parameters are the container's"},
			done(c + "systemControls[].value"),
			{Path: c + "dnsServers", Class: Done, Note: "in the container's resolv.conf, instead of the task's resolver"},
			{Path: c + "dnsSearchDomains", Class: Done, Note: "in the container's resolv.conf, instead of the region's domain"},
			noEffect(c+"versionConsistency", "a task started by RunTask resolves its tag when it pulls; it matters to services, which come later"),
			refused(c+"environmentFiles", "put the variables in 'environment', or in 'secrets'"),
			refused(c+"firelensConfiguration", "use the log driver 'awslogs'"),
			refused(c+"resourceRequirements", "GPUs and accelerators are not served; remove it"),
			refused(c+"interactive", "remove it or set it to false"),
			refused(c+"pseudoTerminal", "remove it or set it to false"),
			refused(c+"privileged", onlyWithEC2),
			refused(c+"dockerSecurityOptions", onlyWithEC2),
			refused(c+"credentialSpecs", "only domain-joined hosts use it; remove it"),
			refused(c+"links", "it needs networkMode 'bridge', which comes later; containers of a task share localhost"),
			refused(c+"hostname", "AWS takes it only without networkMode 'awsvpc'; remove it"),
			refused(c+"extraHosts", "AWS takes it only without networkMode 'awsvpc'; remove it"),
			refused(c+"disableNetworking", "it needs another networkMode than 'awsvpc'; remove it"),
		},
	)
}

func linuxFields() []Field {
	const l = "containerDefinitions[].linuxParameters."
	return rows(
		doneBelow(l, "initProcessEnabled"),
		[]Field{{Path: l + "capabilities.add", Class: Done, Note: "Fargate allows SYS_PTRACE only"}},
		doneBelow(l, "capabilities.drop"),
		doneBelow(l+"tmpfs[].", "containerPath", "size", "mountOptions"),
		[]Field{
			refused(l+"devices", onlyWithEC2),
			refused(l+"sharedMemorySize", onlyWithEC2),
			refused(l+"maxSwap", onlyWithEC2),
			refused(l+"swappiness", onlyWithEC2),
		},
	)
}

func logFields() []Field {
	const l = "containerDefinitions[].logConfiguration."
	return rows(
		[]Field{
			only(l+"logDriver", "use 'awslogs'", "awslogs"),
			{Path: l + "options", Class: Done, Note: "by option:"},
		},
		doneBelow(l, "options{awslogs-group}", "options{awslogs-stream-prefix}", "options{awslogs-create-group}",
			"options{mode}", "options{max-buffer-size}"),
		[]Field{
			{Path: l + "options{awslogs-region}", Class: Done, Note: "the group is looked for in that region of this Hatoba"},
			refused(l+"options{awslogs-datetime-format}", "events are lines; remove the option"),
			refused(l+"options{awslogs-multiline-pattern}", "events are lines; remove the option"),
			refused(l+"options{*}", "only the awslogs options that docs/compatibility.md lists are known; remove the option"),
			refused(l+"secretOptions", "the log driver 'awslogs' takes no secrets; remove it"),
		},
	)
}

func volumeFields() []Field {
	const v = "volumes[]."
	return []Field{
		done(v + "name"),
		refused(v+"host.sourcePath", "Fargate has no host paths; leave 'host' empty for a volume that lives with the task"),
		refused(v+"configuredAtLaunch", "EBS volumes are not served; use an empty 'host' volume"),
		refused(v+"dockerVolumeConfiguration", onlyWithEC2),
		refused(v+"efsVolumeConfiguration", "EFS is not served; use an empty 'host' volume"),
		refused(v+"s3filesVolumeConfiguration", "S3 Files is not served; use an empty 'host' volume"),
		refused(v+"fsxWindowsFileServerVolumeConfiguration", "FSx is not served; use an empty 'host' volume"),
	}
}

func tagFields() []Field { return doneBelow("tags[].", "key", "value") }
