package ecs

import (
	"context"
	"fmt"

	"github.com/hatoba/hatoba/internal/defaultnetwork"
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
		return defaultnetwork.Put(w, scope, s.cfg.VPCRange)
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
