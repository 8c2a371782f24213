package event

import (
	"fmt"
	"time"

	"github.com/hatoba/hatoba/internal/state"
)

// fault is why a target was not given an event.
type fault struct {
	code string // AWS's, of dead letters
	text string
}

// Codes of dead letters.
//
// Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
const (
	badJSON       = "INVALID_JSON"
	badParameter  = "INVALID_PARAMETER"
	fromTarget    = "ERROR_FROM_TARGET"
	noPermissions = "NO_PERMISSIONS"
	noResource    = "NO_RESOURCE"
	timedOut      = "TIMEOUT"
	tooFar        = "UNKNOWN"
)

// Which end of a retry policy was reached, as dead letters tell it.
const (
	byAge      = "MaximumEventAgeInSeconds"
	byAttempts = "MaximumRetryAttempts"
)

// tooOld tells whether an event is older than its target takes it. A dead
// letter is not: it is what becomes of such an event.
func tooOld(inv state.EventInvocation, now time.Time) bool {
	return !inv.Letter && now.Sub(inv.CreatedAt) > policyOf(inv.Target).age
}

// stale is the fault of an event that is too old.
func stale(inv state.EventInvocation) fault {
	f := fault{timedOut, fmt.Sprintf("the event is older than the %d seconds of MaximumEventAgeInSeconds", int(policyOf(inv.Target).age.Seconds()))}
	if inv.LastError != "" {
		f.text += "; before that: " + inv.LastError
	}
	return f
}
