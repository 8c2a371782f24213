package state

import "time"

// Namespace is a Cloud Map namespace. ID: its id, ns-…. Writers: the Cloud Map
// operations, and Amazon ECS for those it makes for Service Connect.
//
// Source: https://docs.aws.amazon.com/cloud-map/latest/api/API_Namespace.html
type Namespace struct {
	ID          string
	ARN         string
	Name        string // in lower case, without a dot at the end, for one of DNS
	HTTPName    string // what DiscoverInstances knows it by
	Type        string // HTTP, DNS_PRIVATE or DNS_PUBLIC
	Description string
	VPC         string // of DNS_PRIVATE
	HostedZone  string // of the DNS types: id of the zone its records are in
	SOATTL      int64  // seconds
	Request     string // CreatorRequestId
	Made        string // id of the operation that made it
	Changed     string // id of the operation that changed it last
	CreatedAt   time.Time
	Tags        map[string]string
}

// The types of namespaces.
const (
	NamespaceHTTP    = "HTTP"
	NamespacePrivate = "DNS_PRIVATE"
	NamespacePublic  = "DNS_PUBLIC"
)

// DiscoveryService is a Cloud Map service. ID: its id, srv-…. Writers: the
// Cloud Map operations, and Amazon ECS for those it makes for Service Connect.
//
// Source: https://docs.aws.amazon.com/cloud-map/latest/api/API_Service.html
type DiscoveryService struct {
	ID          string
	ARN         string
	Name        string
	Namespace   string // id
	Description string
	Type        string // HTTP, DNS_HTTP or DNS
	Routing     string // MULTIVALUE or WEIGHTED, "" without DNS
	Records     []DiscoveryRecord
	// CustomHealth says that its instances have a health that somebody tells.
	CustomHealth     bool
	FailureThreshold int32 // as given, 0 when not; it has no effect
	Attributes       map[string]string
	Request          string // CreatorRequestId
	CreatedAt        time.Time
	Tags             map[string]string
	// Revision grows when an instance is registered or removed, or gets other
	// attributes; not with health. Writer: internal/discovery.
	Revision int64
}

// The types of services.
const (
	DiscoveryByHTTP = "HTTP"
	DiscoveryByBoth = "DNS_HTTP"
	DiscoveryByDNS  = "DNS"
)

// DiscoveryRecord is a kind of DNS record that instances get.
type DiscoveryRecord struct {
	Type string // A, AAAA, SRV or CNAME
	TTL  int64  // seconds
}

// DiscoveryInstance is an instance of a Cloud Map service. ID:
// DiscoveryInstanceID. Writers: RegisterInstance and DeregisterInstance, and
// control/records for those of tasks; both by internal/discovery.
//
// Source: https://docs.aws.amazon.com/cloud-map/latest/api/API_Instance.html
type DiscoveryInstance struct {
	ID         string // the last part of the ARN, for tasks the task's id
	Service    string // id of the service
	Attributes map[string]string
	Request    string // CreatorRequestId
	// Health is HEALTHY or UNHEALTHY where the service has custom health, else
	// "". Writers: UpdateInstanceCustomHealthStatus, and control/records.
	Health       string
	RegisteredAt time.Time
	Made         string // id of the operation that registered it, "" for a task's
	Task         string // id of the ECS task that it is, "" by hand
}

// The health of an instance.
const (
	InstanceHealthy   = "HEALTHY"
	InstanceUnhealthy = "UNHEALTHY"
)

// Attributes of instances that mean something.
//
// Source: https://docs.aws.amazon.com/cloud-map/latest/api/API_RegisterInstance.html
const (
	InstanceIPv4       = "AWS_INSTANCE_IPV4"
	InstanceIPv6       = "AWS_INSTANCE_IPV6"
	InstancePort       = "AWS_INSTANCE_PORT"
	InstanceCNAME      = "AWS_INSTANCE_CNAME"
	InstanceAlias      = "AWS_ALIAS_DNS_NAME"
	InstanceEC2        = "AWS_EC2_INSTANCE_ID"
	InstanceInitHealth = "AWS_INIT_HEALTH_STATUS"
)

// DiscoveryInstanceID is the store id of an instance: those of a service
// follow one another.
func DiscoveryInstanceID(service, id string) string { return service + "/" + id }

// DiscoveryOperation is what became of a Cloud Map request that AWS answers
// later. ID: DiscoveryOperationID. Writer: the Cloud Map operations, once.
//
// Source: https://docs.aws.amazon.com/cloud-map/latest/api/API_Operation.html
type DiscoveryOperation struct {
	ID        string
	Type      string // CREATE_NAMESPACE, …
	Status    string // SUCCESS or FAIL
	Code      string
	Message   string
	CreatedAt time.Time
	UpdatedAt time.Time
	Targets   map[string]string // NAMESPACE, SERVICE or INSTANCE to an id
	// Request and Asked are what a repeated request is known by: its
	// CreatorRequestId, and what it asked for.
	Request string
	Asked   string
}

// HostedZone is a Route 53 hosted zone. ID: its id, Z…, in ZoneScope. Writers:
// the Route 53 operations; those that serve a namespace are the Cloud Map
// operations'.
//
// Source: https://docs.aws.amazon.com/Route53/latest/APIReference/API_HostedZone.html
type HostedZone struct {
	ID        string
	Name      string // in lower case, with a dot at the end
	Caller    string // CallerReference
	Comment   string
	Private   bool
	VPCs      []ZoneVPC
	Namespace string // id of the Cloud Map namespace that owns it, "" for none
	Region    string // of that namespace
	CreatedAt time.Time
	Tags      map[string]string
}

// ZoneVPC is a VPC whose tasks see a private zone.
type ZoneVPC struct{ Region, ID string }

// ZoneScope is where an account's hosted zones are kept: Route 53 has no
// regions.
func ZoneScope(account string) Scope { return Scope{Account: account, Region: "-"} }

// RecordSet is a resource record set of a hosted zone. ID: RecordSetID, in
// ZoneScope. Writer: the Route 53 operations. The sets of a Cloud Map namespace
// are not kept: they follow from its instances.
//
// Source: https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html
type RecordSet struct {
	Zone       string
	Name       string // in lower case, with a dot at the end
	Type       string
	TTL        int64
	Values     []string
	Set        string // SetIdentifier, "" with simple routing
	Weight     *int64
	MultiValue bool
	Failover   string // PRIMARY or SECONDARY
	Alias      *RecordAlias
}

// RecordAlias is where the records of an alias come from.
type RecordAlias struct {
	Zone     string // HostedZoneId, as given
	Name     string // DNSName, with a dot at the end
	Evaluate bool   // EvaluateTargetHealth
}

// RecordSetID is the store id of a record set: those of a zone follow one
// another, those of a name too.
func RecordSetID(zone, name, kind, set string) string {
	return zone + "/" + name + "/" + kind + "/" + set
}

// ZoneChange is a change of a hosted zone that GetChange tells of. ID: its id,
// C…, in ZoneScope. Writer: the Route 53 operations, once.
type ZoneChange struct {
	ID      string
	Comment string
	At      time.Time
}
