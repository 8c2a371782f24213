package dispatch

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/hatoba/hatoba/internal/envfile"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// fileTime is how long the environment files of a container may take, as in
// ECS's agent.
const fileTime = 30 * time.Second

// environmentFiles reads a container's environment files and returns what
// they give it: nothing that the definition or a secret gives already.
func (s *session) environmentFiles(ctx context.Context, scope state.Scope, c state.ContainerPlan) (map[string]string, error) {
	refuse := func(arn string, err error) error {
		if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.DeadlineExceeded) {
			return cause // the node asks again
		}
		r := protocol.Refuse("ResourceInitializationError: failed to download env files: %s (%s)", err, arn)
		r.Container = c.Name
		return r
	}
	ctx, cancel := context.WithTimeout(ctx, fileTime)
	defer cancel()
	var files [][]state.Variable
	for _, arn := range c.EnvironmentFiles {
		if s.cfg.Files == nil {
			return nil, refuse(arn, errors.New("there is no S3 here"))
		}
		content, err := s.cfg.Files.ReadTaskFile(ctx, scope, arn)
		if err != nil {
			return nil, refuse(arn, err)
		}
		variables, err := envfile.Parse(content)
		if err != nil {
			return nil, refuse(arn, err)
		}
		files = append(files, variables)
	}
	return envfile.Merge(func(name string) bool {
		return slices.ContainsFunc(c.Environment, func(v state.Variable) bool { return v.Name == name }) ||
			slices.ContainsFunc(c.Secrets, func(r state.SecretReference) bool { return r.Name == name })
	}, files...), nil
}
