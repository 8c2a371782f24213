package notify

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/hatoba/hatoba/internal/state"
)

// Document is what AWS posts to an HTTP subscription.
//
// Source: https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
type Document struct {
	Type             string
	MessageID        string `json:"MessageId"`
	Token            string `json:",omitempty"`
	TopicARN         string `json:"TopicArn"`
	Subject          string `json:",omitempty"`
	Message          string
	SubscribeURL     string `json:",omitempty"`
	Timestamp        string
	SignatureVersion string
	Signature        string
	SigningCertURL   string
	UnsubscribeURL   string                       `json:",omitempty"`
	Attributes       map[string]documentAttribute `json:"MessageAttributes,omitempty"`
}

type documentAttribute struct {
	Type  string
	Value string
}

// Sending is a notification with all it is sent with.
type Sending struct {
	Topic        state.Topic
	Subscription state.Subscription
	Notification state.Notification
	CreatedAt    time.Time
	Token        string // of a confirmation
	Base         string // scheme and host of this Hatoba, for the links
	Signer       *Signer
}

// Post is the request that tells the subscription: its headers and body.
func (s Sending) Post() (http.Header, []byte, error) {
	n, sub := s.Notification, s.Subscription
	header := http.Header{"User-Agent": {"Amazon Simple Notification Service Agent"}}
	if sub.Chat != "" {
		header.Set("Content-Type", "application/json; charset=UTF-8")
		body, err := json.Marshal(chat(sub.Chat, s))
		return header, body, err
	}
	header.Set("Content-Type", contentType(Effective(s.Topic.Attributes, sub.Attributes)))
	header.Set("X-Amz-Sns-Message-Type", n.Kind)
	header.Set("X-Amz-Sns-Message-Id", n.MessageID)
	header.Set("X-Amz-Sns-Topic-Arn", sub.TopicARN)
	if n.Kind != state.NotificationConfirm {
		header.Set("X-Amz-Sns-Subscription-Arn", sub.ARN)
	}
	if n.Kind == state.NotificationMessage && sub.Attributes["RawMessageDelivery"] == "true" {
		header.Set("X-Amz-Sns-Rawdelivery", "true")
		return header, []byte(n.Message), nil
	}
	d := s.document()
	if err := s.Signer.sign(&d, s.Base); err != nil {
		return nil, nil, err
	}
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(d); err != nil {
		return nil, nil, err
	}
	return header, bytes.TrimRight(body.Bytes(), "\n"), nil
}

func contentType(p DeliveryPolicy) string {
	if p.Request != nil && p.Request.ContentType != "" {
		return p.Request.ContentType
	}
	return "text/plain; charset=UTF-8"
}

func (s Sending) document() Document {
	n, topic := s.Notification, s.Subscription.TopicARN
	d := Document{
		Type: n.Kind, MessageID: n.MessageID, TopicARN: topic, Subject: n.Subject, Message: n.Message,
		Timestamp: s.CreatedAt.UTC().Format("2006-01-02T15:04:05.000Z"), SignatureVersion: version(s.Topic),
	}
	switch n.Kind {
	case state.NotificationMessage:
		d.UnsubscribeURL = s.link(url.Values{"Action": {"Unsubscribe"}, "SubscriptionArn": {s.Subscription.ARN}})
		for name, a := range n.Attributes {
			if d.Attributes == nil {
				d.Attributes = map[string]documentAttribute{}
			}
			d.Attributes[name] = documentAttribute(a)
		}
	case state.NotificationConfirm:
		d.Token = s.Token
		d.Message = "You have chosen to subscribe to the topic " + topic + ".\nTo confirm the subscription, visit the SubscribeURL included in this message."
	}
	if d.Token != "" {
		d.SubscribeURL = s.link(url.Values{"Action": {"ConfirmSubscription"}, "TopicArn": {topic}, "Token": {d.Token}})
	}
	return d
}

func (s Sending) link(v url.Values) string { return s.Base + "/?" + v.Encode() }

func version(t state.Topic) string {
	if v := t.Attributes["SignatureVersion"]; v != "" {
		return v
	}
	return "1"
}
