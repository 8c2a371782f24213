// Package events is the front door of Amazon EventBridge: buses, rules with
// patterns and schedules, their targets, archives, replays, connections and API
// destinations. What comes in is written to the store; control/event hands it
// on.
//
// Partner event sources, global endpoints and KMS keys of one's own are refused
// by name, and so are targets of kinds that Hatoba does not have.
// Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/
package events

import (
	"context"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// Config is what a Service works with.
type Config struct {
	Store   store.Store
	Keyring *secrets.Keyring
	NewID   func() string    // a UUID that was never given before
	Now     func() time.Time // nil: time.Now
	// Kept tells how many events an archive has, and their size; nil: none.
	Kept func(ctx context.Context, scope state.Scope, a state.EventArchive) (events, size int64, err error)
	// Forget removes the events of an archive that was deleted; nil: there are none.
	Forget func(ctx context.Context, scope state.Scope, a state.EventArchive) error
}

// Service serves EventBridge. Its methods may be called concurrently.
type Service struct{ cfg Config }

// New returns a Service.
func New(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Service{cfg: cfg}
}

// Describe lists the operations for the wire.
func (s *Service) Describe() wire.Service {
	return wire.Service{
		Name:         "events",
		Title:        "Amazon EventBridge",
		Protocol:     wire.JSON11,
		TargetPrefix: "AWSEvents",
		Client:       (*sdk.Client)(nil),
		Naming:       wire.EventsNaming,
		Operations: []wire.Operation{
			wire.Op("CreateEventBus", s.createEventBus),
			wire.Op("DeleteEventBus", s.deleteEventBus),
			wire.Op("DescribeEventBus", s.describeEventBus),
			wire.Op("ListEventBuses", s.listEventBuses),
			wire.Op("UpdateEventBus", s.updateEventBus),
			wire.Op("PutPermission", s.putPermission),
			wire.Op("RemovePermission", s.removePermission),

			wire.Op("DeleteRule", s.deleteRule),
			wire.Op("DescribeRule", s.describeRule),
			wire.Op("DisableRule", s.disableRule),
			wire.Op("EnableRule", s.enableRule),
			wire.Op("ListRuleNamesByTarget", s.listRuleNamesByTarget),
			wire.Op("ListRules", s.listRules),
			wire.Op("ListTargetsByRule", s.listTargetsByRule),
			wire.Op("PutRule", s.putRule),
			wire.Op("PutTargets", s.putTargets),
			wire.Op("RemoveTargets", s.removeTargets),

			wire.Op("PutEvents", s.putEvents),
			wire.Op("TestEventPattern", s.testEventPattern),

			wire.Op("CreateArchive", s.createArchive),
			wire.Op("DeleteArchive", s.deleteArchive),
			wire.Op("DescribeArchive", s.describeArchive),
			wire.Op("ListArchives", s.listArchives),
			wire.Op("UpdateArchive", s.updateArchive),
			wire.Op("CancelReplay", s.cancelReplay),
			wire.Op("DescribeReplay", s.describeReplay),
			wire.Op("ListReplays", s.listReplays),
			wire.Op("StartReplay", s.startReplay),

			wire.Op("CreateConnection", s.createConnection),
			wire.Op("DeauthorizeConnection", s.deauthorizeConnection),
			wire.Op("DeleteConnection", s.deleteConnection),
			wire.Op("DescribeConnection", s.describeConnection),
			wire.Op("ListConnections", s.listConnections),
			wire.Op("UpdateConnection", s.updateConnection),
			wire.Op("CreateApiDestination", s.createAPIDestination),
			wire.Op("DeleteApiDestination", s.deleteAPIDestination),
			wire.Op("DescribeApiDestination", s.describeAPIDestination),
			wire.Op("ListApiDestinations", s.listAPIDestinations),
			wire.Op("UpdateApiDestination", s.updateAPIDestination),

			wire.Op("ListTagsForResource", s.listTagsForResource),
			wire.Op("TagResource", s.tagResource),
			wire.Op("UntagResource", s.untagResource),
		},
	}
}

// view runs fn over a snapshot.
func (s *Service) view(ctx context.Context, fn func(store.Reader) error) error {
	return s.cfg.Store.View(ctx, fn)
}

// update runs fn, which may run twice, over a transaction.
func (s *Service) update(ctx context.Context, fn func(store.Writer) error) error {
	return s.cfg.Store.Update(ctx, fn)
}

func (s *Service) now() time.Time { return s.cfg.Now().UTC() }
