package notify

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/state"
)

// Pauses stay between the two delays, grow while they grow, and end.
func TestPauses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		least := rapid.IntRange(1, 3600).Draw(t, "least")
		p := state.RetryPolicy{
			Immediate: rapid.IntRange(0, 5).Draw(t, "immediate"), AtMin: rapid.IntRange(0, 5).Draw(t, "at min"), AtMax: rapid.IntRange(0, 5).Draw(t, "at max"),
			Growth:   rapid.SampledFrom([]string{"linear", "arithmetic", "geometric", "exponential"}).Draw(t, "growth"),
			MinDelay: time.Duration(least) * time.Second, MaxDelay: time.Duration(rapid.IntRange(least, 3600).Draw(t, "most")) * time.Second,
		}
		p.Retries = p.Immediate + p.AtMin + p.AtMax + rapid.IntRange(0, 20).Draw(t, "growing")
		before := time.Duration(0)
		for n := 1; ; n++ {
			d, more := Pause(p, n, 0, 0)
			if !more {
				if n != p.Retries+1 {
					t.Fatalf("given up after %d attempts of %d", n, p.Retries+1)
				}
				return
			}
			switch {
			case n <= p.Immediate && d != 0:
				t.Fatalf("retry %d waits %s", n, d)
			case n > p.Immediate && (d < p.MinDelay || d > p.MaxDelay):
				t.Fatalf("retry %d waits %s", n, d)
			case d < before:
				t.Fatalf("retry %d waits %s after %s", n, d, before)
			}
			if shorter, _ := Pause(p, n, 0, 1); shorter > d || shorter < d*9/10 {
				t.Fatalf("with jitter retry %d waits %s, without %s", n, shorter, d)
			}
			before = d
		}
	})
}

func TestAPauseEndsWithTheAge(t *testing.T) {
	p := state.RetryPolicy{Retries: 100, MinDelay: time.Minute, MaxDelay: time.Minute, MaxAge: time.Hour}
	if _, more := Pause(p, 3, 59*time.Minute+time.Second, 0); more {
		t.Error("a retry would come after the longest time")
	}
	if _, more := Pause(p, 3, 58*time.Minute, 0); !more {
		t.Error("given up early")
	}
}

func TestChats(t *testing.T) {
	for endpoint, want := range map[string]string{
		"https://hooks.slack.com/services/T/B/x":                          Slack,
		"https://me.webhook.office.com/webhookb2/x":                       Teams,
		"https://prod-1.westeurope.logic.azure.com:443/workflows/x?sig=1": Teams,
		"https://hooks.slack.com.evil.example/services/T/B/x":             "",
		"http://hooks.slack.com/services/T/B/x":                           "",
		"https://mattermost.example/hooks/abc":                            Slack,
		"https://example.com/":                                            "",
	} {
		if got := ChatOf(endpoint, map[string][]string{Slack: {"https://mattermost.example/hooks/"}}); got != want {
			t.Errorf("%s is of %q, not %q", endpoint, got, want)
		}
	}
	for endpoint, want := range map[string]string{
		"https://hooks.slack.com/services/T/B/x": "https://hooks.slack.com/services/T/B/****",
		"https://me:secret@example.com/a/b?c=d":  "https://me:****@example.com/a/b?c=d",
		"https://example.com/a":                  "https://example.com/a",
	} {
		if got := Masked(endpoint, ChatOf(endpoint, nil)); got != want {
			t.Errorf("%s is masked as %s", endpoint, got)
		}
	}
}
