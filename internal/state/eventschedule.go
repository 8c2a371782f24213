package state

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"
)

// EventSchedule is a schedule of EventBridge Scheduler. ID: its group, "/", and
// its name. Writer: the Scheduler's operations; Next also by control/event.
//
// Source: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetSchedule.html
type EventSchedule struct {
	Name        string
	Group       string
	ARN         string
	Description string
	Expression  string
	Zone        string // of the IANA database; "" is UTC
	From, To    *time.Time
	State       types.ScheduleState
	Window      int32 // minutes it may be late on purpose; 0: none
	Target      types.Target
	RoleKnown   bool   // the target's role was in IAM when it was put
	DeleteAfter bool   // it is deleted when it is not due any more
	Token       string // of the request that made it
	CreatedAt   time.Time
	ModifiedAt  time.Time
	Next        *time.Time // when it is due, while it is enabled
}

// EventScheduleGroup is a group of them. ID: its name. Writer: the Scheduler's
// operations.
type EventScheduleGroup struct {
	Name       string
	ARN        string
	Token      string
	Tags       map[string]string
	CreatedAt  time.Time
	ModifiedAt time.Time
}
