// Package scheduler is the front door of Amazon EventBridge Scheduler: schedules
// with time zones, and their groups. control/event carries them out.
//
// Targets are ECS clusters (RunTask), SNS topics and event buses; others, and
// universal targets, are refused by name.
// Source: https://docs.aws.amazon.com/scheduler/latest/APIReference/
package scheduler

import (
	"context"
	_ "embed"
	"fmt"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// bindings.json is made by hand when AWS changes the Scheduler, from the model
// that botocore carries: go run ./test/bindings …/scheduler/2021-06-30/service-2.json.gz

//go:embed bindings.json
var bindings []byte

// Service serves the Scheduler. Its methods may be called concurrently.
type Service struct {
	store store.Store
	now   func() time.Time
	table *wire.Bindings
}

// New returns a Service. now nil is time.Now.
func New(s store.Store, now func() time.Time) (*Service, error) {
	if now == nil {
		now = time.Now
	}
	table, err := wire.ParseBindings(bindings)
	return &Service{store: s, now: func() time.Time { return now().UTC() }, table: table}, err
}

// Describe lists the operations for the wire.
func (s *Service) Describe() wire.Service {
	return wire.Service{
		Name: "scheduler", Title: "Amazon EventBridge Scheduler", Protocol: wire.RestJSON, Bindings: s.table, Client: (*sdk.Client)(nil),
		Operations: []wire.Operation{
			wire.Op("CreateSchedule", s.createSchedule),
			wire.Op("CreateScheduleGroup", s.createScheduleGroup),
			wire.Op("DeleteSchedule", s.deleteSchedule),
			wire.Op("DeleteScheduleGroup", s.deleteScheduleGroup),
			wire.Op("GetSchedule", s.getSchedule),
			wire.Op("GetScheduleGroup", s.getScheduleGroup),
			wire.Op("ListScheduleGroups", s.listScheduleGroups),
			wire.Op("ListSchedules", s.listSchedules),
			wire.Op("ListTagsForResource", s.listTagsForResource),
			wire.Op("TagResource", s.tagResource),
			wire.Op("UntagResource", s.untagResource),
			wire.Op("UpdateSchedule", s.updateSchedule),
		},
	}
}

func invalid(format string, args ...any) error {
	return &types.ValidationException{Message: aws.String(fmt.Sprintf(format, args...))}
}

func notFound(format string, args ...any) error {
	return &types.ResourceNotFoundException{Message: aws.String(fmt.Sprintf(format, args...))}
}

func conflict(format string, args ...any) error {
	return &types.ConflictException{Message: aws.String(fmt.Sprintf(format, args...))}
}

// constraint is the form AWS tells in what a value breaks.
func constraint(value, member, rule string) error {
	return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: %s", value, member, rule)
}

var nameForm = regexp.MustCompile(`^[0-9a-zA-Z-_.]{1,64}$`)

func checkName(value *string, member string) error {
	if !nameForm.MatchString(aws.ToString(value)) {
		return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[0-9a-zA-Z-_.]+$, and have 1 to 64 characters", aws.ToString(value), member)
	}
	return nil
}

// checkToken checks a client token.
func checkToken(token *string) error {
	if token != nil && !nameForm.MatchString(*token) {
		return invalid("ClientToken should have 1 to 64 letters, digits, hyphens and underscores.")
	}
	return nil
}

// group is a group's name, "default" without one.
func group(given *string) (string, error) {
	if aws.ToString(given) == "" {
		return defaultGroup, nil
	}
	return *given, checkName(given, "groupName")
}

func (s *Service) view(ctx context.Context, fn func(store.Reader) error) error {
	return s.store.View(ctx, fn)
}

func page[T any](kind string, list []T, id func(T) string, token *string, limit *int32) ([]T, *string, error) {
	size, ok := wire.PageSize(limit, 100, 100)
	if !ok {
		return nil, nil, constraint(fmt.Sprint(size), "maxResults", wire.ValueWithin(size, 1, 100))
	}
	out, next, err := wire.Cut(kind, list, id, token, size)
	if err != nil {
		return nil, nil, invalid("Invalid NextToken.")
	}
	return out, next, nil
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func scheduleARN(scope state.Scope, group, name string) string {
	return scope.ARN("scheduler", "schedule/"+group+"/"+name)
}

func groupARN(scope state.Scope, name string) string {
	return scope.ARN("scheduler", "schedule-group/"+name)
}
