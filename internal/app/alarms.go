package app

import (
	"context"

	"github.com/hatoba/hatoba/internal/control/alarm"
)

// runAlarms evaluates CloudWatch alarms until ctx ends.
func (a *App) runAlarms(ctx context.Context) error {
	l := &alarm.Loop{Store: a.store, Metrics: a.metrics, NewID: newRequestID, Log: a.log}
	return l.Run(ctx)
}
