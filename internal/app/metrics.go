package app

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/hatoba/hatoba/internal/aws/cloudwatch"
	"github.com/hatoba/hatoba/internal/metrics"
)

// openMetrics opens what keeps metrics.
func (a *App) openMetrics(ctx context.Context) (err error) {
	a.metrics, err = metrics.Open(ctx, metrics.Config{Dir: filepath.Join(a.cfg.DataDir, metricsDir), Log: a.log, Ready: a.disk.Write})
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	return nil
}

// metricsDir is where metrics are in a data directory and in a backup.
const metricsDir = "metrics"

// openCloudWatch makes the front door of metrics and alarms.
func (a *App) openCloudWatch() *cloudwatch.Service {
	return cloudwatch.New(cloudwatch.Config{Engine: a.metrics, Store: a.store, NewID: newRequestID})
}
