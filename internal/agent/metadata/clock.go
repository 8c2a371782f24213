package metadata

import "time"

// Clock tells how far the machine's clock may be off. It has no answer where
// the kernel keeps no account of it.
type Clock func() (bound time.Duration, synchronized, ok bool)

// drift is the account of the clock as Fargate gives it, in milliseconds.
func (c Clock) drift(now time.Time) *clockDrift {
	if c == nil {
		return nil
	}
	bound, synchronized, ok := c()
	if !ok {
		return nil
	}
	out := &clockDrift{
		ClockErrorBound: float64(bound) / float64(time.Millisecond), ReferenceTimestamp: now.UTC(),
		ClockSynchronizationStatus: "NOT_SYNCHRONIZED",
	}
	if synchronized {
		out.ClockSynchronizationStatus = "SYNCHRONIZED"
	}
	return out
}
