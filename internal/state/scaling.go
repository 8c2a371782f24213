package state

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
)

// ScalableTarget is a service whose desired count Application Auto Scaling may
// set. ID: its resource id, for example "service/default/web". Writer: the
// operations of Application Auto Scaling; Min and Max also by control/scaling,
// when a scheduled action is due; Progress by control/scaling alone.
//
// Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ScalableTarget.html
type ScalableTarget struct {
	ResourceID string
	ARN        string
	Min, Max   int32
	RoleARN    string
	Suspended  types.SuspendedState
	CreatedAt  time.Time
	Tags       map[string]string
	// Bounds grows when an operation changes Min or Max: then, and not before,
	// the desired count is brought between them.
	Bounds   int64
	Progress ScalingProgress
}

// ScalingProgress is what scaling remembers of a target.
type ScalingProgress struct {
	Bounds  int64   // the Bounds that were brought about
	Out, In *Scaled // the newest of policies, as long as it may count
	Pending string  // id of the activity that is not fulfilled yet
	// Acted tells when an alarm was last acted upon: while it stays in ALARM
	// it is again a minute later.
	Acted map[string]time.Time
	Told  string // the newest reason not to scale that was told
}

// Scaled is what a policy did.
type Scaled struct {
	At       time.Time
	EndAt    *time.Time // when it was fulfilled or given up; the cooldown begins
	From, To int32      // From is before all that was done since the cooldown began
	Cooldown time.Duration
}

// Cooling tells whether the cooldown lasts. One without any never does, nor one
// that begins ahead, because the clock was set back.
func (s *Scaled) Cooling(now time.Time) bool {
	if s == nil || s.Cooldown == 0 {
		return false
	}
	return s.EndAt == nil || !now.Before(*s.EndAt) && now.Before(s.EndAt.Add(s.Cooldown))
}

// ScalingPolicy decides about a target's capacity: one of Tracking and Step. ID:
// ScalingID. Writer: the operations of Application Auto Scaling.
//
// Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ScalingPolicy.html
type ScalingPolicy struct {
	Name       string
	ARN        string
	ResourceID string
	CreatedBy  string // a UUID: what its alarms call is the ARN, ":createdBy/", and this
	CreatedAt  time.Time
	Tracking   *types.TargetTrackingScalingPolicyConfiguration
	Step       *types.StepScalingPolicyConfiguration
	Alarms     []string // the names of those that Application Auto Scaling made
}

// Action is what an alarm made for the policy has as its action.
func (p ScalingPolicy) Action() string { return p.ARN + ":createdBy/" + p.CreatedBy }

// CalledBy tells whether an action of an alarm is the policy.
func (p ScalingPolicy) CalledBy(action string) bool { return action == p.ARN || action == p.Action() }

// ScheduledScaling is a scheduled action: it changes a target's bounds. ID:
// ScalingID. Writer: the operations of Application Auto Scaling; RanAt by
// control/scaling.
//
// Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ScheduledAction.html
type ScheduledScaling struct {
	Name       string
	ARN        string
	ResourceID string
	Schedule   string
	Timezone   string // "" is UTC
	StartTime  *time.Time
	EndTime    *time.Time
	Min, Max   *int32
	CreatedAt  time.Time
	UpdatedAt  time.Time  // what was due before does not count
	RanAt      *time.Time // when it was last due and done
}

// ScalingActivity is something that scaling did, or did not do and why. ID:
// ScalingActivityID. Writer: control/scaling.
//
// Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ScalingActivity.html
type ScalingActivity struct {
	ID          string // a UUID
	ResourceID  string
	Description string
	Cause       string
	StartTime   time.Time
	EndTime     *time.Time
	Status      types.ScalingActivityStatusCode
	Message     string
	NotScaled   []types.NotScaledReason
	From, To    int32 // the capacity it sets
}

// ScalableTargetID is the resource id of a service, given by its store id.
func ScalableTargetID(service string) string { return "service/" + service }

// ScaledService is the store id of the service that a resource id names.
func ScaledService(resource string) string { return strings.TrimPrefix(resource, "service/") }

// ScalingID is the store id of a policy or scheduled action; those of a target
// follow one another. No name of a service has a slash.
func ScalingID(resource, name string) string { return resource + "//" + name }

// ScalingActivityID is the store id of an activity: those of a target are in
// their order.
func ScalingActivityID(resource string, at time.Time, n int) string {
	return fmt.Sprintf("%s//%020d-%04d", resource, at.UnixNano(), n)
}
