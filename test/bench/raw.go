package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	runcoptions "github.com/containerd/containerd/api/types/runc/options"
	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/cmd/containerd/server"
	srvconfig "github.com/containerd/containerd/v2/cmd/containerd/server/config"
	"github.com/containerd/containerd/v2/contrib/seccomp"
	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/containerd/v2/pkg/cio"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/containerd/containerd/v2/plugins"
	"github.com/containerd/containerd/v2/version"
	"github.com/containerd/errdefs"
	"github.com/containerd/plugin"
	"github.com/containerd/plugin/registry"
	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/sirupsen/logrus"

	"github.com/hatoba/hatoba/internal/agent/network"
	_ "github.com/hatoba/hatoba/internal/agent/runtime/containerd" // its choice of containerd's parts
)

// rawInstance names what the raw client makes on the machine.
const rawInstance = "bench"

// raw is the reference: containerd's own Go client on a containerd in this
// process, with Hatoba's shim, runc and task network, and nothing above it.
type raw struct {
	dir     string
	shim    string
	seccomp bool
	name    string
	shared  *rawEngine
}

// rawEngine is what both variants of raw run on.
type rawEngine struct {
	server  *server.Server
	client  *containerd.Client
	image   containerd.Image
	network *network.Network
	vpc     netip.Prefix
	count   atomic.Uint32
}

func openRawEngine(ctx context.Context, dir, archive string) (e *rawEngine, err error) {
	logrus.SetOutput(io.Discard)
	e = &rawEngine{}
	registry.Register(&plugin.Registration{
		Type: plugins.InternalPlugin, ID: "bench-client",
		Requires: []plugin.Type{
			plugins.EventPlugin, plugins.LeasePlugin, plugins.SandboxStorePlugin,
			plugins.TransferPlugin, plugins.MountManagerPlugin, plugins.ServicePlugin,
		},
		InitFn: func(ic *plugin.InitContext) (_ any, err error) {
			e.client, err = containerd.New("", containerd.WithDefaultNamespace("bench"), containerd.WithInMemoryServices(ic))
			return e.client, err
		},
	})
	sc := &srvconfig.Config{
		Version: version.ConfigVersion, Root: filepath.Join(dir, "root"), State: filepath.Join(dir, "c"),
		Plugins: map[string]any{
			"io.containerd.server.v1.ttrpc": map[string]any{"address": filepath.Join(dir, "c.sock.ttrpc")},
			"io.containerd.shim.v1.manager": map[string]any{"socket_dir": filepath.Join(dir, "s")},
		},
		RequiredPlugins: []string{plugins.InternalPlugin.String() + ".bench-client"},
	}
	if err := server.CreateTopLevelDirectories(sc); err != nil {
		return nil, err
	}
	if err := mount.SetTempMountLocation(filepath.Join(dir, "tmpmounts")); err != nil {
		return nil, err
	}
	if e.server, err = server.New(ctx, sc); err != nil {
		return nil, err
	}
	if err := e.server.Start(ctx); err != nil {
		return nil, err
	}
	if err := e.load(ctx, archive); err != nil {
		return nil, errors.Join(err, e.close(ctx))
	}
	return e, e.openNetwork(ctx, dir)
}

func (e *rawEngine) load(ctx context.Context, archive string) error {
	ctx = namespaces.WithNamespace(ctx, "bench")
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	images, err := e.client.Import(ctx, f)
	if err != nil {
		return err
	}
	if len(images) != 1 {
		return fmt.Errorf("the archive has %d images", len(images))
	}
	e.image = containerd.NewImage(e.client, images[0])
	return e.image.Unpack(ctx, "overlayfs")
}

func (e *rawEngine) openNetwork(ctx context.Context, dir string) error {
	cfg := network.Config{Instance: rawInstance, RunDir: dir, Log: slog.New(slog.DiscardHandler)}
	used, err := network.InUse(cfg.BridgeName())
	if err != nil {
		return err
	}
	if e.vpc, err = network.ChooseVPC(used); err != nil {
		return err
	}
	cfg.VPC = e.vpc
	e.network, err = network.Open(ctx, cfg)
	return err
}

func (e *rawEngine) close(ctx context.Context) (err error) {
	ctx = namespaces.WithNamespace(ctx, "bench")
	left, err := e.client.Containers(ctx) // of a run that was cut short
	for _, c := range left {
		err = errors.Join(err, e.remove(ctx, c))
	}
	if e.network != nil {
		err = errors.Join(err, e.network.Remove(ctx), e.network.Close())
	}
	e.server.Stop()
	for _, dir := range hierarchies() {
		_ = os.Remove(filepath.Join(dir, "hatoba-bench"))
	}
	return errors.Join(err, e.client.Close())
}

// hierarchies are cgroup v2's one, or all of v1's.
func hierarchies() []string {
	v1, _ := filepath.Glob("/sys/fs/cgroup/*")
	return append(v1, "/sys/fs/cgroup")
}

// next gives a container its id and address.
func (e *rawEngine) next() (id string, at netip.Addr) {
	n := e.count.Add(1)
	a := e.vpc.Masked().Addr().As4()
	a[2], a[3] = byte(10+n/200), byte(2+n%200)
	return fmt.Sprintf("raw%d", n), netip.AddrFrom4(a)
}

