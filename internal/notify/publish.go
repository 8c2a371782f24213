// Package notify tells the subscriptions of SNS topics. Publish only writes
// what is to be delivered, in the transaction of its cause; control/deliver
// sends it, in the forms that are made here: AWS's signed document, the message
// alone, or that of a chat.
package notify

import (
	"errors"
	"fmt"
	"time"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// ErrNoTopic is returned by Publish for a topic that does not exist.
var ErrNoTopic = errors.New("topic does not exist")

// Message is what is published.
type Message struct {
	ID      string // "": a new one
	Subject string
	Default string
	// PerProtocol replaces Default for a protocol: http, https.
	PerProtocol map[string]string
	Attributes  map[string]state.MessageAttribute
}

func (m Message) of(protocol string) string {
	if text, ok := m.PerProtocol[protocol]; ok {
		return text
	}
	return m.Default
}

// Publish writes a delivery for every confirmed subscription of the topic whose
// filter policy takes the message. newID gives a UUID that was never given
// before; it is called again when the transaction runs again.
func Publish(w store.Writer, scope state.Scope, topicARN string, now time.Time, newID func() string, m Message) error {
	name := state.TopicName(topicARN)
	topic, ok := store.Topics.Get(w, scope.Key(name))
	if !ok || topic.ARN != topicARN {
		return fmt.Errorf("%w: %s", ErrNoTopic, topicARN)
	}
	if m.ID == "" {
		m.ID = newID()
	}
	for _, s := range store.Subscriptions.List(w, scope, name+"/") {
		if !s.Confirmed || !takes(s, m) {
			continue
		}
		n := state.Notification{Kind: state.NotificationMessage, MessageID: m.ID, Subject: m.Subject, Message: m.of(s.Protocol), Attributes: m.Attributes}
		if err := Deliver(w, scope, topic, s, now, newID(), n); err != nil {
			return err
		}
	}
	return nil
}

// Deliver writes the delivery of a notification to one subscription.
func Deliver(w store.Writer, scope state.Scope, topic state.Topic, s state.Subscription, now time.Time, id string, n state.Notification) error {
	d := state.Delivery{
		Cause: s.ARN, Notification: &n, CreatedAt: now.UTC(), NextAt: now.UTC(),
		Retry: Policy(topic.Attributes, s.Attributes), DeadLetter: DeadLetter(s.Attributes),
	}
	return store.Deliveries.Put(w, scope.Key(DeliveryID(now, id)), d)
}

// DeliveryID is the id of a delivery that is made now: it grows with time.
func DeliveryID(now time.Time, id string) string {
	return now.UTC().Format("20060102T150405.000000000") + "-" + id
}
