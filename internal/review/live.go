package review

import (
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Live is what runs, read through public AWS APIs. Every part was read or says
// why not: an API that refuses leaves a gap, never a pass. In the maps, every
// entry was read or not for itself.
type Live struct {
	Account, Region string

	Cluster      Given[types.Cluster]
	Service      Given[types.Service]          // as it is now; not OK where no service was named
	Tasks        Given[[]types.Task]           // of the service, else of the family; running and lately stopped
	Definitions  Given[[]types.TaskDefinition] // the service's own first, then what its tasks still run. May hold secrets
	LogGroups    map[string]Given[LogGroup]    // by name, of awslogs options
	LogLines     map[string]Given[[]string]    // by container: its latest lines. May hold secrets: never shown
	Secrets      map[string]Given[Secret]      // by valueFrom, as the definition writes it
	Repositories map[string]Given[Repository]  // by repository name, of ECR image references
	Scans        map[string]Given[Scan]        // by digest, of the ECR images that tasks run
	TargetGroups Given[[]TargetGroup]          // of the service's load balancers
	Scaling      Given[Scaling]                // of the service
	Alarms       Given[[]Alarm]                // that speak of the service, its cluster or its balancers
	Roles        map[string]Given[Role]        // by ARN: the task's and the execution role
	Objects      map[string]Given[Object]      // by ARN: the environment files
	Metrics      Given[[]string]               // names of metrics that have data for this service: NAMESPACE/NAME
}

// LogGroup is a log group of the task.
type LogGroup struct {
	Exists        bool
	RetentionDays int // 0 is for ever
	StoredBytes   int64
	Created       time.Time
	Filters       Given[[]Filter] // subscription filters
	MetricFilters Given[[]Filter] // their destinations are NAMESPACE/NAME
}

// Filter is a filter on a log group.
type Filter struct{ Name, Pattern, Destination string }

// Secret is a secret or parameter that the definition refers to.
type Secret struct {
	ARN     string
	Store   string // secretsmanager or ssm
	Exists  bool
	Type    string // of a parameter: String, SecureString
	KMSKey  string // empty is the store's default key
	Rotates bool
	Changed time.Time // of the version that a new task would get; zero if nobody said
	// The value's shape, if it was read. The value itself is never kept.
	Readable bool
	Unread   Text     // if not: why
	JSON     bool     // the value is a JSON object
	Keys     []string // names of its keys, if JSON
	// Prints are keyed fingerprints of the value and of each member's; what is
	// too short to be told from chance, or public beside a password (user, host,
	// port), is left out.
	Prints []string
}

// Repository is an ECR repository.
type Repository struct {
	Exists    bool
	Immutable bool
	KMSKey    string
	Scanning  Given[string] // SCAN_ON_PUSH, CONTINUOUS_SCAN or MANUAL, whatever set it
	Lifecycle Given[bool]   // it has a lifecycle policy
	Public    Given[bool]   // its policy lets everybody in
}

// Scan is what ECR knows of an image's flaws.
type Scan struct {
	Repository string
	Done       time.Time // the zero time is never
	Critical   int
	High       int
}

// TargetGroup is a target group of the service, with the listeners before it.
type TargetGroup struct {
	ARN, Name, Protocol, TargetType string
	Port                            int
	HealthPath, HealthPort          string
	HealthInterval, HealthTimeout   int // seconds
	Healthy, Unhealthy              int // thresholds
	DeregistrationDelay             int // seconds
	Container                       string
	ContainerPort                   int
	Targets                         []Target
	Listeners                       []Listener
}

// Target is a registered target.
type Target struct {
	ID     string
	Port   int
	State  string
	Reason string
}

// Listener is a listener that forwards to a target group.
type Listener struct {
	ARN, Protocol string
	Port          int
	SSLPolicy     string
}

// Scaling is what Application Auto Scaling knows of the service.
type Scaling struct {
	Registered bool
	Min, Max   int
	Suspended  bool // scaling out is
	Policies   []ScalingPolicy
	Scheduled  []string // expressions
}

// ScalingPolicy is one policy.
type ScalingPolicy struct {
	Name, Type, Metric string // Metric: of target tracking, its predefined or custom name
	Target             float64
}

// Alarm is a CloudWatch alarm.
type Alarm struct {
	Name, Description, State string
	Namespace, Metric        string // of metric math: of its first metric
	Dimensions               map[string]string
	Composite                bool
	Rule                     string // of a composite alarm
	Scaling                  bool   // it only drives scaling: nobody reads it
	ActionsEnabled           bool
	Actions                  []string // of the ALARM state
}

// Role is an IAM role.
type Role struct {
	Exists   bool
	Trusts   []string  // service principals that may assume it
	Policies []Allowed // of all its policies
	Denies   []Allowed
}

// Allowed is one statement. NotActions and NotResources are what the statement
// leaves out, if it is written so.
type Allowed struct {
	Policy                   string
	Actions, Resources       []string
	NotActions, NotResources []string
	Conditional              bool
}

// Object is an S3 object that is an environment file.
type Object struct {
	Exists     bool
	Changed    time.Time
	Encryption Given[string] // the bucket's: AES256, aws:kms, aws:kms:dsse
	Blocked    Given[bool]   // all four public access blocks are on
}

// UnmarshalJSON reads a value that was read, or {"why": {...}} of one that was
// not. Golden pairs are written so.
func (g *Given[T]) UnmarshalJSON(b []byte) error {
	var missing struct{ Why, How *Text }
	if json.Unmarshal(b, &missing) == nil && missing.Why != nil {
		g.Why = *missing.Why
		if missing.How != nil {
			g.How = *missing.How
		}
		return nil
	}
	g.OK = true
	return json.Unmarshal(b, &g.Value)
}
