package kms

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/hatoba/hatoba/internal/secrets/kmskey"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire"
)

const (
	usualRotation = 365 // days
	// maxOnDemand is how often a key can be rotated on demand, as in KMS.
	maxOnDemand = 25
)

// rotate adds a generation. A copy of the slice: records are shared.
func (s *Service) rotate(scope state.Scope, key *state.KMSKey, now time.Time, onDemand bool) error {
	material, err := s.ring.NewMaterial(scope.Key(key.ID), len(key.Material), now, onDemand)
	if err != nil {
		return err
	}
	key.Material = append(slices.Clone(key.Material), material)
	return nil
}

func (s *Service) enableKeyRotation(ctx context.Context, caller wire.Caller, in *sdk.EnableKeyRotationInput) (*sdk.EnableKeyRotationOutput, error) {
	period := int32(usualRotation)
	if in.RotationPeriodInDays != nil {
		if period = *in.RotationPeriodInDays; period < 90 || period > 2560 {
			return nil, constraint(fmt.Sprint(period), "rotationPeriodInDays", wire.ValueWithin(int(period), 90, 2560))
		}
	}
	return &sdk.EnableKeyRotationOutput{}, s.change(ctx, caller.Scope, in.KeyId, func(key *state.KMSKey) error {
		if err := kmskey.Usable(*key); err != nil {
			return err
		}
		if key.RotationDays != period {
			next := s.now().UTC().Add(day(period))
			key.RotationDays, key.RotateAt = period, &next
		}
		return nil
	})
}

func (s *Service) disableKeyRotation(ctx context.Context, caller wire.Caller, in *sdk.DisableKeyRotationInput) (*sdk.DisableKeyRotationOutput, error) {
	return &sdk.DisableKeyRotationOutput{}, s.change(ctx, caller.Scope, in.KeyId, func(key *state.KMSKey) error {
		if err := kmskey.Usable(*key); err != nil {
			return err
		}
		key.RotationDays, key.RotateAt = 0, nil
		return nil
	})
}

func (s *Service) getKeyRotationStatus(ctx context.Context, caller wire.Caller, in *sdk.GetKeyRotationStatusInput) (*sdk.GetKeyRotationStatusOutput, error) {
	key, err := s.find(ctx, caller.Scope, in.KeyId)
	if err != nil {
		return nil, err
	}
	out := &sdk.GetKeyRotationStatusOutput{KeyId: aws.String(key.ARN), KeyRotationEnabled: key.RotationDays > 0 && key.State != types.KeyStatePendingDeletion}
	if out.KeyRotationEnabled {
		out.RotationPeriodInDays, out.NextRotationDate = aws.Int32(key.RotationDays), key.RotateAt
	}
	return out, nil
}

func (s *Service) rotateKeyOnDemand(ctx context.Context, caller wire.Caller, in *sdk.RotateKeyOnDemandInput) (*sdk.RotateKeyOnDemandOutput, error) {
	out := &sdk.RotateKeyOnDemandOutput{}
	return out, s.change(ctx, caller.Scope, in.KeyId, func(key *state.KMSKey) error {
		if err := kmskey.Usable(*key); err != nil {
			return err
		}
		done := 0
		for _, m := range key.Material {
			if m.OnDemand {
				done++
			}
		}
		if done >= maxOnDemand {
			return &types.LimitExceededException{Message: aws.String(fmt.Sprintf("The key was rotated on demand %d times, which is the limit.", maxOnDemand))}
		}
		out.KeyId = aws.String(key.ARN)
		return s.rotate(caller.Scope, key, s.now().UTC(), true)
	})
}

func (s *Service) listKeyRotations(ctx context.Context, caller wire.Caller, in *sdk.ListKeyRotationsInput) (*sdk.ListKeyRotationsOutput, error) {
	if in.IncludeKeyMaterial != "" && in.IncludeKeyMaterial != types.IncludeKeyMaterialRotationsOnly {
		return nil, unsupported("IncludeKeyMaterial " + string(in.IncludeKeyMaterial))
	}
	key, err := s.find(ctx, caller.Scope, in.KeyId)
	if err != nil {
		return nil, err
	}
	rotations, next, err := cut("rotations", key.Material[1:], in.Limit, in.Marker, 1000)
	if err != nil {
		return nil, err
	}
	out := &sdk.ListKeyRotationsOutput{Rotations: []types.RotationsListEntry{}, Truncated: next != nil, NextMarker: next}
	for _, m := range rotations {
		kind := types.RotationTypeAutomatic
		if m.OnDemand {
			kind = types.RotationTypeOnDemand
		}
		out.Rotations = append(out.Rotations, types.RotationsListEntry{KeyId: aws.String(key.ARN), RotationDate: aws.Time(m.CreatedAt), RotationType: kind})
	}
	return out, nil
}
