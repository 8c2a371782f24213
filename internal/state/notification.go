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
}

// Subscription is who is told what is published to a topic. ID: the topic's
// name, "/", and its own id. Writer: the SNS operations; Confirmed also by who
// follows the confirmation's link.
type Subscription struct {
	ID         string
	ARN        string
	TopicARN   string
	Protocol   string // http or https
	Endpoint   string
	Owner      string
	Attributes map[string]string // FilterPolicy, RawMessageDelivery, …
	Confirmed  bool
	// Token is the SHA-256 of the newest confirmation token, in hexadecimal.
	Token           string
	TokenExpires    time.Time
	Authenticated   bool // confirmed with AuthenticateOnUnsubscribe
	CreatedAt       time.Time
	ConfirmedChange time.Time
}

// Delivery is an HTTP request that somebody outside is to have: it is made
// again until it is taken, or given up. ID: an id that grows with time. Writer:
// who wants it made, in the transaction of its cause; control/deliver counts
// its attempts and deletes it.
type Delivery struct {
	ID      string
	Cause   string // ARN of the subscription or API destination it is for
	Method  string
	URL     string
	Headers map[string]string // none of them secret
	Body    []byte
	// Connection is the ARN of the connection whose secrets are added when it is
	// sent; "" for none.
	Connection string

	CreatedAt time.Time
	Retry     RetryPolicy
	Attempts  int
	NextAt    time.Time
	LastError string
	// DeadLetter is the ARN of the log group that is told when it is given up,
	// and Letter what it is told: what was to be delivered.
	DeadLetter string
	Letter     string
}

// RetryPolicy tells when a delivery is tried again: first at once, Immediate
// times, then after pauses that grow from MinDelay to MaxDelay.
type RetryPolicy struct {
	Retries       int // after the first attempt
	Immediate     int
	AtMin         int    // with MinDelay, before they grow
	AtMax         int    // with MaxDelay, at the end
	Backoff       string // linear, arithmetic, geometric or exponential
	MinDelay      time.Duration
	MaxDelay      time.Duration
	MaxAge        time.Duration // given up when older; 0: never
	RatePerSecond int           // at most; 0: no limit
}
