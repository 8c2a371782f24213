package underway_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hatoba/hatoba/internal/underway"
)

func TestSecondsLeaveNoneOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(300 * time.Millisecond)
		begin := time.Now().Truncate(time.Second)
		var got []time.Duration
		ctx, cancel := context.WithCancel(t.Context())
		underway.Seconds(ctx, func(second time.Time) {
			got = append(got, second.Sub(begin)/time.Second)
			switch len(got) {
			case 2:
				time.Sleep(3500 * time.Millisecond) // a busy machine
			case 6:
				time.Sleep(time.Hour)
			case 8:
				cancel()
			}
		})
		want := []time.Duration{1, 2, 3, 4, 5, 6, 3607, 3608}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("got %v, want %v", got, want)
			}
		}
	})
}
