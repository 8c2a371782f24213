package app

import (
	"context"
	"errors"
	"time"

	"github.com/hatoba/hatoba/internal/aws/ecs"
	"github.com/hatoba/hatoba/internal/aws/events"
	"github.com/hatoba/hatoba/internal/control/deliver"
	"github.com/hatoba/hatoba/internal/control/event"
	"github.com/hatoba/hatoba/internal/events/archive"
	"github.com/hatoba/hatoba/internal/events/connection"
	"github.com/hatoba/hatoba/internal/logs"
	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
)

// openEvents builds EventBridge's API and what hands events on.
func (a *App) openEvents(tasks *ecs.Service, keyring *secrets.Keyring) *events.Service {
	kept := &archive.Archive{Logs: a.logs}
	a.events = &event.Loop{Store: a.store, Launcher: tasks, Roles: a.authorizer(), Logs: eventLogs{a.logs}, Archive: kept, NewID: newRequestID, Log: a.log}
	return events.New(events.Config{Store: a.store, Keyring: keyring, NewID: newRequestID, Kept: kept.Kept, Forget: kept.Forget})
}

// connector puts the secrets of connections into requests to API destinations.
func (a *App) connector(keyring *secrets.Keyring) *connection.Connector {
	return &connection.Connector{Store: a.store, Keyring: keyring, Client: deliver.Client(a.ownAddress)}
}

// eventLogs is the log store as rules' targets write to it. Streams are made
// when they are needed; groups are not.
type eventLogs struct{ engine *logs.Engine }

func (l eventLogs) Write(ctx context.Context, scope state.Scope, group, stream string, at time.Time, message string) error {
	batch := logs.Batch{Events: []logs.InputEvent{{Time: at.UnixMilli(), Message: message}}}
	_, err := l.engine.Append(ctx, scope, group, stream, batch)
	if errors.Is(err, logs.ErrNoStream) {
		if err := l.engine.OpenStream(ctx, scope, group, stream, false); err != nil {
			return err
		}
		_, err = l.engine.Append(ctx, scope, group, stream, batch)
	}
	if errors.Is(err, logs.ErrNoGroup) {
		return event.ErrNoGroup
	}
	return err
}
