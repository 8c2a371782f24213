package state

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// Event is an event that a bus has taken and whose targets do not have it yet.
// ID: the bus, "/", and an id that grows with time. Writer: who tells of the
// change, in the transaction that makes it; control/event deletes it in the
// transaction that hands it on. So an event is delivered at least once.
type Event struct {
	Bus      string // a name
	Envelope Envelope
	Hops     int      // buses it has passed
	Replay   string   // ARN of the replay it comes from
	ReplayTo []string // ARNs of the rules a replay is for; none: all
}

// EventRule is a rule of an event bus. ID: the bus, "/", and its name. Writer:
// the EventBridge operations; Next by control/event.
//
// Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Rule.html
type EventRule struct {
	Name        string
	Bus         string
	ARN         string
	State       types.RuleState
	Pattern     string // JSON, "" for one with a schedule alone
	Schedule    string
	Description string
	RoleARN     string
	Targets     []types.Target
	Tags        map[string]string
	CreatedAt   time.Time
	CreatedBy   string
	Next        *time.Time // when a schedule is due
}
