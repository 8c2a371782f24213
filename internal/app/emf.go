package app

import (
	"context"
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/emf"
	"github.com/hatoba/hatoba/internal/logs"
	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/state"
)

// storedEvents takes the metrics of log events in the embedded metric format.
// Only groups of the class Standard have them, as on AWS. A container's output
// comes again when Hatoba was killed between the event and its metric, and
// counts once. Who put events himself has no answer then, and may put them again.
func (a *App) storedEvents(ctx context.Context, scope state.Scope, group, stream string, batch logs.Batch) {
	var messages []string
	for i := range batch.Events {
		if emf.Meant(batch.Events[i].Message) {
			messages = append(messages, batch.Events[i].Message)
		}
	}
	if len(messages) == 0 {
		return
	}
	if g, err := a.logs.GetGroup(ctx, scope, group); err != nil || g.Class != "STANDARD" {
		return
	}
	var once metrics.Once
	if batch.Producer != "" {
		once = metrics.Once{Producer: strings.Join([]string{"emf", scope.Account, scope.Region, group, stream, batch.Producer}, "/"), Number: batch.Offset}
	}
	emf.Sink{Metrics: a.metrics, Log: a.log, Now: time.Now}.Take(context.WithoutCancel(ctx), scope, group, once, messages)
}
