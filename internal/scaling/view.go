package scaling

import (
	"time"

	"github.com/hatoba/hatoba/internal/state"
)

// View is what is known of a scalable target.
type View struct {
	Target   state.ScalableTarget
	Service  Service
	Policies []Policy // by name
	Actions  []state.ScheduledScaling
	// Pending is the activity that Target.Progress.Pending names.
	Pending *state.ScalingActivity
	// Looked tells when an alarm was last looked at, also where nothing came of
	// it; what is forgotten of it is looked at again.
	Looked map[string]time.Time
}

// Service is the service as scaling sees it.
type Service struct {
	Desired, Running int32
	Deploying        bool // a deployment is in progress
}

// Policy is a policy with the alarms that call it, by name.
type Policy struct {
	state.ScalingPolicy
	Alarms []Alarm
}

// Alarm is an alarm as scaling sees it.
type Alarm struct {
	Name      string
	InAlarm   bool
	Since     time.Time // when it came to its state
	Low       bool      // it alarms below its threshold
	Threshold float64
	// Values are the metric's in the alarm's window, oldest first; none where
	// they are not known, and then nothing is done.
	Values []float64
	// At is when the period of the newest value began.
	At time.Time
}

// Plan is what to write, and when to look again.
type Plan struct {
	Min, Max int32
	Desired  int32
	Progress state.ScalingProgress
	// Ran are the scheduled actions that were due, by name, and when they were.
	Ran map[string]time.Time
	// Finished is the pending activity with its end.
	Finished *state.ScalingActivity
	// Activities are new, without ids. The one that Pending names is the last,
	// when Began says so.
	Activities []state.ScalingActivity
	Began      bool
	Events     []string // of the service
	Looked     []string // the alarms that were looked at
	Wake       time.Time
}

// wakeAt has the target looked at again at a time.
func (p *Plan) wakeAt(t time.Time) {
	if !t.IsZero() && (p.Wake.IsZero() || t.Before(p.Wake)) {
		p.Wake = t
	}
}
