package app

import (
	"context"
	"time"

	"github.com/hatoba/hatoba/internal/emf"
	"github.com/hatoba/hatoba/internal/logs"
	"github.com/hatoba/hatoba/internal/state"
)

// storedEvents takes the metrics of log events in the embedded metric format.
// Only groups of the class Standard have them, as on AWS. A kill between the
// event and its metric costs the metric: the event is not stored twice.
func (a *App) storedEvents(ctx context.Context, scope state.Scope, group string, events []logs.InputEvent) {
	var messages []string
	for i := range events {
		if emf.Meant(events[i].Message) {
			messages = append(messages, events[i].Message)
		}
	}
	if len(messages) == 0 {
		return
	}
	if g, err := a.logs.GetGroup(ctx, scope, group); err != nil || g.Class != "STANDARD" {
		return
	}
	emf.Sink{Metrics: a.metrics, Log: a.log, Now: time.Now}.Take(context.WithoutCancel(ctx), scope, group, messages)
}
