package fields

// CreateService is the table of CreateService.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
func CreateService() Table {
	return Table{Operation: "CreateService", Fields: rows(
		doneBelow("", "serviceName", "clientToken", "schedulingStrategy", "enableECSManagedTags"),
		[]Field{only("launchType", "there are no external instances; use 'FARGATE' or 'EC2'", "FARGATE", "EC2"),
			noEffect("role", "target groups are filled without a role")},
		serviceFields(), tagFields(),
	)}
}

// UpdateService is the table of UpdateService.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
func UpdateService() Table {
	return Table{Operation: "UpdateService", Fields: rows(
		doneBelow("", "service", "forceNewDeployment", "enableECSManagedTags"),
		serviceFields(),
	)}
}

// serviceFields are those that both operations have.
func serviceFields() []Field {
	const d, lb = "deploymentConfiguration.", "loadBalancers[]."
	const later = "blue/green, linear and canary deployments come later; remove it"
	return rows(
		doneBelow("", "cluster", "taskDefinition", "desiredCount", "propagateTags", "healthCheckGracePeriodSeconds"),
		doneBelow("capacityProviderStrategy[].", "capacityProvider", "base", "weight"),
		doneBelow(d, "maximumPercent", "minimumHealthyPercent"),
		doneBelow(d+"deploymentCircuitBreaker.", "enable", "rollback", "resetOnHealthyTask",
			"thresholdConfiguration.type", "thresholdConfiguration.value"),
		doneBelow(d+"alarms.", "alarmNames", "enable", "rollback"),
		doneBelow(lb, "targetGroupArn", "containerName", "containerPort"),
		doneBelow("serviceRegistries[].", "registryArn", "containerName", "containerPort", "port"),
		[]Field{
			only("deploymentController.type", "CODE_DEPLOY and EXTERNAL come later; use 'ECS'", "ECS"),
			only(d+"strategy", "blue/green, linear and canary deployments come later; use 'ROLLING'", "ROLLING"),
			refused(d+"bakeTimeInMinutes", later),
			refused(d+"canaryConfiguration", later),
			refused(d+"linearConfiguration", later),
			refused(d+"lifecycleHooks", later),
			refused(d+"earlySuccessCriteria", "a deployment is complete when its tasks are healthy and the older ones are gone; remove it"),
			refused(lb+"advancedConfiguration", later),
			refused(lb+"loadBalancerName", "Classic Load Balancers are not served; use targetGroupArn"),
			refused("vpcLatticeConfigurations", "VPC Lattice is not served; remove it"),
			refused("volumeConfigurations", "EBS volumes are not served; remove it"),
			refused("gatewayConnectors", "gateways are not served; remove it"),
			refused("monitoring", "service monitoring is not served; remove it"),
			{Path: "enableExecuteCommand", Class: Done, Note: "for tasks that start from then on; no task role is asked for"},
			noEffect("platformVersion", "checked, recorded and a deployment of its own; there is one platform, that of this Hatoba"),
			noEffect("availabilityZoneRebalancing", "checked and recorded; tasks are spread over zones when they start, and scaled in where there are most"),
			done("placementConstraints[].type"),
			{Path: "placementConstraints[].expression", Class: Done, Note: "the cluster query language; patterns are RE2's, without look-around"},
			noEffect("placementStrategy", "checked; there is one machine to choose from"),
		},
		networkFields(), connectFields(),
	)
}

// connectFields are those of Service Connect.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectConfiguration.html
func connectFields() []Field {
	const c, s = "serviceConnectConfiguration.", "serviceConnectConfiguration.services[]."
	return rows(
		doneBelow(c, "enabled", "namespace"),
		doneBelow(s, "portName", "discoveryName", "clientAliases[].port", "clientAliases[].dnsName", "timeout.idleTimeoutSeconds", "timeout.perRequestTimeoutSeconds"),
		[]Field{
			{Path: s + "ingressPortOverride", Class: Done, Note: "with awsvpc; refused with bridge"},
			refused(s+"tls", "traffic between tasks is not encrypted by Service Connect, and there is no private certificate authority; remove it"),
			refused(s+"clientAliases[].testTrafficRules", "blue/green, linear and canary deployments come later; remove it"),
			refused(c+"logConfiguration", "the proxy is Hatoba itself and writes no log of its own; remove it"),
			refused(c+"accessLogConfiguration", "the proxy is Hatoba itself and writes no log of its own; remove it"),
			refused(c+"containerConfigurations", "the proxy is Hatoba itself, not a container; remove it"),
		},
	)
}
