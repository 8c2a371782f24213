package dispatch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"golang.org/x/sync/errgroup"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// maxSecretReads bounds the parallel reads for one task.
const maxSecretReads = 8

// Material implements protocol.Session.
func (s *session) Material(ctx context.Context, key state.Key) (protocol.Material, error) {
	task, def, err := s.task(ctx, key)
	if err != nil {
		return protocol.Material{}, err
	}
	var (
		mu  sync.Mutex
		out = protocol.Material{Environment: map[string]map[string]string{}}
	)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxSecretReads)
	files := map[string]map[string]string{}
	plans := state.Effective(task, def)
	for _, c := range plans {
		if len(c.EnvironmentFiles) > 0 {
			group.Go(func() error {
				variables, err := s.environmentFiles(ctx, key.Scope(), c)
				mu.Lock()
				defer mu.Unlock()
				files[c.Name] = variables
				return err
			})
		}
		for _, secret := range c.Secrets {
			group.Go(func() error {
				value, err := s.cfg.Secrets.ResolveTaskSecret(ctx, key.Scope(), secret.ValueFrom)
				if err != nil {
					return refusal(err, c.Name)
				}
				mu.Lock()
				defer mu.Unlock()
				if out.Environment[c.Name] == nil {
					out.Environment[c.Name] = map[string]string{}
				}
				out.Environment[c.Name][secret.Name] = value
				return nil
			})
		}
	}
	if err := group.Wait(); err != nil {
		return protocol.Material{}, err
	}
	for name, variables := range files {
		if out.Environment[name] == nil {
			out.Environment[name] = map[string]string{}
		}
		maps.Copy(out.Environment[name], variables) // secrets are not among them
	}
	return out, nil
}

// refusal turns an error into one the node puts on the task. The end of the
// caller's context is nobody's refusal: the node asks again.
func refusal(err error, container string) error {
	var r *protocol.Refusal
	if errors.As(err, &r) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	r = protocol.Refuse("%s", err)
	r.Container = container
	return r
}

// ImageSource implements protocol.Session.
func (s *session) ImageSource(ctx context.Context, key state.Key, ref string) (protocol.ImageSource, error) {
	task, def, err := s.task(ctx, key)
	if err != nil {
		return protocol.ImageSource{}, err
	}
	credentials := ""
	for _, c := range def.Definition.ContainerDefinitions {
		if r := c.RepositoryCredentials; r != nil && aws.ToString(c.Image) == ref && credentials == "" {
			credentials = aws.ToString(r.CredentialsParameter)
		}
	}
	return s.cfg.Images.Source(ctx, key.Scope(), state.FixedImage(task, def, ref), credentials)
}

// OpenLogStream implements protocol.Session.
func (s *session) OpenLogStream(ctx context.Context, stream protocol.LogStream, createGroup bool) error {
	return s.cfg.Logs.OpenStream(ctx, stream, createGroup)
}

// ShipLogs implements protocol.Session.
func (s *session) ShipLogs(ctx context.Context, batch protocol.LogBatch) error {
	return s.cfg.Logs.Ship(ctx, batch)
}

// task reads a task of this node with its definition.
func (s *session) task(ctx context.Context, key state.Key) (task state.Task, def state.TaskDefinition, err error) {
	err = s.cfg.Store.View(ctx, func(r store.Reader) error {
		var ok bool
		if task, ok = store.Tasks.Get(r, key); !ok || task.Placement.Node != s.node {
			return fmt.Errorf("task %s is not on node %s", key.ID, s.node)
		}
		def, ok = store.TaskDefinitions.Get(r, key.Scope().Key(state.TaskDefinitionID(task.Spec.Family, task.Spec.Revision)))
		if !ok {
			return fmt.Errorf("task %s: its definition is gone", key.ID)
		}
		return nil
	})
	return task, def, err
}

// RecordHistory implements protocol.Session.
func (s *session) RecordHistory(ctx context.Context, task state.Key, events []state.TaskEvent) error {
	return s.cfg.History.Append(ctx, task.ID, events)
}
