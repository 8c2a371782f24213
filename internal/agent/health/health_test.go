package health

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

type seen struct {
	At     time.Duration
	Status string
}

// watch runs a check for total virtual time with a probe that fails while
// failing(now) holds, and returns the changes.
func watch(check Check, total time.Duration, failing func(time.Duration) bool) (out []seen) {
	start := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), total)
	defer cancel()
	Run(ctx, check, start,
		func(context.Context) bool { return !failing(time.Since(start)) },
		func(status string) { out = append(out, seen{time.Since(start), status}) })
	return out
}

var usual = Check{Interval: 30 * time.Second, Timeout: 5 * time.Second, Retries: 3}

func TestHealthyContainerIsSeenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := watch(usual, time.Minute, func(time.Duration) bool { return false })
		if diff := cmp.Diff([]seen{{50 * time.Millisecond, Healthy}}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestUnhealthyAfterRetriesNotSooner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := watch(usual, 5*time.Minute, func(time.Duration) bool { return true })
		if diff := cmp.Diff([]seen{{90 * time.Second, Unhealthy}}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestFailuresInTheStartPeriodDoNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		check := usual
		check.StartPeriod = 2 * time.Minute
		got := watch(check, 3*time.Minute, func(at time.Duration) bool { return at < 119*time.Second })
		if diff := cmp.Diff([]seen{{2 * time.Minute, Healthy}}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRecovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := watch(usual, 6*time.Minute, func(at time.Duration) bool { return at > time.Minute && at < 4*time.Minute })
		want := []seen{
			{50 * time.Millisecond, Healthy},
			{150 * time.Second, Unhealthy},
			{240 * time.Second, Healthy},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestHangingProbeIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
		defer cancel()
		var at time.Duration
		Run(ctx, usual, start, func(ctx context.Context) bool { <-ctx.Done(); return false },
			func(string) { at = time.Since(start) })
		if at < 90*time.Second {
			t.Errorf("unhealthy after %v, sooner than three counted failures", at)
		}
	})
}
