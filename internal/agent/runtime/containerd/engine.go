// Package containerd runs containers on a containerd embedded in this process.
// The containers' shims are processes of their own, so that they outlive it.
package containerd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/cmd/containerd/server"
	srvconfig "github.com/containerd/containerd/v2/cmd/containerd/server/config"
	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/plugins"
	"github.com/containerd/containerd/v2/version"
	"github.com/containerd/plugin"
	"github.com/containerd/plugin/registry"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

// Config is where the engine lives and what it runs containers with.
type Config struct {
	Root     string // images, snapshots, exits: survives restarts
	RunDir   string // sockets and bundles: a short path, gone after a reboot
	Instance string // short id, part of cgroup names
	Shim     string // absolute path of hatoba-shim, its name containerd-shim-runc-v2
	Runtime  string // OCI runtime: a name on PATH or a path
	Log      *slog.Logger
}

// namespace is where everything of ours is kept inside containerd.
const namespace = "hatoba"

// Engine is a runtime.Engine on an embedded containerd.
type Engine struct {
	cfg         Config
	server      *server.Server
	client      *containerd.Client
	snapshotter string
	pulls       singleFlight

	mu    sync.Mutex
	tasks map[string]*cgroupUse // parent cgroups by task id
}

var _ runtime.Engine = (*Engine)(nil)

// clientKey is the context key under which Open hands in where the in-process
// client goes.
type clientKey struct{}

var registerOnce sync.Once

// register adds the plugin that hands out an in-process client, without a
// socket between it and the services.
func register() {
	registry.Register(&plugin.Registration{
		Type: plugins.InternalPlugin,
		ID:   "hatoba-client",
		Requires: []plugin.Type{
			plugins.EventPlugin, plugins.LeasePlugin, plugins.SandboxStorePlugin,
			plugins.TransferPlugin, plugins.MountManagerPlugin, plugins.ServicePlugin,
		},
		InitFn: func(ic *plugin.InitContext) (any, error) {
			into, ok := ic.Context.Value(clientKey{}).(**containerd.Client)
			if !ok {
				return nil, plugin.ErrSkipPlugin
			}
			c, err := containerd.New("", containerd.WithDefaultNamespace(namespace), containerd.WithInMemoryServices(ic))
			*into = c
			return c, err
		},
	})
}

// Open starts the embedded containerd and takes up the containers it finds.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	binary, err := exec.LookPath(cfg.Runtime)
	if err != nil {
		return nil, fmt.Errorf("no OCI runtime %q: install one, for example: apt-get install runc", cfg.Runtime)
	}
	cfg.Runtime = binary
	for _, dir := range []string{cfg.exitDir(), cfg.RunDir} {
		if err := os.MkdirAll(dir, 0o711); err != nil {
			return nil, err
		}
	}
	registerOnce.Do(register)
	redirectLog(cfg.Log)
	e := &Engine{cfg: cfg, snapshotter: "overlayfs", tasks: map[string]*cgroupUse{}}
	sc := cfg.server()
	if err := server.CreateTopLevelDirectories(sc); err != nil {
		return nil, err
	}
	if err := mount.SetTempMountLocation(filepath.Join(sc.Root, "tmpmounts")); err != nil {
		return nil, err
	}
	if _, err := mount.CleanupTempMounts(0); err != nil {
		cfg.Log.Warn("left-over temporary mounts", "error", err)
	}
	ctx = context.WithoutCancel(ctx)
	e.server, err = server.New(context.WithValue(ctx, clientKey{}, &e.client), sc)
	if err != nil {
		return nil, fmt.Errorf("start the embedded containerd: %w", err)
	}
	if e.client == nil {
		e.server.Stop()
		return nil, errors.New("the embedded containerd handed out no client")
	}
	if err := e.server.Start(ctx); err != nil {
		e.server.Stop()
		return nil, fmt.Errorf("start the embedded containerd: %w", err)
	}
	return e, e.adopt(e.context(ctx))
}

// Close stops the embedded containerd. Containers go on.
func (e *Engine) Close() error {
	e.server.Stop()
	return e.client.Close()
}

// context puts ctx into our containerd namespace.
func (e *Engine) context(ctx context.Context) context.Context {
	return namespaces.WithNamespace(ctx, namespace)
}

func (c Config) exitDir() string { return filepath.Join(c.Root, "exits") }

func (c Config) exitPath(id string) string { return filepath.Join(c.exitDir(), id+".json") }

// server is the embedded containerd's configuration.
func (c Config) server() *srvconfig.Config {
	return &srvconfig.Config{
		Version: version.ConfigVersion,
		Root:    filepath.Join(c.Root, "containerd"),
		State:   filepath.Join(c.RunDir, "c"),
		Plugins: map[string]any{
			"io.containerd.server.v1.ttrpc":         map[string]any{"address": filepath.Join(c.RunDir, "c.sock.ttrpc")},
			"io.containerd.shim.v1.manager":         map[string]any{"socket_dir": filepath.Join(c.RunDir, "s")},
			"io.containerd.monitor.task.v1.cgroups": map[string]any{"no_prometheus": true},
		},
		RequiredPlugins: []string{"io.containerd.internal.v1.hatoba-client"},
	}
}
