package app

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/hatoba/hatoba/internal/control/measure"
	"github.com/hatoba/hatoba/internal/logs"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/underway"
)

// openUnderWay opens what keeps counts from one process to the next.
func (a *App) openUnderWay() (err error) {
	a.underWay, err = underway.Open(filepath.Join(a.inst.runDir, "underway"), filepath.Join(a.cfg.DataDir, "underway"), a.log)
	if err != nil {
		return err
	}
	a.onClose(a.underWay.Close)
	return nil
}

// openMeasures builds what turns measures into metrics.
func (a *App) openMeasures() {
	a.measures = measure.New(measure.Config{
		Store: a.store, Metrics: a.metrics, Logs: performanceLogs{a.logs}, Balancers: a.balancers.plane, UnderWay: a.underWay, Log: a.log, Off: !a.cfg.Measure,
	})
}

// performanceLogs is the log store as measures want it.
type performanceLogs struct{ engine *logs.Engine }

// Append stores performance log events. A group of that name that is there
// already keeps its retention.
func (p performanceLogs) Append(ctx context.Context, scope state.Scope, group, stream string, days int32, at time.Time, producer string, offset int64, messages []string) error {
	batch := logs.Batch{Producer: producer, Offset: offset}
	for _, m := range messages {
		batch.Events = append(batch.Events, logs.InputEvent{Time: at.UnixMilli(), Message: m})
	}
	_, err := p.engine.Append(ctx, scope, group, stream, batch)
	if !errors.Is(err, logs.ErrNoGroup) && !errors.Is(err, logs.ErrNoStream) {
		return err
	}
	if errors.Is(err, logs.ErrNoGroup) {
		err := p.engine.CreateGroup(ctx, scope, logs.Group{Name: group, Class: "STANDARD", RetentionDays: days})
		if err != nil && !errors.Is(err, logs.ErrExists) {
			return err
		}
	}
	if err := p.engine.OpenStream(ctx, scope, group, stream, false); err != nil {
		return err
	}
	_, err = p.engine.Append(ctx, scope, group, stream, batch)
	return err
}
