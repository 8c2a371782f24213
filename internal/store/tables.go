package store

import "github.com/hatoba/hatoba/internal/state"

// The tables. One line each; a table that is not in
// tables() below fails the test of that list.
var (
	Clusters        = Table[state.Cluster]{Name: "clusters", Version: 1}
	TaskFamilies    = Table[state.TaskFamily]{Name: "task-families", Version: 1}
	TaskDefinitions = Table[state.TaskDefinition]{Name: "task-definitions", Version: 1}
	Tasks           = Table[state.Task]{Name: "tasks", Version: 1}
	Nodes           = Table[state.Node]{Name: "nodes", Version: 1}
	VPCs            = Table[state.VPC]{Name: "vpcs", Version: 1}
	Subnets         = Table[state.Subnet]{Name: "subnets", Version: 1}
	SecurityGroups  = Table[state.SecurityGroup]{Name: "security-groups", Version: 1}

	RouteTables       = Table[state.RouteTable]{Name: "route-tables", Version: 1}
	InternetGateways  = Table[state.InternetGateway]{Name: "internet-gateways", Version: 1}
	NATGateways       = Table[state.NATGateway]{Name: "nat-gateways", Version: 1}
	Addresses         = Table[state.Address]{Name: "addresses", Version: 1}
	NetworkInterfaces = Table[state.NetworkInterface]{Name: "network-interfaces", Version: 1}

	ContainerInstances = Table[state.ContainerInstance]{Name: "container-instances", Version: 1}
	AccountSettings    = Table[state.AccountSetting]{Name: "account-settings", Version: 1}

	Keyrings          = Table[state.Keyring]{Name: "keyrings", Version: 1}
	Secrets           = Table[state.Secret]{Name: "secrets", Version: 1}
	SecretVersions    = Table[state.SecretVersion]{Name: "secret-versions", Version: 1}
	Parameters        = Table[state.Parameter]{Name: "parameters", Version: 1}
	ParameterVersions = Table[state.ParameterVersion]{Name: "parameter-versions", Version: 1}

	KMSKeys    = Table[state.KMSKey]{Name: "kms-keys", Version: 1}
	KMSAliases = Table[state.KMSAlias]{Name: "kms-aliases", Version: 1}

	Repositories = Table[state.Repository]{Name: "repositories", Version: 1}
	Images       = Table[state.Image]{Name: "images", Version: 1}

	PullThroughRules = Table[state.PullThroughRule]{Name: "pull-through-rules", Version: 1}

	Users            = Table[state.User]{Name: "users", Version: 1}
	AccessKeys       = Table[state.AccessKey]{Name: "access-keys", Version: 1}
	Groups           = Table[state.Group]{Name: "groups", Version: 1}
	Roles            = Table[state.Role]{Name: "roles", Version: 1}
	Policies         = Table[state.Policy]{Name: "policies", Version: 1}
	InstanceProfiles = Table[state.InstanceProfile]{Name: "instance-profiles", Version: 1}

	Targets = Table[state.Target]{Name: "targets", Version: 1}

	LoadBalancers      = Table[state.LoadBalancer]{Name: "load-balancers", Version: 1}
	Listeners          = Table[state.Listener]{Name: "listeners", Version: 1}
	Rules              = Table[state.Rule]{Name: "rules", Version: 1}
	TargetGroups       = Table[state.TargetGroup]{Name: "target-groups", Version: 1}
	Certificates       = Table[state.Certificate]{Name: "certificates", Version: 1}
	Services           = Table[state.Service]{Name: "services", Version: 1}
	ServiceRevisions   = Table[state.ServiceRevision]{Name: "service-revisions", Version: 1}
	ServiceDeployments = Table[state.ServiceDeployment]{Name: "service-deployments", Version: 1}
	ServiceEvents      = Table[state.ServiceEvent]{Name: "service-events", Version: 1}

	Alarms       = Table[state.Alarm]{Name: "alarms", Version: 1}
	AlarmHistory = Table[state.AlarmHistory]{Name: "alarm-history", Version: 1}

	ScalableTargets   = Table[state.ScalableTarget]{Name: "scalable-targets", Version: 1}
	ScalingPolicies   = Table[state.ScalingPolicy]{Name: "scaling-policies", Version: 1}
	ScheduledScalings = Table[state.ScheduledScaling]{Name: "scheduled-scalings", Version: 1}
	ScalingActivities = Table[state.ScalingActivity]{Name: "scaling-activities", Version: 1}

	Events     = Table[state.Event]{Name: "events", Version: 1}
	EventRules = Table[state.EventRule]{Name: "event-rules", Version: 1}

	EventBuses          = Table[state.EventBus]{Name: "event-buses", Version: 1}
	EventArchives       = Table[state.EventArchive]{Name: "event-archives", Version: 1}
	EventReplays        = Table[state.EventReplay]{Name: "event-replays", Version: 1}
	EventConnections    = Table[state.EventConnection]{Name: "event-connections", Version: 1}
	APIDestinations     = Table[state.APIDestination]{Name: "api-destinations", Version: 1}
	EventSchedules      = Table[state.EventSchedule]{Name: "event-schedules", Version: 1}
	EventScheduleGroups = Table[state.EventScheduleGroup]{Name: "event-schedule-groups", Version: 1}
	EventInvocations    = Table[state.EventInvocation]{Name: "event-invocations", Version: 1}

	Topics        = Table[state.Topic]{Name: "topics", Version: 1}
	Subscriptions = Table[state.Subscription]{Name: "subscriptions", Version: 1}
	Deliveries    = Table[state.Delivery]{Name: "deliveries", Version: 1}

	Namespaces          = Table[state.Namespace]{Name: "namespaces", Version: 1}
	DiscoveryServices   = Table[state.DiscoveryService]{Name: "discovery-services", Version: 1}
	DiscoveryInstances  = Table[state.DiscoveryInstance]{Name: "discovery-instances", Version: 1}
	DiscoveryOperations = Table[state.DiscoveryOperation]{Name: "discovery-operations", Version: 1}
	HostedZones         = Table[state.HostedZone]{Name: "hosted-zones", Version: 1}
	RecordSets          = Table[state.RecordSet]{Name: "record-sets", Version: 1}
	ZoneChanges         = Table[state.ZoneChange]{Name: "zone-changes", Version: 1}
)

