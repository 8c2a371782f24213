package state

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// Event is an event that a bus has taken and that is not handed on yet. ID: the
// bus, "/", its time and its id. Writer: who tells of the change, in the
// transaction that makes it; control/event deletes it in the transaction that
// hands it on.
type Event struct {
	Bus      string // a name
	Envelope Envelope
	TakenAt  time.Time
	Hops     int      // buses it has passed
	Replay   string   // name of the replay it comes from
	Rules    []string // ARNs of the only rules it is for; none: all
}

// EventBus is an event bus that somebody made, or the default one when
// something was said of it. ID: its name. Writer: the EventBridge operations.
//
// Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_EventBus.html
type EventBus struct {
	Name        string
	ARN         string
	Description string
	Policy      string // JSON, "" without one
	Tags        map[string]string
	CreatedAt   time.Time
	ModifiedAt  time.Time
}

// Heard are the only events that a pattern can match, as far as that is quickly
// told; nil: any.
type Heard struct {
	Sources     []string
	DetailTypes []string
}

// EventRule is a rule of an event bus. ID: the bus, "/", and its name. Writer:
// the EventBridge operations; Next also by control/event.
//
// Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Rule.html
type EventRule struct {
	Name        string
	Bus         string
	ARN         string
	State       types.RuleState
	Pattern     string // JSON, "" for one with a schedule alone
	Heard       Heard  // of the pattern
	Schedule    string
	Description string
	RoleARN     string
	Targets     []types.Target
	KnownRoles  []string // ARNs of its targets' roles that were in IAM when these were put
	Tags        map[string]string
	CreatedAt   time.Time
	CreatedBy   string
	EnabledAt   time.Time  // when it was last enabled: a rate counts from there
	Next        *time.Time // when its schedule is due, while it is enabled
}

// EventArchive keeps a bus's events. ID: its name. Writer: the EventBridge
// operations. The events are in the log store.
//
// Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeArchive.html
type EventArchive struct {
	Name          string
	ARN           string
	Bus           string
	Description   string
	Pattern       string // "": every event
	Heard         Heard
	RetentionDays int32  // 0: for ever
	Stream        string // of the log store: its own, so that one of the same name begins empty
	CreatedAt     time.Time
}

// EventReplay sends a part of an archive to its bus again. ID: its name. Writer:
// the EventBridge operations make and cancel it; how far it came is
// control/event's.
//
// Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeReplay.html
type EventReplay struct {
	Name        string
	ARN         string
	Archive     string // a name
	Stream      string // of the archive
	Bus         string
	Description string
	Rules       []string // ARNs of the rules it is for; none: all
	From, To    time.Time
	State       types.ReplayState
	Reason      string
	StartedAt   time.Time
	EndedAt     *time.Time
	LastEvent   *time.Time // time of the last event that was replayed
	At          int64      // where the archive is read on: milliseconds
	AtSeq       uint64     // and the event's number
}

// EventConnection is how API destinations are called: who calls, and what every
// call carries. ID: its name. Writer: the EventBridge operations; of Answer
// events/connection, for control/deliver.
//
// Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeConnection.html
type EventConnection struct {
	Name         string
	ARN          string
	Description  string
	Type         types.ConnectionAuthorizationType
	Shown        *types.ConnectionAuthResponseParameters // without its secrets
	Secret       Sealed                                  // of all parameters, as JSON
	Asked        string                                  // with OAuth: another id whenever the endpoint is to be asked anew
	Deauthorized bool                                    // by DeauthorizeConnection: there is no secret
	CreatedAt    time.Time
	ModifiedAt   time.Time
	AuthorizedAt time.Time // without OAuth
	Answer       *AuthorizationAnswer
}

// AuthorizationAnswer is what the authorization endpoint of a connection with
// OAuth answered last.
type AuthorizationAnswer struct {
	Asked        string // the connection's, when it was asked
	Token        bool   // it gave one
	Reason       string // why not; without anything secret
	AuthorizedAt time.Time
}

// Authorization is a connection's state and why it has it. With OAuth only the
// endpoint's answer authorizes it.
//
// Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection-states.html
func (c EventConnection) Authorization() (now types.ConnectionState, why string) {
	switch a := c.Answer; {
	case c.Deauthorized:
		return types.ConnectionStateDeauthorized, ""
	case c.Type != types.ConnectionAuthorizationTypeOauthClientCredentials:
		return types.ConnectionStateAuthorized, ""
	case a == nil || a.Asked != c.Asked:
		return types.ConnectionStateAuthorizing, ""
	case a.Token:
		return types.ConnectionStateAuthorized, ""
	default:
		return types.ConnectionStateDeauthorized, a.Reason
	}
}

// LastAuthorized is when a connection was authorized last; zero for never.
func (c EventConnection) LastAuthorized() time.Time {
	if c.Answer != nil && c.Answer.AuthorizedAt.After(c.AuthorizedAt) {
		return c.Answer.AuthorizedAt
	}
	return c.AuthorizedAt
}

// APIDestination is an HTTP endpoint that rules send to. ID: its name. Writer:
// the EventBridge operations.
//
// Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeApiDestination.html
type APIDestination struct {
	Name        string
	ARN         string
	Description string
	Connection  string // ARN
	Endpoint    string
	Method      types.ApiDestinationHttpMethod
	PerSecond   int32
	CreatedAt   time.Time
	ModifiedAt  time.Time
}

// EventInvocation is a target that is to be given an event, and could not be in
// the transaction that handed the event on. ID: when it is due, "/", the event's
// id, the rule and the target. Writer: control/event.
type EventInvocation struct {
	Rule      string // ARN
	Bus       string
	Event     Envelope
	Hops      int
	Target    types.Target
	RoleKnown bool   // the target's role was in IAM when it was put
	Input     string // what the target is given
	CreatedAt time.Time
	DueAt     time.Time
	Attempts  int
	LastError string
	Letter    bool // it is itself a dead letter
}

// EventLaunch asks for the tasks of an ECS target.
type EventLaunch struct {
	Scope      Scope
	Cluster    string // name or ARN
	Parameters types.EcsParameters
	Overrides  string // JSON of a TaskOverride, "" without one
	StartedBy  string
	IDs        []string // of the tasks, as many as there are to be
	Now        time.Time
}
