package agent

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestMeasuredRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		took, n, failure := time.Millisecond, int64(0), error(nil)
		m := &measured{measure: func(context.Context) (int64, error) {
			time.Sleep(took)
			n++
			return n, failure
		}}
		ask := func(after time.Duration, want int64) {
			t.Helper()
			time.Sleep(after)
			if got, ok := m.bytes(t.Context()); got != want || !ok {
				t.Errorf("%d %v, want %d", got, ok, want)
			}
		}
		ask(0, 1)
		ask(9*time.Second, 1)
		took = time.Second
		ask(2*time.Second, 2)
		ask(99*time.Second, 2)
		failure = errors.New("gone")
		ask(2*time.Second, 2)
		failure, n = nil, 6
		ask(0, 7)
	})
}
