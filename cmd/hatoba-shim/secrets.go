package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	taskapi "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/opencontainers/runtime-spec/specs-go"
	"google.golang.org/protobuf/types/known/emptypb"
)

// revealIn puts secret variables into the bundle's config.json while the
// runtime reads it, and returns what takes them out again. The bundle is on a
// memory file system.
func revealIn(bundle string, secrets []string) (restore func() error, err error) {
	if len(secrets) == 0 {
		return func() error { return nil }, nil
	}
	path := filepath.Join(bundle, "config.json")
	original, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var spec specs.Spec
	if err := json.Unmarshal(original, &spec); err != nil {
		return nil, err
	}
	spec.Process.Env = withSecrets(spec.Process.Env, secrets)
	revealed, err := json.Marshal(spec)
	if err != nil {
		return nil, err
	}
	return func() error { return os.WriteFile(path, original, 0o600) }, os.WriteFile(path, revealed, 0o600)
}

// withSecrets sets variables, in the place of plain ones of their names.
func withSecrets(env, secrets []string) []string {
	out := slices.Clone(env)
	for _, secret := range secrets {
		name, _, _ := strings.Cut(secret, "=")
		out = slices.DeleteFunc(out, func(kv string) bool { return strings.HasPrefix(kv, name+"=") })
	}
	return append(out, secrets...)
}

// Exec gives a command run inside a container the container's secrets too.
func (s *service) Exec(ctx context.Context, r *taskapi.ExecProcessRequest) (*emptypb.Empty, error) {
	if c := s.find(r.ID); c != nil && len(c.out.SecretEnv) > 0 && r.Spec != nil {
		var process specs.Process
		if err := json.Unmarshal(r.Spec.Value, &process); err != nil {
			return nil, err
		}
		process.Env = withSecrets(process.Env, c.out.SecretEnv)
		value, err := json.Marshal(process)
		if err != nil {
			return nil, err
		}
		r.Spec.Value = value
	}
	return s.TTRPCTaskService.Exec(ctx, r)
}
