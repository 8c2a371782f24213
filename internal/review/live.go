package review

import (
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Live is what runs, read through public AWS APIs. Every part was read or says
// why not: an API that refuses leaves a gap, never a pass.
type Live struct {
	Account, Region string

	Cluster      Given[types.Cluster]
	Tasks        Given[[]types.Task]          // of the service, else of the family; running and lately stopped
	LogGroups    Given[map[string]LogGroup]   // by name, of awslogs options
	LogLines     Given[map[string][]string]   // by container: its latest lines. May hold secrets: never shown
	Secrets      Given[map[string]Secret]     // by valueFrom, as the definition writes it
	Repositories Given[map[string]Repository] // by repository name, of ECR image references
	TargetGroups Given[[]TargetGroup]         // of the service's load balancers
	Scaling      Given[Scaling]               // of the service
	Alarms       Given[[]Alarm]               // that speak of the service, its cluster or its balancers
	Roles        Given[map[string]Role]       // by ARN: the task's and the execution role
	Objects      Given[map[string]Object]     // by ARN: the environment files
	Metrics      Given[[]string]              // names of metrics that have data for this service: NAMESPACE/NAME
}

// LogGroup is a log group of the task.
type LogGroup struct {
	Exists        bool
	RetentionDays int // 0 is for ever
	StoredBytes   int64
	Filters       []Filter // subscription filters
	MetricFilters []Filter
}

// Filter is a filter on a log group.
type Filter struct{ Name, Pattern, Destination string }

// Secret is a secret or parameter that the definition refers to.
type Secret struct {
	ARN      string
	Store    string // secretsmanager or ssm
	Exists   bool
	Type     string // of a parameter: String, SecureString
	KMSKey   string // empty is the store's default key
	Rotates  bool
	Changed  time.Time // of the version that a new task would get
	JSON     bool      // the value is a JSON object
	Keys     []string  // names of its keys, if JSON
	Readable bool      // the reviewer could read the value
	Prints   []string  // keyed fingerprints of the value, and of each member's
}

// Repository is an ECR repository.
type Repository struct {
	Exists     bool
	Immutable  bool
	ScanOnPush bool
	KMSKey     string
	Lifecycle  bool
	// Scanned is when the image was last scanned; the zero time is never.
	Scanned  time.Time
	Critical int // findings of that scan
	High     int
	Digest   string // that the definition's tag names now
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
	Suspended  bool
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
	Name, Description, Metric, State string
	Composite                        bool
	ActionsEnabled                   bool
	Actions                          []string
}

// Role is an IAM role.
type Role struct {
	Exists   bool
	Trusts   []string  // service principals that may assume it
	Policies []Allowed // of all its policies
}

// Allowed is one Allow statement.
type Allowed struct {
	Policy             string
	Actions, Resources []string
}

// Object is an S3 object that is an environment file.
type Object struct {
	Exists    bool
	Encrypted bool // the bucket encrypts with KMS
	Public    bool // the bucket can be public
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
