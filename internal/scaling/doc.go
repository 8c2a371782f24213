// Package scaling decides how many tasks a service should have, by the rules of
// Application Auto Scaling. Decide is pure: what is known of a scalable target
// goes in, what to write comes out. The control loop and the simulator use the
// same.
//
// What AWS does not publish is chosen so: target tracking brings the capacity to
// ⌈running × value ÷ target⌉, with the newest value on the way out and the
// highest of the alarm's window on the way in, so that what was needed within
// it is not taken away.
//
// Source: https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
// Source: https://docs.aws.amazon.com/autoscaling/application/userguide/step-scaling-policy-overview.html
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-auto-scaling.html
package scaling

import "time"

const (
	// repeat is how often an alarm that stays in ALARM calls its policy.
	//
	// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-actions.html
	repeat = time.Minute
	// DefaultCooldown is that of services.
	//
	// Source: https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html#target-tracking-cooldown
	DefaultCooldown = 300 * time.Second
	// patience is how long a change may take to be fulfilled; AWS does not tell.
	patience = 10 * time.Minute
	// Kept is how long activities can be looked up.
	//
	// Source: https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-scaling-activities.html
	Kept = 6 * 7 * 24 * time.Hour
)
