package ecs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/aws/ecs/fields"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) updateCluster(ctx context.Context, caller wire.Caller, in *ecs.UpdateClusterInput) (*ecs.UpdateClusterOutput, error) {
	if err := checkSettings(in.Settings); err != nil {
		return nil, err
	}
	if err := refusal(fields.UpdateCluster(), in); err != nil {
		return nil, err
	}
	if err := checkExecConfiguration(in.Configuration); err != nil {
		return nil, err
	}
	if err := checkConnectDefaults(in.ServiceConnectDefaults); err != nil {
		return nil, err
	}
	cluster, err := s.changeCluster(ctx, caller.Scope, in.Cluster, func(w store.Writer, c *state.Cluster) (err error) {
		if in.ServiceConnectDefaults != nil {
			if c.ServiceConnectDefaults, err = s.connectDefaults(w, caller.Scope, in.ServiceConnectDefaults); err != nil {
				return err
			}
		}
		c.Settings = mergeSettings("", c.Settings, in.Settings)
		if in.Configuration != nil {
			c.Configuration = in.Configuration
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ecs.UpdateClusterOutput{Cluster: cluster}, nil
}

func (s *Service) updateClusterSettings(ctx context.Context, caller wire.Caller, in *ecs.UpdateClusterSettingsInput) (*ecs.UpdateClusterSettingsOutput, error) {
	if err := refusal(fields.UpdateClusterSettings(), in); err != nil {
		return nil, err
	}
	if len(in.Settings) == 0 {
		return nil, invalid("settings can not be empty.")
	}
	if err := checkSettings(in.Settings); err != nil {
		return nil, err
	}
	cluster, err := s.changeCluster(ctx, caller.Scope, in.Cluster, func(_ store.Writer, c *state.Cluster) error {
		c.Settings = mergeSettings("", c.Settings, in.Settings)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ecs.UpdateClusterSettingsOutput{Cluster: cluster}, nil
}

// changeCluster changes an active cluster, which the request must name.
func (s *Service) changeCluster(ctx context.Context, scope state.Scope, id *string, change func(store.Writer, *state.Cluster) error) (*types.Cluster, error) {
	if aws.ToString(id) == "" {
		return nil, invalid("cluster can not be empty.")
	}
	var out *types.Cluster
	err := s.update(ctx, func(w store.Writer) error {
		c, err := activeCluster(w, scope, id)
		if err != nil {
			return err
		}
		if err := change(w, &c); err != nil {
			return err
		}
		out = clusterShape(c, countTasks(w, scope)[c.Name], everything)
		return store.Clusters.Put(w, scope.Key(c.Name), c)
	})
	return out, err
}
