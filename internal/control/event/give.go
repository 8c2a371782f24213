package event

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"

	"github.com/hatoba/hatoba/internal/events"
	"github.com/hatoba/hatoba/internal/events/target"
	"github.com/hatoba/hatoba/internal/notify"
	"github.com/hatoba/hatoba/internal/policy"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// maxHops is how many buses an event passes at most.
const maxHops = 5

// outcome is what came of giving a target an event.
type outcome int

const (
	given  outcome = iota
	later          // it may be taken another time
	never          // it will not
	beside         // it is to be written beside the store, after the transaction
)

// give gives a target an event inside a transaction. The fault tells why it was
// not taken; an error is the transaction's.
func (l *Loop) give(w store.Writer, scope state.Scope, inv state.EventInvocation, now time.Time) (outcome, fault, error) {
	t, err := target.Parse(aws.ToString(inv.Target.Arn))
	if err != nil {
		return never, fault{badParameter, err.Error()}, nil
	}
	if tooOld(inv, now) {
		return never, stale(inv), nil
	}
	if code, why := l.Roles.Invoke(w, scope, inv); code != "" {
		return never, fault{code, why}, nil
	}
	switch t.Kind {
	case target.Task:
		return l.run(w, scope, inv, now)
	case target.Logs:
		return beside, fault{}, nil
	case target.Topic:
		err := notify.Publish(w, scope, *inv.Target.Arn, now, l.NewID, notify.Message{Default: inv.Input})
		if errors.Is(err, notify.ErrNoTopic) {
			return never, fault{noResource, err.Error()}, nil
		}
		return given, fault{}, err
	case target.API:
		return l.request(w, scope, t, inv, now)
	case target.Bus:
		return forward(w, scope, t, inv, now)
	}
	return never, fault{badParameter, "its kind is not known"}, nil
}

// run starts the tasks of an ECS target. Their ids follow from event, rule and
// target: no task is started twice.
func (l *Loop) run(w store.Writer, scope state.Scope, inv state.EventInvocation, now time.Time) (outcome, fault, error) {
	p := inv.Target.EcsParameters
	if p == nil {
		return never, fault{badParameter, "it has no EcsParameters"}, nil
	}
	count := 1
	if p.TaskCount != nil {
		count = int(*p.TaskCount)
	}
	var ids []string
	for i := range count {
		id := short(inv.Event.ID, inv.Rule, *inv.Target.Id, strconv.Itoa(i))
		if _, there := store.Tasks.Get(w, scope.Key(id)); !there {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return given, fault{}, nil
	}
	out, err := l.Launcher.LaunchForEvent(w, state.EventLaunch{
		Scope: scope, Cluster: *inv.Target.Arn, Parameters: *p, Overrides: inv.Input, StartedBy: startedBy(inv.Rule), IDs: ids, Now: now,
	})
	var api smithy.APIError
	switch {
	case errors.As(err, &api):
		return never, fault{fromTarget, api.ErrorCode() + ": " + api.ErrorMessage()}, nil
	case err != nil:
		return never, fault{}, err
	case len(out.Refused) > 0:
		return later, fault{fromTarget, out.Refused[0].Reason + " " + out.Refused[0].Detail}, nil
	}
	return given, fault{}, nil
}

// forward hands an event to another bus of the account, or to one of another
// account whose policy lets this one in.
func forward(w store.Writer, scope state.Scope, t target.Target, inv state.EventInvocation, now time.Time) (outcome, fault, error) {
	bus, ok := store.EventBuses.Get(w, t.Scope.Key(t.Name))
	switch {
	case inv.Hops >= maxHops:
		return never, fault{tooFar, fmt.Sprintf("the event has passed %d event buses", inv.Hops)}, nil
	case t.Scope.Account != scope.Account && (!ok || !events.Admits(bus, policy.Caller{Account: scope.Account, ARN: "arn:aws:iam::" + scope.Account + ":root"})):
		return never, fault{noPermissions, "the event bus does not let this account in"}, nil
	case !ok && t.Name != events.Default:
		return never, fault{noResource, "the event bus does not exist"}, nil
	case !events.IsHeard(w, t.Scope, t.Name, inv.Event.Source, inv.Event.DetailType):
		return given, fault{}, nil
	}
	// Two rules that forward an event to one bus are two events there.
	key := t.Scope.Key(t.Name + "/" + inv.Event.Time + "/" + inv.Event.ID + "/" + short(inv.Rule, *inv.Target.Id)[:8])
	return given, fault{}, store.Events.Put(w, key, state.Event{Bus: t.Name, Envelope: inv.Event, TakenAt: now, Hops: inv.Hops + 1})
}

// write gives a log group an event, beside the store.
func (l *Loop) write(ctx context.Context, inv state.EventInvocation, now time.Time) (outcome, fault) {
	t, err := target.Parse(aws.ToString(inv.Target.Arn))
	if err != nil {
		return never, fault{badParameter, err.Error()}
	}
	if tooOld(inv, now) {
		return never, stale(inv)
	}
	at, message := logLine(inv, now)
	stream := ruleName(inv.Rule)
	if inv.Letter {
		stream = "dead-letters/" + stream
	}
	err = l.Logs.Write(ctx, t.Scope, t.Name, stream, at, message)
	switch {
	case errors.Is(err, ErrNoGroup):
		return never, fault{noResource, err.Error()}
	case err != nil:
		return later, fault{fromTarget, err.Error()}
	}
	return given, fault{}
}

// short is 32 hexadecimal digits that follow from the parts.
func short(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s,", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// isLog tells whether a target is a log group.
func isLog(t types.Target) bool {
	of, err := target.Parse(aws.ToString(t.Arn))
	return err == nil && of.Kind == target.Logs
}
