package agent

import (
	"context"
	"sync"
	"time"
)

// measured is a number whose measure costs time: it is taken when somebody
// asks, and not again before it has been rested for a hundred times as long as
// it took, and at least for ten seconds.
type measured struct {
	measure func(ctx context.Context) (int64, error)

	mu    sync.Mutex // held while measuring: who asks meanwhile gets that one
	last  int64
	known bool
	until time.Time
}

const (
	restAtLeast = 10 * time.Second
	restTimes   = 100
)

// bytes is the latest measure; false means that there is none.
func (m *measured) bytes(ctx context.Context) (int64, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	began := time.Now()
	if began.Before(m.until) {
		return m.last, m.known
	}
	n, err := m.measure(ctx)
	if err != nil {
		return m.last, m.known
	}
	m.last, m.known = n, true
	m.until = time.Now().Add(max(restAtLeast, restTimes*time.Since(began)))
	return n, true
}
