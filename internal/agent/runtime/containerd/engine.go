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
	"time"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/cmd/containerd/server"
	srvconfig "github.com/containerd/containerd/v2/cmd/containerd/server/config"
	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/plugins"
	"github.com/containerd/containerd/v2/plugins/snapshots/overlay/overlayutils"
	"github.com/containerd/containerd/v2/version"
	"github.com/containerd/plugin"
	"github.com/containerd/plugin/registry"

	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/image/transport"
	"github.com/hatoba/hatoba/internal/keylock"
)

// Config is where the engine lives and what it runs containers with.
type Config struct {
	Root     string // images, snapshots, exits: survives restarts
	RunDir   string // sockets and bundles: at most 40 bytes long, gone after a reboot
	Instance string // short id, part of cgroup names
	Shim     string // absolute path of hatoba-shim; it must stay while containers of it are there
	Runtime  string // OCI runtime: a name on PATH or a path
	Log      *slog.Logger
	Patience time.Duration // with the OCI runtime; 0: what ECS has
	// Room ends pulls for which the disk has no room: a layer of a few bytes can
	// unpack to more than any disk. nil: never.
	Room func() error `json:"-"`
}

// maxRunDir leaves room for the names of sockets below it: the address of a
// unix socket is at most 107 bytes long.
const maxRunDir = 40

// namespace is where everything of ours is kept inside containerd.
const namespace = "hatoba"

// Engine is a runtime.Engine on an embedded containerd.
type Engine struct {
	cfg         Config
	server      *server.Server
	client      *containerd.Client
	snapshotter string
	transports  transport.Set // of all pulls
	pulls       keylock.Locks
	clamped     sync.Once

	mu      sync.Mutex
	tasks   map[string]*taskUse  // by task id
	used    map[string]time.Time // of images, by name, in this life
	secrets map[string][]string  // environment of containers created and not yet started
}

var _ runtime.Engine = (*Engine)(nil)

// clientKey is the context key under which Open hands in where the in-process
// client goes.
type clientKey struct{}

var registerOnce sync.Once

// register adds the plugin that hands out an in-process client, without a
// socket between it and the services.
func register() {
	registerDiffer()
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
// Two engines must not share a Root.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	binary, err := exec.LookPath(cfg.Runtime)
	if err != nil {
		return nil, fmt.Errorf("no OCI runtime %q: install one, for example: apt-get install runc", cfg.Runtime)
	}
	cfg.Runtime = binary
	if len(cfg.RunDir) > maxRunDir {
		return nil, fmt.Errorf("run directory %s is longer than %d bytes, which sockets below it need", cfg.RunDir, maxRunDir)
	}
	for _, dir := range []string{cfg.noteDir(), cfg.RunDir} {
		if err := os.MkdirAll(dir, 0o711); err != nil {
			return nil, err
		}
	}
	registerOnce.Do(register)
	redirectLog(cfg.Log)
	e := &Engine{cfg: cfg, tasks: map[string]*taskUse{}, secrets: map[string][]string{}, used: map[string]time.Time{}}
	e.snapshotter = e.chooseSnapshotter()
	if err := makeCgroup(cfg.shimCgroup(), limits{}); err != nil {
		return nil, fmt.Errorf("cgroup of the shims: %w", err)
	}
	ctx = context.WithoutCancel(ctx)
	if err := errors.Join(cfg.sweepSnapshotDirs(ctx, e.snapshotter), cfg.sweepBundles()); err != nil {
		return nil, fmt.Errorf("what an earlier life left: %w", err)
	}
	if err := e.serve(ctx); err != nil {
		return nil, fmt.Errorf("start the embedded containerd: %w", err)
	}
	e.spreadSnapshots()
	if err := e.adopt(e.context(ctx)); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// serve brings the embedded containerd up.
func (e *Engine) serve(ctx context.Context) (err error) {
	sc := e.cfg.server()
	if err := server.CreateTopLevelDirectories(sc); err != nil {
		return err
	}
	if err := mount.SetTempMountLocation(filepath.Join(sc.Root, "tmpmounts")); err != nil {
		return err
	}
	if _, err := mount.CleanupTempMounts(0); err != nil {
		e.cfg.Log.Warn("left-over temporary mounts", "error", err)
	}
	e.server, err = server.New(context.WithValue(ctx, clientKey{}, &e.client), sc)
	if err != nil {
		return err
	}
	if e.client == nil {
		e.server.Stop()
		return errors.New("it handed out no client")
	}
	if err := e.server.Start(ctx); err != nil {
		e.server.Stop()
		return err
	}
	return nil
}

// chooseSnapshotter takes overlayfs where the file system below Root carries
// it, and plain copies where it does not.
func (e *Engine) chooseSnapshotter() string {
	if err := overlayutils.Supported(filepath.Join(e.cfg.Root, "containerd")); err != nil {
		e.cfg.Log.Warn("no overlayfs here: every container gets a full copy of its image", "error", err)
		return "native"
	}
	return "overlayfs"
}

// Close stops the embedded containerd. Containers go on; where there are none,
// the instance's cgroup goes.
func (e *Engine) Close() error {
	e.server.Stop()
	e.transports.CloseIdle()
	err := e.client.Close()
	e.sweepSockets()
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.tasks) == 0 {
		err = errors.Join(err, removeCgroups(e.cfg.instanceCgroup()))
	}
	return err
}

// context puts ctx into our containerd namespace.
func (e *Engine) context(ctx context.Context) context.Context {
	return namespaced(ctx)
}

func namespaced(ctx context.Context) context.Context {
	return namespaces.WithNamespace(ctx, namespace)
}

func (c Config) noteDir() string { return filepath.Join(c.Root, "notes") }

// notePath is where the shim notes a container's start and end.
func (c Config) notePath(id string) string { return filepath.Join(c.noteDir(), id+".json") }

func (c Config) socketDir() string { return filepath.Join(c.RunDir, "s") }

// server is the embedded containerd's configuration.
func (c Config) server() *srvconfig.Config {
	return &srvconfig.Config{
		Version: version.ConfigVersion,
		Root:    filepath.Join(c.Root, "containerd"),
		State:   filepath.Join(c.RunDir, "c"),
		Plugins: map[string]any{
			"io.containerd.server.v1.ttrpc":         map[string]any{"address": filepath.Join(c.RunDir, "c.sock.ttrpc")},
			"io.containerd.shim.v1.manager":         map[string]any{"socket_dir": c.socketDir()},
			"io.containerd.service.v1.diff-service": map[string]any{"default": []string{differName}},
			// The disk space of a deleted container is freed soon after, and not
			// some hundred changes later.
			"io.containerd.gc.v1.scheduler": map[string]any{"deletion_threshold": 1, "schedule_delay": "1s"},
		},
		RequiredPlugins: []string{"io.containerd.internal.v1.hatoba-client"},
	}
}
