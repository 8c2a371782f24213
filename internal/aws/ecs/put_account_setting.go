package ecs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) putAccountSetting(ctx context.Context, caller wire.Caller, in *ecs.PutAccountSettingInput) (*ecs.PutAccountSettingOutput, error) {
	who, err := principal(caller, in.PrincipalArn)
	if err != nil {
		return nil, err
	}
	if in.Name == types.SettingNameFargateTaskRetirementWaitPeriod && who != rootARN(caller.Scope) {
		return nil, invalid("The setting %s can only be set for the root user.", in.Name)
	}
	set, err := s.putSetting(ctx, caller.Scope, who, in.Name, aws.ToString(in.Value))
	return &ecs.PutAccountSettingOutput{Setting: set}, err
}

// putAccountSettingDefault is for everybody who has no setting of their own.
func (s *Service) putAccountSettingDefault(ctx context.Context, caller wire.Caller, in *ecs.PutAccountSettingDefaultInput) (*ecs.PutAccountSettingDefaultOutput, error) {
	set, err := s.putSetting(ctx, caller.Scope, rootARN(caller.Scope), in.Name, aws.ToString(in.Value))
	return &ecs.PutAccountSettingDefaultOutput{Setting: set}, err
}

func (s *Service) putSetting(ctx context.Context, scope state.Scope, who string, name types.SettingName, value string) (*types.Setting, error) {
	a, err := settingNamed(name)
	if err != nil {
		return nil, err
	}
	if err := a.check(value); err != nil {
		return nil, err
	}
	err = s.update(ctx, func(w store.Writer) error {
		return store.AccountSettings.Put(w, scope.Key(state.AccountSettingID(who, string(name))), state.AccountSetting{Name: string(name), Value: value, Principal: who})
	})
	shape := settingShape(a, value, who)
	return &shape, err
}

// deleteAccountSetting gives a principal the account's setting again.
func (s *Service) deleteAccountSetting(ctx context.Context, caller wire.Caller, in *ecs.DeleteAccountSettingInput) (*ecs.DeleteAccountSettingOutput, error) {
	a, err := settingNamed(in.Name)
	if err != nil {
		return nil, err
	}
	if a.values == nil {
		return nil, a.check("")
	}
	who, err := principal(caller, in.PrincipalArn)
	if err != nil {
		return nil, err
	}
	var shape types.Setting
	err = s.update(ctx, func(w store.Writer) error {
		store.AccountSettings.Delete(w, caller.Scope.Key(state.AccountSettingID(who, string(in.Name))))
		value, _ := effective(w, caller.Scope, who, a)
		shape = settingShape(a, value, who)
		return nil
	})
	return &ecs.DeleteAccountSettingOutput{Setting: &shape}, err
}
