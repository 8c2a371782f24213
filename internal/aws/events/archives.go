package events

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const maxArchives = 100

// settleArchive puts the members that create and update have in common.
func settleArchive(a *state.EventArchive, description, pattern *string, days *int32, key *string) error {
	if aws.ToString(key) != "" {
		return unsupported("KmsKeyIdentifier")
	}
	if err := checkLength(description, "description", 512); err != nil {
		return err
	}
	if description != nil {
		a.Description = *description
	}
	if pattern != nil {
		a.Pattern, a.Heard = *pattern, state.Heard{}
		if *pattern != "" {
			p, err := compile(*pattern)
			if err != nil {
				return err
			}
			a.Heard = state.Heard{Sources: p.Sources, DetailTypes: p.DetailTypes}
		}
	}
	if days != nil {
		if *days < 0 {
			return constraint(fmt.Sprint(*days), "retentionDays", "Member must have value greater than or equal to 0")
		}
		a.RetentionDays = *days
	}
	return nil
}

// createArchive keeps the events of a bus from now on.
//
// Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateArchive.html
func (s *Service) createArchive(ctx context.Context, caller wire.Caller, in *sdk.CreateArchiveInput) (*sdk.CreateArchiveOutput, error) {
	scope := caller.Scope
	if err := checkName(in.ArchiveName, "archiveName", 48, nameForm); err != nil {
		return nil, err
	}
	if aws.ToString(in.EventSourceArn) == "" || !strings.HasPrefix(*in.EventSourceArn, "arn:") {
		return nil, invalid("Parameter EventSourceArn is not valid. Reason: it must be the ARN of an event bus.")
	}
	bus, err := busName(scope, in.EventSourceArn)
	if err != nil {
		return nil, err
	}
	a := state.EventArchive{
		Name: *in.ArchiveName, ARN: scope.ARN("events", "archive/"+*in.ArchiveName), Bus: bus, Stream: s.cfg.NewID(), CreatedAt: s.now(),
	}
	if err := settleArchive(&a, in.Description, in.EventPattern, in.RetentionDays, in.KmsKeyIdentifier); err != nil {
		return nil, err
	}
	err = s.update(ctx, func(w store.Writer) error {
		if _, err := findBus(w, scope, bus); err != nil {
			return err
		}
		n := 0
		for _, other := range store.EventArchives.List(w, scope, "") {
			if n++; other.Name == a.Name {
				return exists("Archive %s already exists.", a.Name)
			}
		}
		if n >= maxArchives {
			return limited("The requested resource exceeds the maximum number allowed.")
		}
		return store.EventArchives.Put(w, scope.Key(a.Name), a)
	})
	return &sdk.CreateArchiveOutput{ArchiveArn: &a.ARN, State: types.ArchiveStateEnabled, CreationTime: &a.CreatedAt}, err
}

func findArchive(r store.Reader, scope state.Scope, name string) (state.EventArchive, error) {
	a, ok := store.EventArchives.Get(r, scope.Key(name))
	if !ok {
		return a, notFound("Archive %s does not exist.", name)
	}
	return a, nil
}

func (s *Service) updateArchive(ctx context.Context, caller wire.Caller, in *sdk.UpdateArchiveInput) (*sdk.UpdateArchiveOutput, error) {
	if err := checkName(in.ArchiveName, "archiveName", 48, nameForm); err != nil {
		return nil, err
	}
	var out *sdk.UpdateArchiveOutput
	err := s.update(ctx, func(w store.Writer) error {
		a, err := findArchive(w, caller.Scope, *in.ArchiveName)
		if err != nil {
			return err
		}
		if err := settleArchive(&a, in.Description, in.EventPattern, in.RetentionDays, in.KmsKeyIdentifier); err != nil {
			return err
		}
		out = &sdk.UpdateArchiveOutput{ArchiveArn: &a.ARN, State: types.ArchiveStateEnabled, CreationTime: &a.CreatedAt}
		return store.EventArchives.Put(w, caller.Scope.Key(a.Name), a)
	})
	return out, err
}

func (s *Service) deleteArchive(ctx context.Context, caller wire.Caller, in *sdk.DeleteArchiveInput) (*sdk.DeleteArchiveOutput, error) {
	if err := checkName(in.ArchiveName, "archiveName", 48, nameForm); err != nil {
		return nil, err
	}
	var a state.EventArchive
	err := s.update(ctx, func(w store.Writer) (err error) {
		if a, err = findArchive(w, caller.Scope, *in.ArchiveName); err == nil {
			store.EventArchives.Delete(w, caller.Scope.Key(a.Name))
		}
		return err
	})
	if err == nil && s.cfg.Forget != nil {
		err = s.cfg.Forget(ctx, caller.Scope, a)
	}
	return &sdk.DeleteArchiveOutput{}, err
}

func (s *Service) describeArchive(ctx context.Context, caller wire.Caller, in *sdk.DescribeArchiveInput) (*sdk.DescribeArchiveOutput, error) {
	if err := checkName(in.ArchiveName, "archiveName", 48, nameForm); err != nil {
		return nil, err
	}
	var a state.EventArchive
	err := s.view(ctx, func(r store.Reader) (err error) {
		a, err = findArchive(r, caller.Scope, *in.ArchiveName)
		return err
	})
	if err != nil {
		return nil, err
	}
	n, size, err := s.kept(ctx, caller.Scope, a)
	return &sdk.DescribeArchiveOutput{
		ArchiveName: &a.Name, ArchiveArn: &a.ARN, EventSourceArn: aws.String(busARN(caller.Scope, a.Bus)), Description: optional(a.Description),
		EventPattern: optional(a.Pattern), RetentionDays: &a.RetentionDays, State: types.ArchiveStateEnabled, CreationTime: &a.CreatedAt,
		EventCount: n, SizeBytes: size,
	}, err
}

func (s *Service) kept(ctx context.Context, scope state.Scope, a state.EventArchive) (events, size int64, err error) {
	if s.cfg.Kept == nil {
		return 0, 0, nil
	}
	return s.cfg.Kept(ctx, scope, a)
}

func (s *Service) listArchives(ctx context.Context, caller wire.Caller, in *sdk.ListArchivesInput) (*sdk.ListArchivesOutput, error) {
	if err := checkEnum(in.State, "state", in.State.Values()); err != nil {
		return nil, err
	}
	var all []state.EventArchive
	err := s.view(ctx, func(r store.Reader) error {
		all = nil
		for _, a := range store.EventArchives.List(r, caller.Scope, aws.ToString(in.NamePrefix)) {
			if source := aws.ToString(in.EventSourceArn); (source == "" || source == busARN(caller.Scope, a.Bus)) && (in.State == "" || in.State == types.ArchiveStateEnabled) {
				all = append(all, a)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	list, next, err := page("archives", all, func(a state.EventArchive) string { return a.Name }, in.NextToken, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &sdk.ListArchivesOutput{Archives: []types.Archive{}, NextToken: next}
	for _, a := range list {
		n, size, err := s.kept(ctx, caller.Scope, a)
		if err != nil {
			return nil, err
		}
		out.Archives = append(out.Archives, types.Archive{
			ArchiveName: &a.Name, EventSourceArn: aws.String(busARN(caller.Scope, a.Bus)), RetentionDays: &a.RetentionDays,
			State: types.ArchiveStateEnabled, CreationTime: &a.CreatedAt, EventCount: n, SizeBytes: size,
		})
	}
	return out, nil
}
