package event

import (
	"net/url"
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/events/input"
	"github.com/hatoba/hatoba/internal/events/target"
	"github.com/hatoba/hatoba/internal/notify"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// request notes the request to an API destination. control/deliver makes it,
// with the connection's secrets, and tries again.
//
// Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
func (l *Loop) request(w store.Writer, scope state.Scope, t target.Target, inv state.EventInvocation, now time.Time) (outcome, fault, error) {
	d, ok := store.APIDestinations.Get(w, scope.Key(t.Name))
	if !ok || d.ARN != *inv.Target.Arn {
		return never, fault{noResource, "the API destination does not exist"}, nil
	}
	address, headers, err := addressOf(d, inv)
	if err != nil {
		return never, fault{badParameter, err.Error()}, nil
	}
	retry := policyOf(inv.Target)
	delivery := state.Delivery{
		Cause: d.ARN, CreatedAt: inv.CreatedAt, NextAt: now, DeadLetter: deadLetter(inv.Target),
		Retry: state.RetryPolicy{
			Retries: retry.attempts, Growth: "exponential", MinDelay: firstPause, MaxDelay: longestPause, MaxAge: retry.age, PerSecond: int(d.PerSecond),
		},
		Request: &state.Request{
			Method: string(d.Method), URL: address, Headers: headers, Body: []byte(inv.Input), Connection: d.Connection, Letter: inv.Input,
		},
	}
	return given, fault{}, store.Deliveries.Put(w, scope.Key(notify.DeliveryID(now, l.NewID())), delivery)
}

// addressOf fills the asterisks of the destination's path in order, and adds
// the target's headers and query. Each of its values may be a path into the
// event.
func addressOf(d state.APIDestination, inv state.EventInvocation) (string, map[string]string, error) {
	headers := map[string]string{"Content-Type": "application/json; charset=utf-8", "User-Agent": "Amazon/EventBridge/ApiDestinations"}
	text, p := d.Endpoint, inv.Target.HttpParameters
	if p == nil {
		return text, headers, nil
	}
	value := dynamic(inv)
	for _, v := range p.PathParameterValues {
		text = strings.Replace(text, "*", url.PathEscape(value(v)), 1)
	}
	u, err := url.Parse(text)
	if err != nil {
		return "", nil, err
	}
	if len(p.QueryStringParameters) > 0 {
		q := u.Query()
		for k, v := range p.QueryStringParameters {
			q.Set(k, value(v))
		}
		u.RawQuery = q.Encode()
	}
	for k, v := range p.HeaderParameters {
		headers[k] = strings.NewReplacer("\r", "", "\n", "").Replace(value(v))
	}
	return u.String(), headers, nil
}

// dynamic reads a value that is a path into the event.
func dynamic(inv state.EventInvocation) func(string) string {
	text := eventText(inv.Event)
	return func(v string) string {
		if !strings.HasPrefix(v, "$.") {
			return v
		}
		found, ok, err := input.ByPath(v, text)
		if err != nil || !ok {
			return ""
		}
		return unquoted(found)
	}
}
