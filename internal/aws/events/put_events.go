package events

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/events"
	"github.com/hatoba/hatoba/internal/policy"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const (
	maxEntries = 10
	maxSize    = 256 << 10 // of a request's entries together
)

// putEvents hands events to buses. An entry that cannot be taken fails by
// itself.
//
// Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
func (s *Service) putEvents(ctx context.Context, caller wire.Caller, in *sdk.PutEventsInput) (*sdk.PutEventsOutput, error) {
	if in.EndpointId != nil {
		return nil, unsupported("EndpointId: there are no global endpoints")
	}
	if n := len(in.Entries); n < 1 || n > maxEntries {
		return nil, invalid("1 validation error detected: Value at 'entries' failed to satisfy constraint: %s", wire.LengthWithin(n, 1, maxEntries))
	}
	size, ids := 0, make([]string, len(in.Entries))
	for i := range in.Entries {
		size, ids[i] = size+sizeOf(in.Entries[i]), s.cfg.NewID()
	}
	if size > maxSize {
		return nil, invalid("Total size of the entries in the request is over the limit.")
	}
	now := s.now()
	out := &sdk.PutEventsOutput{}
	err := s.update(ctx, func(w store.Writer) error {
		out.FailedEntryCount, out.Entries = 0, nil
		for i := range in.Entries {
			result, err := s.take(w, caller, &in.Entries[i], ids[i], now)
			if err != nil {
				return err
			}
			if result.ErrorCode != nil {
				out.FailedEntryCount++
			}
			out.Entries = append(out.Entries, result)
		}
		return nil
	})
	return out, err
}

// sizeOf is an entry's size as AWS counts it.
//
// Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
func sizeOf(e types.PutEventsRequestEntry) int {
	n := len(aws.ToString(e.Source)) + len(aws.ToString(e.DetailType)) + len(aws.ToString(e.Detail))
	if e.Time != nil {
		n += 14
	}
	for _, r := range e.Resources {
		n += len(r)
	}
	return n
}

// take hands one event to its bus, or tells why it cannot.
func (s *Service) take(w store.Writer, caller wire.Caller, e *types.PutEventsRequestEntry, id string, now time.Time) (types.PutEventsResultEntry, error) {
	if code, message := checkEntry(e); code != "" {
		return types.PutEventsResultEntry{ErrorCode: &code, ErrorMessage: &message}, nil
	}
	scope, bus, problem := busOfEntry(w, caller, aws.ToString(e.EventBusName))
	if problem != nil {
		return *problem, nil
	}
	at := now
	if e.Time != nil {
		at = e.Time.UTC()
	}
	resources := e.Resources
	if resources == nil {
		resources = []string{}
	}
	err := events.Emit(w, scope, bus, state.Envelope{
		Version: "0", ID: id, DetailType: *e.DetailType, Source: *e.Source, Account: caller.Scope.Account, Time: at.Format(time.RFC3339),
		Region: caller.Scope.Region, Resources: resources, Detail: json.RawMessage(*e.Detail),
	})
	return types.PutEventsResultEntry{EventId: &id}, err
}

func checkEntry(e *types.PutEventsRequestEntry) (code, message string) {
	const bad = "InvalidArgument"
	switch source := aws.ToString(e.Source); {
	case source == "":
		return bad, "Parameter Source is not valid. Reason: Source is a required argument."
	case len(source) > 256:
		return bad, "Parameter Source is not valid. Reason: Source is too long."
	case aws.ToString(e.DetailType) == "":
		return bad, "Parameter DetailType is not valid. Reason: DetailType is a required argument."
	case len(*e.DetailType) > 128:
		return bad, "Parameter DetailType is not valid. Reason: DetailType is too long."
	case aws.ToString(e.Detail) == "":
		return bad, "Parameter Detail is not valid. Reason: Detail is a required argument."
	case strings.HasPrefix(source, "aws."):
		return "NotAuthorizedForSourceException", "Not authorized for the source."
	}
	var detail map[string]json.RawMessage
	if json.Unmarshal([]byte(*e.Detail), &detail) != nil || detail == nil {
		return "MalformedDetail", "Detail is malformed."
	}
	return "", ""
}

// busOfEntry is the bus that an entry names, and where it is. One of another
// account must let the caller's in.
func busOfEntry(r store.Reader, caller wire.Caller, given string) (state.Scope, string, *types.PutEventsResultEntry) {
	scope := caller.Scope
	fail := func(code, message string) *types.PutEventsResultEntry {
		return &types.PutEventsResultEntry{ErrorCode: &code, ErrorMessage: &message}
	}
	if p := strings.SplitN(given, ":", 6); len(p) == 6 && p[0] == "arn" && p[2] == "events" {
		scope = state.Scope{Account: p[4], Region: p[3]}
	}
	name, err := busName(scope, &given)
	if err != nil {
		return scope, "", fail("InvalidArgument", "Parameter EventBusName is not valid. Reason: Event bus "+given+" does not exist.")
	}
	bus, err := findBus(r, scope, name)
	switch {
	case err != nil && scope.Account == caller.Scope.Account:
		return scope, "", fail("InvalidArgument", "Parameter EventBusName is not valid. Reason: Event bus "+name+" does not exist.")
	case scope.Account != caller.Scope.Account && (err != nil || !events.Admits(bus, policy.Caller{Account: caller.Scope.Account, ARN: caller.Identity.ARN, Role: caller.Identity.Role})):
		return scope, "", fail("AccessDeniedException", "User: "+caller.Identity.ARN+" is not authorized to perform: events:PutEvents on resource: "+busARN(scope, name))
	}
	return scope, name, nil
}

// testEventPattern tells whether a pattern matches an event, which has all that
// events have.
//
// Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html
func (s *Service) testEventPattern(_ context.Context, _ wire.Caller, in *sdk.TestEventPatternInput) (*sdk.TestEventPatternOutput, error) {
	p, err := compile(aws.ToString(in.EventPattern))
	if err != nil {
		return nil, err
	}
	var event map[string]json.RawMessage
	if json.Unmarshal([]byte(aws.ToString(in.Event)), &event) != nil {
		return nil, invalid("Parameter Event is not valid. Reason: Event is malformed.")
	}
	for _, field := range []string{"id", "account", "source", "time", "region", "resources", "detail-type"} {
		if event[field] == nil {
			return nil, invalid("Parameter Event is not valid. Reason: Event has no %s.", field)
		}
	}
	return &sdk.TestEventPatternOutput{Result: p.Match([]byte(*in.Event))}, nil
}