func (r *raw) title() string { return r.name }

// started is a running container of the raw client.
type started struct {
	log       string
	container containerd.Container
}

func (r *raw) start(ctx context.Context) (s started, phases []phase, err error) {
	e := r.shared
	id, at := e.next()
	s.log = filepath.Join(r.dir, id+".log")
	clock := newPhases()
	attached, err := e.network.Attach(ctx, network.Request{TaskID: id, Address: at, VPC: e.vpc, Gateway: network.Gateway(e.vpc)})
	if err != nil {
		return s, nil, err
	}
	clock.end("network")
	s.container, err = e.client.NewContainer(ctx, id,
		containerd.WithSnapshotter("overlayfs"), containerd.WithNewSnapshot(id, e.image),
		containerd.WithRuntime(r.shim, &runcoptions.Options{BinaryName: "runc", Root: filepath.Join(r.dir, "runc")}),
		containerd.WithNewSpec(r.spec(oci.WithImageConfig(e.image), id, attached.NetNS)...))
	if err != nil {
		return s, nil, err
	}
	clock.end("snapshot and spec")
	task, err := s.container.NewTask(ctx, cio.LogFile(s.log))
	if err != nil {
		return s, nil, err
	}
	clock.end("shim and runc create")
	if err = task.Start(ctx); err != nil {
		return s, nil, err
	}
	clock.end("runc start")
	return s, clock.all, nil
}

func (r *raw) spec(process oci.SpecOpts, id, netns string) []oci.SpecOpts {
	opts := []oci.SpecOpts{
		oci.WithDefaultSpec(), oci.WithDefaultUnixDevices, process,
		oci.WithCgroup("/hatoba-bench/" + id),
		oci.WithLinuxNamespace(specs.LinuxNamespace{Type: specs.NetworkNamespace, Path: netns}),
		noRlimits,
	}
	if r.seccomp {
		opts = append(opts, seccomp.WithDefaultProfile())
	}
	return opts
}

// noRlimits leaves the limits as they are: raising them needs a right that not
// every root has.
func noRlimits(_ context.Context, _ oci.Client, _ *containers.Container, s *oci.Spec) error {
	s.Process.Rlimits = nil
	return nil
}

// remove ends a container and takes all of it away, however far it has come.
func (e *rawEngine) remove(ctx context.Context, c containerd.Container) error {
	task, err := c.Task(ctx, nil)
	if err == nil {
		if _, err := task.Delete(ctx, containerd.WithProcessKill); err != nil {
			return err
		}
	} else if !errdefs.IsNotFound(err) {
		return err
	}
	return errors.Join(c.Delete(ctx, containerd.WithSnapshotCleanup), e.network.Detach(ctx, c.ID()))
}

// terminate asks a container to end, waits until it has, and removes it.
func (e *rawEngine) terminate(ctx context.Context, c containerd.Container) error {
	task, err := c.Task(ctx, nil)
	if err != nil {
		return err
	}
	ended, err := task.Wait(ctx)
	if err != nil {
		return err
	}
	if err := task.Kill(ctx, syscall.SIGTERM); err != nil {
		return err
	}
	<-ended
	return e.remove(ctx, c)
}

func (r *raw) launch(ctx context.Context) (out sample, err error) {
	ctx = namespaces.WithNamespace(ctx, "bench")
	begin := time.Now()
	s, phases, err := r.start(ctx)
	if err != nil {
		return out, err
	}
	out.running, out.phases = time.Since(begin), phases
	if out.exec, err = stampIn(ctx, s.log, begin); err != nil {
		return out, err
	}
	return out, r.shared.remove(ctx, s.container)
}

// fill starts n containers eight at a time.
func (r *raw) fill(ctx context.Context, n int) (all []started, took time.Duration, err error) {
	ctx = namespaces.WithNamespace(ctx, "bench")
	all = make([]started, n)
	begin := time.Now()
	err = eightWay(n, func(i int) (err error) {
		all[i], _, err = r.start(ctx)
		return err
	})
	return all, time.Since(begin), err
}

func (r *raw) clear(ctx context.Context, all []started) error {
	ctx = namespaces.WithNamespace(ctx, "bench")
	return eightWay(len(all), func(i int) error {
		if all[i].container == nil {
			return nil
		}
		return r.shared.remove(ctx, all[i].container)
	})
}

func (r *raw) burst(ctx context.Context, n int) (took time.Duration, err error) {
	all, took, err := r.fill(ctx, n)
	return took, errors.Join(err, r.clear(ctx, all))
}

// stampIn waits for the stamp in a file and returns how long after begin it
// was made.
func stampIn(ctx context.Context, file string, begin time.Time) (time.Duration, error) {
	for ctx.Err() == nil {
		if b, err := os.ReadFile(file); err == nil && strings.HasSuffix(string(b), "\n") {
			return since(string(b), begin)
		}
		time.Sleep(time.Millisecond)
	}
	return 0, ctx.Err()
}

func since(stamp string, begin time.Time) (time.Duration, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(stamp), 10, 64)
	return time.Duration(n - begin.UnixNano()), err
}
