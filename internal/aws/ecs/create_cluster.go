package ecs

import (
	"context"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/aws/ecs/fields"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) createCluster(ctx context.Context, caller wire.Caller, in *ecs.CreateClusterInput) (*ecs.CreateClusterOutput, error) {
	name := aws.ToString(in.ClusterName)
	if name == "" {
		name = defaultCluster
	}
	if !resourceName.MatchString(name) {
		return nil, invalid("Invalid cluster name. Up to 255 letters (uppercase and lowercase), numbers, hyphens, and underscores are allowed.")
	}
	if err := checkSettings(in.Settings); err != nil {
		return nil, err
	}
	if err := checkProviders(in.CapacityProviders, in.DefaultCapacityProviderStrategy); err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	if err := refusal(fields.CreateCluster(), in); err != nil {
		return nil, err
	}
	if err := checkExecConfiguration(in.Configuration); err != nil {
		return nil, err
	}
	if err := checkConnectDefaults(in.ServiceConnectDefaults); err != nil {
		return nil, err
	}
	wanted := state.Cluster{
		Name: name, ARN: caller.Scope.ClusterARN(name), Status: active, CreatedAt: s.cfg.Now(),
		Settings: mergeSettings("", nil, in.Settings), Configuration: in.Configuration,
		CapacityProviders: in.CapacityProviders, DefaultCapacityProviderStrategy: in.DefaultCapacityProviderStrategy,
		Tags: mergeTags(nil, in.Tags),
	}
	var out *ecs.CreateClusterOutput
	err := s.update(ctx, func(w store.Writer) (err error) {
		if wanted.ServiceConnectDefaults, err = s.connectDefaults(w, caller.Scope, in.ServiceConnectDefaults); err != nil {
			return err
		}
		key := caller.Scope.Key(name)
		c, ok := store.Clusters.Get(w, key)
		if !ok || c.Status != active {
			c = wanted
			c.Settings = mergeSettings(setting(w, caller, types.SettingNameContainerInsights), nil, in.Settings)
			if err := store.Clusters.Put(w, key, c); err != nil {
				return err
			}
		} else if !sameCluster(in, c, wanted) {
			return invalid("Arguments on this idempotent request are inconsistent with arguments used in previous request(s).")
		}
		out = &ecs.CreateClusterOutput{Cluster: clusterShape(c, countTasks(w, caller.Scope)[name], everything)}
		return nil
	})
	return out, err
}

// sameCluster tells whether a repeated request asks for nothing else than what
// exists. What it does not mention is not asked for.
func sameCluster(in *ecs.CreateClusterInput, have, wanted state.Cluster) bool {
	return (len(in.Settings) == 0 || reflect.DeepEqual(have.Settings, wanted.Settings)) &&
		(in.Configuration == nil || reflect.DeepEqual(have.Configuration, wanted.Configuration)) &&
		(wanted.ServiceConnectDefaults == nil || reflect.DeepEqual(have.ServiceConnectDefaults, wanted.ServiceConnectDefaults)) &&
		(len(in.CapacityProviders) == 0 || reflect.DeepEqual(have.CapacityProviders, wanted.CapacityProviders)) &&
		(len(in.DefaultCapacityProviderStrategy) == 0 ||
			reflect.DeepEqual(have.DefaultCapacityProviderStrategy, wanted.DefaultCapacityProviderStrategy))
}