// tables is every table. A table that is missing here cannot be used.
func tables() []AnyTable {
	return []AnyTable{
		Clusters,
		TaskFamilies,
		TaskDefinitions,
		Tasks,
		Nodes,
		VPCs,
		Subnets,
		SecurityGroups,
		RouteTables,
		InternetGateways,
		NATGateways,
		Addresses,
		NetworkInterfaces,
		ContainerInstances,
		AccountSettings,
		Keyrings,
		Secrets,
		SecretVersions,
		Parameters,
		ParameterVersions,
		KMSKeys,
		KMSAliases,
		Repositories,
		Images,
		PullThroughRules,
		Users,
		AccessKeys,
		Groups,
		Roles,
		Policies,
		InstanceProfiles,
		Targets,
		LoadBalancers,
		Listeners,
		Rules,
		TargetGroups,
		Certificates,
		Services,
		ServiceRevisions,
		ServiceDeployments,
		ServiceEvents,
		Alarms,
		AlarmHistory,
		ScalableTargets,
		ScalingPolicies,
		ScheduledScalings,
		ScalingActivities,
		Events,
		EventRules,
		EventBuses,
		EventArchives,
		EventReplays,
		EventConnections,
		APIDestinations,
		EventInvocations,
		EventSchedules,
		EventScheduleGroups,
		Topics,
		Subscriptions,
		Deliveries,
		Namespaces,
		DiscoveryServices,
		DiscoveryInstances,
		DiscoveryOperations,
		HostedZones,
		RecordSets,
		ZoneChanges,
	}
}
