package state

import "time"

// TaskEvent is one step of a task's history, for people: what happened, when,
// and why. It holds no secret.
type TaskEvent struct {
	Seq       int64             `json:"seq"` // grows within a task; a repeated event has the same
	At        time.Time         `json:"time"`
	Type      string            `json:"type"` // one of the Event constants
	Container string            `json:"container,omitempty"`
	Text      string            `json:"text"`           // with the cause, in a sentence
	Data      map[string]string `json:"data,omitempty"` // the same, for programs
}

// What a TaskEvent tells of.
const (
	EventPlaced    = "placed"    // the task has a node
	EventStatus    = "status"    // lastStatus moved on
	EventNetwork   = "network"   // the interface came or went
	EventPulled    = "pulled"    // an image is present
	EventPullRetry = "retry"     // a pull failed and is tried again
	EventSecrets   = "secrets"   // secrets were fetched
	EventStarted   = "started"   // a container's process runs
	EventHealth    = "health"    // a container's health changed
	EventSignal    = "signal"    // a container was told to stop
	EventExited    = "exited"    // a container's process ended
	EventRestarted = "restarted" // a container's policy started it again
	EventFailed    = "failed"    // a container could not be started
	EventEnds      = "ends"      // the task is to stop
	EventTakenUp   = "taken-up"  // Hatoba was restarted and goes on with the task
)
