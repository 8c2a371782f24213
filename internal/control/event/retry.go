package event

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// How long what failed waits, growing from the first pause to the longest.
const (
	firstPause   = time.Second
	longestPause = 10 * time.Minute
)

// retryPolicy is how often and how long a target is tried.
type retryPolicy struct {
	attempts int // after the first
	age      time.Duration
}

// policyOf is a target's retry policy, AWS's own where it has none.
//
// Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
func policyOf(t types.Target) retryPolicy {
	out := retryPolicy{185, 24 * time.Hour}
	if p := t.RetryPolicy; p != nil {
		if p.MaximumRetryAttempts != nil {
			out.attempts = int(*p.MaximumRetryAttempts)
		}
		if p.MaximumEventAgeInSeconds != nil {
			out.age = time.Duration(*p.MaximumEventAgeInSeconds) * time.Second
		}
	}
	return out
}

// pause is how long to wait after so many attempts.
func pause(attempts int) time.Duration {
	return min(firstPause<<min(attempts-1, 20), longestPause)
}

func deadLetter(t types.Target) string {
	if t.DeadLetterConfig == nil {
		return ""
	}
	return aws.ToString(t.DeadLetterConfig.Arn)
}

// failure is a target that was given up, for the log.
type failure struct{ rule, target, reason string }

func (l *Loop) tell(failed []failure) {
	for _, f := range failed {
		l.Log.Warn("a target of a rule was not given an event", "rule", f.rule, "target", f.target, "reason", f.reason)
	}
}

// first gives a target of a rule an event for the first time.
func (l *Loop) first(w store.Writer, scope state.Scope, rule state.EventRule, t types.Target, e state.Event, text []byte, now time.Time) (failure, error) {
	inv := state.EventInvocation{Rule: rule.ARN, Bus: e.Bus, Event: e.Envelope, Hops: e.Hops, Target: t, CreatedAt: e.TakenAt}
	inv.RoleKnown = slices.Contains(rule.KnownRoles, aws.ToString(t.RoleArn))
	var err error
	if inv.Input, err = inputOf(t, rule, e, text); err != nil {
		return settle(w, scope, inv, never, fault{badJSON, err.Error()}, now)
	}
	out, why, err := l.give(w, scope, inv, now)
	if err != nil {
		return failure{}, err
	}
	return settle(w, scope, inv, out, why, now)
}

// settle notes what is still to be done of an invocation: another attempt, a
// line in a log group, a dead letter.
func settle(w store.Writer, scope state.Scope, inv state.EventInvocation, out outcome, why fault, now time.Time) (failure, error) {
	policy, exhausted := policyOf(inv.Target), ""
	switch out {
	case given:
		return failure{}, nil
	case beside:
		inv.DueAt = now
		return failure{}, put(w, scope, inv)
	case later:
		inv.Attempts++
		inv.LastError = why.text
		inv.DueAt = now.Add(pause(inv.Attempts))
		switch {
		case inv.Attempts > policy.attempts:
			exhausted = byAttempts
		case inv.DueAt.Sub(inv.CreatedAt) > policy.age:
			exhausted = byAge
		default:
			return failure{}, put(w, scope, inv)
		}
	case never:
		if exhausted = byAge; !tooOld(inv, now) {
			inv.Attempts++
			exhausted = ""
		}
	}
	failed := failure{rule: inv.Rule, target: aws.ToString(inv.Target.Arn), reason: why.text}
	group := deadLetter(inv.Target)
	if group == "" || inv.Letter {
		return failed, nil
	}
	letter, err := json.Marshal(deadLetterOf(inv, why, exhausted))
	if err != nil {
		return failed, err
	}
	return failed, put(w, scope, state.EventInvocation{
		Rule: inv.Rule, Bus: inv.Bus, Event: state.Envelope{ID: inv.Event.ID}, Input: string(letter), CreatedAt: now, DueAt: now, Letter: true,
		Target: types.Target{Id: inv.Target.Id, Arn: &group},
	})
}

// deadLetterOf is what a dead letter says: the event, and what AWS has in the
// attributes of its message.
func deadLetterOf(inv state.EventInvocation, why fault, exhausted string) map[string]any {
	letter := map[string]any{
		"rule": inv.Rule, "target": inv.Target.Arn, "attempts": inv.Attempts, "errorCode": why.code, "reason": why.text, "createdAt": inv.CreatedAt,
		"event": json.RawMessage(eventText(inv.Event)), "input": inv.Input,
	}
	if exhausted != "" {
		letter["exhaustedRetryCondition"] = exhausted
	}
	return letter
}

func put(w store.Writer, scope state.Scope, inv state.EventInvocation) error {
	id := inv.DueAt.UTC().Format("20060102T150405.000000000") + "/" + short(inv.Event.ID, inv.Rule, *inv.Target.Id, inv.CreatedAt.String())
	if inv.Letter {
		id += "/letter"
	}
	return store.EventInvocations.Put(w, scope.Key(id), inv)
}

func eventText(e state.Envelope) []byte {
	b, err := json.Marshal(e)
	if err != nil {
		return []byte("null") // not of what was stored
	}
	return b
}

// unquoted is a JSON value as text.
func unquoted(text string) string {
	var s string
	if json.Unmarshal([]byte(text), &s) == nil {
		return s
	}
	return text
}

// invocations carries out what is due.
func (l *Loop) invocations(ctx context.Context) (did bool, err error) {
	type due struct {
		key state.Key
		inv state.EventInvocation
	}
	var all []due
	now := time.Now().UTC()
	err = l.Store.View(ctx, func(r store.Reader) error {
		all = nil
		for k, inv := range store.EventInvocations.List(r, state.Scope{}, "") {
			if !inv.DueAt.After(now) {
				if all = append(all, due{k, inv}); len(all) == batch {
					break
				}
			}
		}
		return nil
	})
	if err != nil || len(all) == 0 {
		return false, err
	}
	outcomes, faults := make([]outcome, len(all)), make([]fault, len(all))
	for i, d := range all {
		if outcomes[i] = beside; isLog(d.inv.Target) {
			outcomes[i], faults[i] = l.write(ctx, d.inv, now)
		}
	}
	if ctx.Err() != nil {
		return false, nil
	}
	var failed []failure
	err = l.Store.Update(ctx, func(w store.Writer) error {
		failed = nil
		for i, d := range all {
			out, why := outcomes[i], faults[i]
			if out == beside {
				var err error
				if out, why, err = l.give(w, d.key.Scope(), d.inv, now); err != nil {
					return err
				}
			}
			store.EventInvocations.Delete(w, d.key)
			f, err := settle(w, d.key.Scope(), d.inv, out, why, now)
			if err != nil {
				return err
			}
			if f.reason != "" {
				failed = append(failed, f)
			}
		}
		return nil
	})
	if err == nil {
		l.tell(failed)
	}
	return true, err
}
