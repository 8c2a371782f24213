// Package sns is the front door of Amazon SNS: standard topics with HTTP and
// HTTPS subscriptions, and webhooks of chats. Publishing writes deliveries;
// control/deliver makes the requests.
//
// Source: https://docs.aws.amazon.com/sns/latest/api/
package sns

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// Config is what a Service works with.
type Config struct {
	Store   store.Store
	Keyring *secrets.Keyring // seals tokens, and what is secret in addresses
	NewID   func() string    // a UUID
	Now     func() time.Time // nil: time.Now
	// Chats are prefixes of URLs that are webhooks of a chat, by chat, beside
	// the hosts that are known.
	Chats map[string][]string
	// HasLogGroup tells whether dead letters have a log group to go to.
	HasLogGroup func(ctx context.Context, arn string) bool
}

// Service answers SNS requests. It may be used concurrently.
type Service struct{ cfg Config }

// New returns a Service.
func New(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Service{cfg: cfg}
}

func (s *Service) view(ctx context.Context, fn func(store.Reader) error) error {
	return s.cfg.Store.View(ctx, fn)
}

// update runs fn, which may run twice, over a transaction.
func (s *Service) update(ctx context.Context, fn func(store.Writer) error) error {
	return s.cfg.Store.Update(ctx, fn)
}

// Describe tells wire what is served. What is not listed is refused by name.
func (s *Service) Describe() wire.Service {
	// Who was sent a link to confirm or to end a subscription has no key.
	unsigned := func(o wire.Operation) wire.Operation {
		o.Unsigned = true
		return o
	}
	return wire.Service{
		Name: "sns", Title: "Amazon SNS", Protocol: wire.Query,
		APIVersion: "2010-03-31", Namespace: "http://sns.amazonaws.com/doc/2010-03-31/",
		Naming: wire.SNSNaming, Client: (*sns.Client)(nil),
		Operations: []wire.Operation{
			wire.Op("CreateTopic", s.createTopic),
			wire.Op("DeleteTopic", s.deleteTopic),
			wire.Op("ListTopics", s.listTopics),
			wire.Op("GetTopicAttributes", s.getTopicAttributes),
			wire.Op("SetTopicAttributes", s.setTopicAttributes),

			wire.Op("Subscribe", s.subscribe),
			unsigned(wire.Op("ConfirmSubscription", s.confirmSubscription)),
			unsigned(wire.Op("Unsubscribe", s.unsubscribe)),
			wire.Op("ListSubscriptions", s.listSubscriptions),
			wire.Op("ListSubscriptionsByTopic", s.listSubscriptionsByTopic),
			wire.Op("GetSubscriptionAttributes", s.getSubscriptionAttributes),
			wire.Op("SetSubscriptionAttributes", s.setSubscriptionAttributes),

			wire.Op("Publish", s.publish),
			wire.Op("PublishBatch", s.publishBatch),

			wire.Op("TagResource", s.tagResource),
			wire.Op("UntagResource", s.untagResource),
			wire.Op("ListTagsForResource", s.listTagsForResource),
		},
	}
}
