package kms

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/hatoba/hatoba/internal/secrets/kmskey"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) enableKey(ctx context.Context, caller wire.Caller, in *sdk.EnableKeyInput) (*sdk.EnableKeyOutput, error) {
	return &sdk.EnableKeyOutput{}, s.change(ctx, caller.Scope, in.KeyId, func(key *state.KMSKey) error {
		err := pending(key)
		key.State = types.KeyStateEnabled
		return err
	})
}

func (s *Service) disableKey(ctx context.Context, caller wire.Caller, in *sdk.DisableKeyInput) (*sdk.DisableKeyOutput, error) {
	return &sdk.DisableKeyOutput{}, s.change(ctx, caller.Scope, in.KeyId, func(key *state.KMSKey) error {
		err := pending(key)
		key.State = types.KeyStateDisabled
		return err
	})
}

func (s *Service) scheduleKeyDeletion(ctx context.Context, caller wire.Caller, in *sdk.ScheduleKeyDeletionInput) (*sdk.ScheduleKeyDeletionOutput, error) {
	window := int32(30)
	if in.PendingWindowInDays != nil {
		if window = *in.PendingWindowInDays; window < 7 || window > 30 {
			return nil, constraint(fmt.Sprint(window), "pendingWindowInDays", wire.ValueWithin(int(window), 7, 30))
		}
	}
	out := &sdk.ScheduleKeyDeletionOutput{PendingWindowInDays: &window}
	err := s.change(ctx, caller.Scope, in.KeyId, func(key *state.KMSKey) error {
		if err := pending(key); err != nil {
			return err
		}
		at := s.now().UTC().Add(day(window))
		key.State, key.DeleteAt = types.KeyStatePendingDeletion, &at
		out.KeyId, out.KeyState, out.DeletionDate = aws.String(key.ARN), key.State, key.DeleteAt
		return nil
	})
	return out, err
}

func (s *Service) cancelKeyDeletion(ctx context.Context, caller wire.Caller, in *sdk.CancelKeyDeletionInput) (*sdk.CancelKeyDeletionOutput, error) {
	out := &sdk.CancelKeyDeletionOutput{}
	return out, s.change(ctx, caller.Scope, in.KeyId, func(key *state.KMSKey) error {
		if key.State != types.KeyStatePendingDeletion {
			return &types.KMSInvalidStateException{Message: aws.String(key.ARN + " is not pending deletion.")}
		}
		key.State, key.DeleteAt = types.KeyStateDisabled, nil
		out.KeyId = aws.String(key.ARN)
		return nil
	})
}

// every is how often Run looks. Windows are days; AWS promises no moment.
const every = time.Hour

// Run deletes keys whose window has ended, with what names them, and rotates
// those whose time has come, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := s.tend(ctx, s.now().UTC()); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (s *Service) tend(ctx context.Context, now time.Time) error {
	var due []state.Key
	err := s.store.View(ctx, func(r store.Reader) error {
		for at, key := range store.KMSKeys.List(r, state.Scope{}, "") {
			if ended(key, now) || rotates(key, now) {
				due = append(due, at)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("look for KMS keys to tend: %w", err)
	}
	for _, at := range due {
		err := s.store.Update(ctx, func(w store.Writer) error {
			key, ok := store.KMSKeys.Get(w, at)
			switch {
			case ok && ended(key, now):
				for _, alias := range aliasesOf(w, at.Scope(), key.ID) {
					store.KMSAliases.Delete(w, at.Scope().Key(alias.Name))
				}
				store.KMSKeys.Delete(w, at)
			case ok && rotates(key, now):
				if err := s.rotate(at.Scope(), &key, now, false); err != nil {
					return err
				}
				next := now.Add(day(key.RotationDays))
				key.RotateAt = &next
				return store.KMSKeys.Put(w, at, key)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("tend KMS key %s: %w", at.ID, err)
		}
	}
	return nil
}

func ended(key state.KMSKey, now time.Time) bool {
	return key.State == types.KeyStatePendingDeletion && key.DeleteAt != nil && !now.Before(*key.DeleteAt)
}

func rotates(key state.KMSKey, now time.Time) bool {
	return kmskey.Usable(key) == nil && key.RotationDays > 0 && key.RotateAt != nil && !now.Before(*key.RotateAt)
}
