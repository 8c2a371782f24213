package ecs

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// defaultCluster is the cluster of requests that name none.
const defaultCluster = "default"

// Bootstrap makes what an account finds in a region before it made anything:
// the cluster "default" and the default network. What exists stays as it is;
// a deleted default cluster stays deleted.
func (s *Service) Bootstrap(ctx context.Context, scope state.Scope) error {
	now := s.cfg.Now()
	err := s.update(ctx, func(w store.Writer) error {
		if _, ok := store.Clusters.Get(w, scope.Key(defaultCluster)); !ok {
			if err := store.Clusters.Put(w, scope.Key(defaultCluster), newDefaultCluster(scope, now)); err != nil {
				return err
			}
		}
		return putDefaultNetwork(w, scope, s.cfg.VPCRange)
	})
	if err != nil {
		return fmt.Errorf("make the defaults of account %s in %s: %w", scope.Account, scope.Region, err)
	}
	return nil
}

// open bootstraps a scope the first time it is used.
func (s *Service) open(ctx context.Context, scope state.Scope) error {
	s.mu.Lock()
	known := s.opened[scope]
	s.mu.Unlock()
	if known {
		return nil
	}
	if err := s.Bootstrap(ctx, scope); err != nil {
		return err
	}
	s.mu.Lock()
	s.opened[scope] = true
	s.mu.Unlock()
	return nil
}

// putDefaultNetwork makes the default VPC, its subnets and its security group
// in the scope, if it has no default VPC yet.
func putDefaultNetwork(w store.Writer, scope state.Scope, cidr netip.Prefix) error {
	for _, vpc := range store.VPCs.List(w, scope, "") {
		if vpc.IsDefault {
			return nil
		}
	}
	vpc, subnets, group, err := state.DefaultNetwork(scope, cidr)
	if err != nil {
		return err
	}
	if err := store.VPCs.Put(w, scope.Key(vpc.ID), vpc); err != nil {
		return err
	}
	for _, subnet := range subnets {
		if err := store.Subnets.Put(w, scope.Key(subnet.ID), subnet); err != nil {
			return err
		}
	}
	return store.SecurityGroups.Put(w, scope.Key(group.ID), group)
}
