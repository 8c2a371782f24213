package fields

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
		{Path: "taskRoleArn", Class: Done, Note: "a role that is in IAM must trust tasks; one that is not is taken unseen, but with --auth sigv4 refused"},
		{Path: "executionRoleArn", Class: Done, Note: "a role that is in IAM must trust tasks; one that is not is taken unseen, but with --auth sigv4 refused"},
		done("networkMode"),
		{Path: "requiresCompatibilities", Class: Done, Note: "checked as AWS does; EXTERNAL tasks find no instance to run on"},
		{Path: "ephemeralStorage.sizeInGiB", Class: Done, Note: "a disk of the task's own that is full when it is; without, a task shares the node's"},
		only("runtimePlatform.operatingSystemFamily", "only Linux containers run; use 'LINUX'", "LINUX"),
		{Path: "runtimePlatform.cpuArchitecture", Class: Done, Note: "must be that of a node; left out, any node will do"},
		{Path: "pidMode", Class: Done, Note: "Fargate has 'task' only"},
		{Path: "ipcMode", Class: Done, Note: "not on Fargate; with 'task', /dev/shm has the largest sharedMemorySize of the containers"},
		done("placementConstraints[].type"),
		{Path: "placementConstraints[].expression", Class: Done, Note: "the cluster query language; patterns are RE2's, without look-around"},
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
			{Path: c + "portMappings[].name", Class: Done, Note: "for Service Connect"},
			{Path: c + "portMappings[].appProtocol", Class: Done, Note: "for Service Connect"},
		},
		doneBelow(c, "privileged", "hostname", "disableNetworking"),
		doneBelow(c+"extraHosts[].", "hostname", "ipAddress"),
		[]Field{
			{Path: c + "dockerSecurityOptions", Class: Done, Note: "no-new-privileges; SELinux labels, AppArmor profiles and credential specs are refused"},
			{Path: c + "links", Class: Done, Note: "names in the hosts file, and the order of starts; no variables are set"},
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
			{Path: c + "versionConsistency", Class: Done, Note: "the first task of a service's deployment fixes the digest for the others; a task started by RunTask resolves its tag when it pulls"},
			only(c+"environmentFiles[].type", "the one that ECS knows", "s3"),
			{Path: c + "environmentFiles[].value", Class: Done, Note: "an object in Hatoba's S3, read when the task starts"},
			refused(c+"firelensConfiguration", "use the log driver 'awslogs'"),
			refused(c+"resourceRequirements", "GPUs and accelerators are not served; remove it"),
			{Path: c + "interactive", Class: Done, Note: "standard input is open; nobody writes to it"},
			done(c + "pseudoTerminal"),
			refused(c+"credentialSpecs", "only domain-joined hosts use it; remove it"),
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
		doneBelow(l+"devices[].", "hostPath", "containerPath", "permissions"),
		doneBelow(l, "sharedMemorySize"),
		[]Field{
			{Path: l + "maxSwap", Class: Done, Note: "where the machine has swap and its kernel counts it"},
			{Path: l + "swappiness", Class: Done, Note: "with cgroup v1; the unified hierarchy has none for each cgroup"},
		},
	)
}

func logFields() []Field {
	const l = "containerDefinitions[].logConfiguration."
	return rows(
		[]Field{
			only(l+"logDriver", "'awsfirelens' and 'splunk' are not served yet, other drivers not at all; use 'awslogs'", "awslogs"),
			{Path: l + "options", Class: Done, Note: "by option:"},
		},
		doneBelow(l, "options{awslogs-group}", "options{awslogs-stream-prefix}", "options{awslogs-create-group}",
			"options{mode}", "options{max-buffer-size}", "options{awslogs-datetime-format}", "options{awslogs-multiline-pattern}"),
		[]Field{
			{Path: l + "options{awslogs-region}", Class: Done, Note: "the group is looked for in that region of this Hatoba"},
			refused(l+"options{*}", "only the awslogs options that docs/compatibility.md lists are known; remove the option"),
			refused(l+"secretOptions", "the log driver 'awslogs' takes no secrets; remove it"),
		},
	)
}

func volumeFields() []Field {
	const v = "volumes[]."
	return []Field{
		done(v + "name"),
		{Path: v + "host.sourcePath", Class: Done, Note: "made when it is not there; Fargate has no host paths"},
		refused(v+"configuredAtLaunch", "EBS volumes are not served; use an empty 'host' volume"),
		done(v + "dockerVolumeConfiguration.scope"),
		done(v + "dockerVolumeConfiguration.autoprovision"),
		only(v+"dockerVolumeConfiguration.driver", "use 'local'", "local"),
		refused(v+"dockerVolumeConfiguration.driverOpts", "the driver local has no options here; remove it"),
		noEffect(v+"dockerVolumeConfiguration.labels", "kept and described; nothing lists volumes"),
		{Path: v + "efsVolumeConfiguration.fileSystemId", Class: Done, Note: "the folder of this machine that --efs names; without one RunTask refuses the task"},
		done(v + "efsVolumeConfiguration.rootDirectory"),
		{Path: v + "efsVolumeConfiguration.authorizationConfig.accessPointId", Class: Done, Note: "the folder that --efs names for the access point; its user and group are not taken on"},
		noEffect(v+"efsVolumeConfiguration.authorizationConfig.iam", "a folder of the machine asks nobody"),
		noEffect(v+"efsVolumeConfiguration.transitEncryption", "nothing is in transit"),
		noEffect(v+"efsVolumeConfiguration.transitEncryptionPort", "nothing is in transit"),
		refused(v+"s3filesVolumeConfiguration", "S3 Files is not served; use an empty 'host' volume"),
		refused(v+"fsxWindowsFileServerVolumeConfiguration", "FSx is not served; use an empty 'host' volume"),
	}
}

func tagFields() []Field { return doneBelow("tags[].", "key", "value") }
