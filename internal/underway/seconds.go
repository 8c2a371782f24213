package underway

import (
	"context"
	"time"
)

// Seconds calls f at each whole second of the clock until ctx ends, with that
// second, however late it is: none is left out but those of a machine that slept
// for more than a minute, or whose clock was set.
func Seconds(ctx context.Context, f func(second time.Time)) {
	due := time.Now().Truncate(time.Second)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		due = due.Add(time.Second)
		now := time.Now()
		if late := now.Sub(due); late > time.Minute || late < -time.Second {
			due = now.Truncate(time.Second).Add(time.Second)
		}
		timer.Reset(due.Sub(now))
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			f(due)
		}
	}
}
