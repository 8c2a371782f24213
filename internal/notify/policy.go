package notify

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/hatoba/hatoba/internal/state"
)

// What deliveries are retried by where no policy says otherwise, and the
// longest that retries may take together.
//
// Source: https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
const (
	defaultRetries = 3
	defaultDelay   = 20
	maxTotal       = 3600 * time.Second
)

// DeliveryPolicy is the JSON of the attribute DeliveryPolicy; that of a topic
// has it below "http".
type DeliveryPolicy struct {
	Retry    *RetryPolicy    `json:"healthyRetryPolicy,omitempty"`
	Throttle *ThrottlePolicy `json:"throttlePolicy,omitempty"`
	Request  *RequestPolicy  `json:"requestPolicy,omitempty"`
}

// RetryPolicy is AWS's healthyRetryPolicy; delays are in seconds.
type RetryPolicy struct {
	MinDelay  *int   `json:"minDelayTarget,omitempty"`
	MaxDelay  *int   `json:"maxDelayTarget,omitempty"`
	Retries   *int   `json:"numRetries,omitempty"`
	Immediate int    `json:"numNoDelayRetries"`
	AtMin     int    `json:"numMinDelayRetries"`
	AtMax     int    `json:"numMaxDelayRetries"`
	Growth    string `json:"backoffFunction,omitempty"`
}

// ThrottlePolicy bounds the requests of a subscription.
type ThrottlePolicy struct {
	PerSecond int `json:"maxReceivesPerSecond,omitempty"`
}

// RequestPolicy is how requests look.
type RequestPolicy struct {
	ContentType string `json:"headerContentType,omitempty"`
}

// TopicPolicy is the JSON of a topic's DeliveryPolicy.
type TopicPolicy struct {
	HTTP *struct {
		Retry    *RetryPolicy    `json:"defaultHealthyRetryPolicy,omitempty"`
		Throttle *ThrottlePolicy `json:"defaultThrottlePolicy,omitempty"`
		Request  *RequestPolicy  `json:"defaultRequestPolicy,omitempty"`
		Override bool            `json:"disableSubscriptionOverrides"`
	} `json:"http"`
}

// Effective is the delivery policy that holds for a subscription with the
// given attributes, of a topic with the given ones.
func Effective(topic, subscription map[string]string) DeliveryPolicy {
	out := DeliveryPolicy{}
	fixed := false
	var t TopicPolicy
	if json.Unmarshal([]byte(topic["DeliveryPolicy"]), &t) == nil && t.HTTP != nil {
		out, fixed = DeliveryPolicy{t.HTTP.Retry, t.HTTP.Throttle, t.HTTP.Request}, t.HTTP.Override
	}
	var own DeliveryPolicy
	if !fixed && json.Unmarshal([]byte(subscription["DeliveryPolicy"]), &own) == nil {
		if own.Retry != nil {
			out.Retry = own.Retry
		}
		if own.Throttle != nil {
			out.Throttle = own.Throttle
		}
		if own.Request != nil {
			out.Request = own.Request
		}
	}
	if out.Retry == nil {
		out.Retry = &RetryPolicy{}
	}
	retry := *out.Retry
	fill(&retry.MinDelay, defaultDelay)
	fill(&retry.MaxDelay, defaultDelay)
	fill(&retry.Retries, defaultRetries)
	if retry.Growth == "" {
		retry.Growth = "linear"
	}
	out.Retry = &retry
	return out
}

func fill(p **int, v int) {
	if *p == nil {
		*p = &v
	}
}

// Policy is Effective as a delivery keeps it.
func Policy(topic, subscription map[string]string) state.RetryPolicy {
	p := Effective(topic, subscription)
	out := state.RetryPolicy{
		Retries: *p.Retry.Retries, Immediate: p.Retry.Immediate, AtMin: p.Retry.AtMin, AtMax: p.Retry.AtMax, Growth: p.Retry.Growth,
		MinDelay: time.Duration(*p.Retry.MinDelay) * time.Second, MaxDelay: time.Duration(*p.Retry.MaxDelay) * time.Second,
		MaxAge: maxTotal,
	}
	if p.Throttle != nil {
		out.PerSecond = p.Throttle.PerSecond
	}
	return out
}

// Check tells what is wrong with a retry policy, in AWS's words; nil: nothing.
func (p *RetryPolicy) Check() error {
	if p == nil {
		return nil
	}
	q := Effective(nil, nil).Retry
	least, most, retries := *q.MinDelay, *q.MaxDelay, *q.Retries
	if p.MinDelay != nil {
		least = *p.MinDelay
	}
	if p.MaxDelay != nil {
		most = *p.MaxDelay
	}
	if p.Retries != nil {
		retries = *p.Retries
	}
	switch {
	case least < 1:
		return fmt.Errorf("minDelayTarget must be at least 1 second")
	case most < least || most > 3600:
		return fmt.Errorf("maxDelayTarget must be at least minDelayTarget, and at most 3600 seconds")
	case retries < 0 || retries > 100:
		return fmt.Errorf("numRetries must be between 0 and 100")
	case p.Immediate < 0 || p.AtMin < 0 || p.AtMax < 0:
		return fmt.Errorf("numNoDelayRetries, numMinDelayRetries and numMaxDelayRetries must not be negative")
	case p.Immediate+p.AtMin+p.AtMax > retries:
		return fmt.Errorf("numRetries must be at least the sum of numNoDelayRetries, numMinDelayRetries and numMaxDelayRetries")
	}
	switch p.Growth {
	case "", "linear", "arithmetic", "geometric", "exponential":
		return nil
	}
	return fmt.Errorf("backoffFunction must be one of arithmetic, exponential, geometric and linear")
}

// DeadLetter is the ARN that the attribute RedrivePolicy names, "" without one.
func DeadLetter(attributes map[string]string) string {
	var p struct {
		ARN string `json:"deadLetterTargetArn"`
	}
	_ = json.Unmarshal([]byte(attributes["RedrivePolicy"]), &p) // checked when it was set
	return p.ARN
}
