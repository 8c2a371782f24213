// Package health runs a container's health check as ECS does: interval,
// timeout, retries and start period of the task definition, the image's own
// HEALTHCHECK ignored.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
package health

import (
	"context"
	"time"
)

// The statuses of a check.
const (
	Unknown   = "UNKNOWN"
	Healthy   = "HEALTHY"
	Unhealthy = "UNHEALTHY"
)

// Check is a health check with its defaults filled in.
type Check struct {
	Command     []string // argv; CMD-SHELL is already /bin/sh -c
	Interval    time.Duration
	Timeout     time.Duration
	Retries     int
	StartPeriod time.Duration
}

// early are the probes made inside the first interval. A success there makes
// the container healthy at once; a failure does not count, so that nothing is
// judged sooner than ECS would judge it.
var early = []time.Duration{50 * time.Millisecond, 150 * time.Millisecond, 400 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second}

// Run probes until ctx ends and reports each change of status. probe runs the
// command once and says whether it ended with 0; it must respect its context,
// which ends after Timeout. since is when the container started.
func Run(ctx context.Context, check Check, since time.Time, probe func(context.Context) bool, report func(status string)) {
	status := Unknown
	set := func(next string) {
		if next != status {
			status = next
			report(next)
		}
	}
	failures := 0
	once := func(counts bool) {
		probeCtx, cancel := context.WithTimeout(ctx, check.Timeout)
		ok := probe(probeCtx)
		cancel()
		switch {
		case ctx.Err() != nil:
		case ok:
			failures = 0
			set(Healthy)
		case counts && (status == Healthy || time.Since(since) >= check.StartPeriod):
			if failures++; failures >= check.Retries {
				set(Unhealthy)
			}
		}
	}
	for _, at := range early {
		if at >= check.Interval || status == Healthy || time.Since(since) > check.Interval {
			break
		}
		if !sleep(ctx, time.Until(since.Add(at))) {
			return
		}
		once(false)
	}
	next := since.Add(check.Interval)
	if now := time.Now(); next.Before(now) {
		next = now // re-adopted after a restart: probe at once
	}
	for sleep(ctx, time.Until(next)) {
		once(true)
		next = time.Now().Add(check.Interval)
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
