package state

import "time"

// Topic is an SNS topic. ID: its name. Writer: the SNS operations.
//
// Source: https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html
type Topic struct {
	Name       string
	ARN        string
	Attributes map[string]string // those that were set: DisplayName, DeliveryPolicy, Policy, …
	Tags       map[string]string
	CreatedAt  time.Time
	Deleted    int // subscriptions that ended
}

// Subscription is who is told what is published to a topic. ID: SubscriptionID.
// Writer: the SNS operations.
//
// Source: https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html
type Subscription struct {
	ARN      string
	TopicARN string
	Protocol string // http or https
	// Endpoint is the URL as it is told: what is secret in it is masked. Address
	// is the URL itself, sealed, where the two differ.
	Endpoint   string
	Address    *Sealed
	Chat       string // slack or teams: it takes messages of its own form, and confirms nothing
	Owner      string // account
	Attributes map[string]string
	Confirmed  bool
	// Token is the newest confirmation token, sealed, and TokenExpires when it
	// is worth nothing any more.
	Token         *Sealed
	TokenExpires  time.Time
	Authenticated bool // confirmed with AuthenticateOnUnsubscribe
	CreatedAt     time.Time
}

// ID is the subscription's id in its table.
func (s Subscription) ID() string { return SubscriptionID(s.ARN) }

// SubscriptionID is the id of a subscription in its table, "" when the ARN is
// not one's: the topic's name, "/", and its own id.
func SubscriptionID(arn string) string {
	topic, id := TopicName(arn), lastPart(arn)
	if topic == "" || id == topic {
		return ""
	}
	return topic + "/" + id
}

// Delivery is an HTTP request that somebody outside is to have: it is made
// again until it is taken, or given up. One of Notification and Request. ID: an
// id that grows with time. Writer: who wants it made, in the transaction of its
// cause; control/deliver counts its attempts and deletes it.
type Delivery struct {
	Cause        string // ARN of the subscription or API destination it is for
	Notification *Notification
	Request      *Request

	CreatedAt time.Time
	Retry     RetryPolicy
	Attempts  int
	Requests  int // that were made in all, once it is given up
	NextAt    time.Time
	LastError string
	// DeadLetter is the ARN of the log group that is told when it is given up.
	DeadLetter string
}

// The kinds of a Notification.
const (
	NotificationMessage = "Notification"
	NotificationConfirm = "SubscriptionConfirmation"
)

// Notification is what SNS tells a subscription. Its address, and the token of
// a confirmation, are the subscription's when it is sent.
type Notification struct {
	Kind       string
	MessageID  string
	Subject    string
	Message    string
	Attributes map[string]MessageAttribute
}

// MessageAttribute is an attribute of a message.
type MessageAttribute struct {
	Type  string // String, Number, Binary, String.Array
	Value string // of Binary in base64
}

// Request is an HTTP request of a target. Nothing in it is secret.
type Request struct {
	Method  string
	URL     string
	Headers map[string]string
	Body    []byte
	// Connection is the ARN of the connection whose secrets are added when it
	// is sent.
	Connection string
	Letter     string // what the dead letter carries
}

// RetryPolicy tells when a delivery is tried again: Immediate times at once,
// AtMin times after MinDelay, then after pauses that grow to MaxDelay, and AtMax
// times after MaxDelay.
//
// Source: https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
type RetryPolicy struct {
	Retries   int // in all, after the first attempt
	Immediate int
	AtMin     int
	AtMax     int
	Growth    string // linear, arithmetic, geometric or exponential
	MinDelay  time.Duration
	MaxDelay  time.Duration
	MaxAge    time.Duration // given up when older; 0: never
	PerSecond int           // requests that are made for the cause at most; 0: no limit
}
