package events

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/events"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const maxBuses = 100

func busARN(scope state.Scope, name string) string { return scope.ARN("events", "event-bus/"+name) }

// busName reads a bus's name or ARN, "default" without one. An ARN must be of
// the scope.
func busName(scope state.Scope, given *string) (string, error) {
	text := aws.ToString(given)
	if text == "" {
		return events.Default, nil
	}
	name := strings.TrimPrefix(text, busARN(scope, ""))
	if strings.HasPrefix(name, "arn:") {
		return "", notFound("Event bus %s does not exist.", text)
	}
	return name, checkName(&name, "eventBusName", 256, busForm)
}

// findBus reads a bus. The default one is always there.
func findBus(r store.Reader, scope state.Scope, name string) (state.EventBus, error) {
	bus, ok := store.EventBuses.Get(r, scope.Key(name))
	if !ok && name == events.Default {
		return state.EventBus{Name: name, ARN: busARN(scope, name)}, nil
	}
	if !ok {
		return bus, notFound("Event bus %s does not exist.", name)
	}
	return bus, nil
}

func (s *Service) createEventBus(ctx context.Context, caller wire.Caller, in *sdk.CreateEventBusInput) (*sdk.CreateEventBusOutput, error) {
	scope := caller.Scope
	if err := checkName(in.Name, "name", 256, busForm); err != nil {
		return nil, err
	}
	switch name := *in.Name; {
	case in.EventSourceName != nil || strings.HasPrefix(name, "aws.partner/"):
		return nil, unsupported("partner event sources (EventSourceName)")
	case strings.Contains(name, "/"):
		return nil, invalid("Event bus name must not contain '/'.")
	}
	if err := checkBusSettings(in.KmsKeyIdentifier, in.LogConfig, in.DeadLetterConfig); err != nil {
		return nil, err
	}
	if err := checkLength(in.Description, "description", 512); err != nil {
		return nil, err
	}
	tags, err := mergeTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	bus := state.EventBus{Name: *in.Name, ARN: busARN(scope, *in.Name), Description: aws.ToString(in.Description), Tags: tags, CreatedAt: s.now(), ModifiedAt: s.now()}
	err = s.update(ctx, func(w store.Writer) error {
		if _, err := findBus(w, scope, bus.Name); err == nil {
			return exists("Event bus %s already exists.", bus.Name)
		}
		n := 0
		for range store.EventBuses.List(w, scope, "") {
			n++
		}
		if n >= maxBuses {
			return limited("The requested resource exceeds the maximum number allowed.")
		}
		return store.EventBuses.Put(w, scope.Key(bus.Name), bus)
	})
	return &sdk.CreateEventBusOutput{EventBusArn: &bus.ARN, Description: in.Description}, err
}

// checkBusSettings refuses what a bus cannot have here.
func checkBusSettings(key *string, logs *types.LogConfig, letters *types.DeadLetterConfig) error {
	switch {
	case aws.ToString(key) != "":
		return unsupported("KmsKeyIdentifier: events that wait are in the store")
	case logs != nil && logs.Level != "" && logs.Level != types.LevelOff || logs != nil && logs.IncludeDetail == types.IncludeDetailFull:
		return unsupported("LogConfig of an event bus: give a rule a log group as its target")
	case letters != nil && aws.ToString(letters.Arn) != "":
		return unsupported("DeadLetterConfig of an event bus: give it to the targets of its rules")
	}
	return nil
}

func (s *Service) updateEventBus(ctx context.Context, caller wire.Caller, in *sdk.UpdateEventBusInput) (*sdk.UpdateEventBusOutput, error) {
	name, err := busName(caller.Scope, in.Name)
	if err != nil {
		return nil, err
	}
	if err := checkBusSettings(in.KmsKeyIdentifier, in.LogConfig, in.DeadLetterConfig); err != nil {
		return nil, err
	}
	if err := checkLength(in.Description, "description", 512); err != nil {
		return nil, err
	}
	bus, err := s.changeBus(ctx, caller.Scope, name, func(bus *state.EventBus) error {
		if in.Description != nil {
			bus.Description = *in.Description
		}
		return nil
	})
	return &sdk.UpdateEventBusOutput{Arn: &bus.ARN, Name: &bus.Name, Description: optional(bus.Description)}, err
}

// changeBus edits a copy of a bus's record.
func (s *Service) changeBus(ctx context.Context, scope state.Scope, name string, fn func(*state.EventBus) error) (out state.EventBus, err error) {
	err = s.update(ctx, func(w store.Writer) error {
		bus, err := findBus(w, scope, name)
		if err != nil {
			return err
		}
		if err := fn(&bus); err != nil {
			return err
		}
		bus.ModifiedAt, out = s.now(), bus
		return store.EventBuses.Put(w, scope.Key(name), bus)
	})
	return out, err
}

// deleteEventBus deletes a bus without rules. One that does not exist is none,
// as AWS has it.
func (s *Service) deleteEventBus(ctx context.Context, caller wire.Caller, in *sdk.DeleteEventBusInput) (*sdk.DeleteEventBusOutput, error) {
	scope := caller.Scope
	if err := checkName(in.Name, "name", 256, busForm); err != nil {
		return nil, err
	}
	if *in.Name == events.Default {
		return nil, invalid("Cannot delete event bus default.")
	}
	return &sdk.DeleteEventBusOutput{}, s.update(ctx, func(w store.Writer) error {
		for range store.EventRules.List(w, scope, *in.Name+"/") {
			return invalid("Event bus %s can't be deleted since it has rules.", *in.Name)
		}
		store.EventBuses.Delete(w, scope.Key(*in.Name))
		return nil
	})
}

func (s *Service) describeEventBus(ctx context.Context, caller wire.Caller, in *sdk.DescribeEventBusInput) (*sdk.DescribeEventBusOutput, error) {
	name, err := busName(caller.Scope, in.Name)
	if err != nil {
		return nil, err
	}
	var out *sdk.DescribeEventBusOutput
	err = s.view(ctx, func(r store.Reader) error {
		bus, err := findBus(r, caller.Scope, name)
		if err != nil {
			return err
		}
		out = &sdk.DescribeEventBusOutput{
			Arn: &bus.ARN, Name: &bus.Name, Description: optional(bus.Description), Policy: optional(bus.Policy),
			CreationTime: moment(bus.CreatedAt), LastModifiedTime: moment(bus.ModifiedAt),
		}
		return nil
	})
	return out, err
}

func (s *Service) listEventBuses(ctx context.Context, caller wire.Caller, in *sdk.ListEventBusesInput) (*sdk.ListEventBusesOutput, error) {
	var all []types.EventBus
	err := s.view(ctx, func(r store.Reader) error {
		names := []string{events.Default}
		for k := range store.EventBuses.List(r, caller.Scope, "") {
			names = append(names, k.ID)
		}
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			if bus, err := findBus(r, caller.Scope, name); err == nil && strings.HasPrefix(name, aws.ToString(in.NamePrefix)) {
				all = append(all, types.EventBus{
					Arn: &bus.ARN, Name: &bus.Name, Description: optional(bus.Description), Policy: optional(bus.Policy),
					CreationTime: moment(bus.CreatedAt), LastModifiedTime: moment(bus.ModifiedAt),
				})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	list, next, err := page("buses", all, func(b types.EventBus) string { return *b.Name }, in.NextToken, in.Limit)
	return &sdk.ListEventBusesOutput{EventBuses: append([]types.EventBus{}, list...), NextToken: next}, err
}
