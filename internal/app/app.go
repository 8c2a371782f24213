// Package app is the only one that knows everyone: it builds the product from
// the bottom up, runs its parts in one group and closes them in reverse.
package app

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hatoba/hatoba/internal/agent"
	"github.com/hatoba/hatoba/internal/agent/endpoint"
	"github.com/hatoba/hatoba/internal/agent/network"
	"github.com/hatoba/hatoba/internal/agent/proxy"
	"github.com/hatoba/hatoba/internal/agent/reclaim"
	"github.com/hatoba/hatoba/internal/agent/runtime/containerd"
	"github.com/hatoba/hatoba/internal/agent/storage"
	"github.com/hatoba/hatoba/internal/aws/acm"
	"github.com/hatoba/hatoba/internal/aws/ec2"
	"github.com/hatoba/hatoba/internal/aws/ecr"
	"github.com/hatoba/hatoba/internal/aws/ecs"
	"github.com/hatoba/hatoba/internal/aws/iam"
	"github.com/hatoba/hatoba/internal/aws/kms"
	cloudwatchlogs "github.com/hatoba/hatoba/internal/aws/logs"
	"github.com/hatoba/hatoba/internal/aws/route53"
	"github.com/hatoba/hatoba/internal/aws/s3"
	"github.com/hatoba/hatoba/internal/aws/scheduler"
	"github.com/hatoba/hatoba/internal/aws/secretsmanager"
	"github.com/hatoba/hatoba/internal/aws/servicediscovery"
	"github.com/hatoba/hatoba/internal/aws/ssm"
	"github.com/hatoba/hatoba/internal/aws/sts"
	"github.com/hatoba/hatoba/internal/config"
	"github.com/hatoba/hatoba/internal/control/event"
	"github.com/hatoba/hatoba/internal/control/expire"
	"github.com/hatoba/hatoba/internal/control/measure"
	"github.com/hatoba/hatoba/internal/control/reap"
	"github.com/hatoba/hatoba/internal/control/scaling"
	"github.com/hatoba/hatoba/internal/control/service"
	"github.com/hatoba/hatoba/internal/disk"
	"github.com/hatoba/hatoba/internal/dispatch"
	"github.com/hatoba/hatoba/internal/dns"
	"github.com/hatoba/hatoba/internal/efs"
	"github.com/hatoba/hatoba/internal/history"
	"github.com/hatoba/hatoba/internal/identity"
	"github.com/hatoba/hatoba/internal/logs"
	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/objects"
	"github.com/hatoba/hatoba/internal/pki"
	"github.com/hatoba/hatoba/internal/registry"
	"github.com/hatoba/hatoba/internal/secrets/keystore"
	"github.com/hatoba/hatoba/internal/secrets/taskref"
	"github.com/hatoba/hatoba/internal/sessions"
	"github.com/hatoba/hatoba/internal/shim"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store/etcd"
	"github.com/hatoba/hatoba/internal/underway"
	"github.com/hatoba/hatoba/internal/wire"
)

// Ready is what is known once Hatoba answers.
type Ready struct {
	Took    time.Duration
	Listen  string
	VPC     netip.Prefix
	Gateway netip.Addr
	Bridge  string
	Runtime string
}

// App is a built product.
type App struct {
	cfg      config.Config
	log      *slog.Logger
	inst     *instance
	scope    state.Scope
	listener net.Listener
	started  time.Time
	vpc      netip.Prefix

	store    *etcd.Store
	logs     *logs.Engine
	metrics  *metrics.Engine
	requests requests
	history  *history.Store
	engine   *containerd.Engine
	network  *network.Network
	registry *registry.Registry
	handler  http.Handler
	agent    *agent.Agent
	disk     *disk.Guard
	reclaim  *reclaim.Loop
	secrets  *secretsmanager.Service
	objects  *objects.Engine
	s3       *s3.Service
	kms      *kms.Service

	certificates *acm.Service
	balancers    *balancers
	measures     *measure.Loop
	underWay     *underway.Place
	zones        *dns.Zones
	resolving    *resolving // nil without --dns

	notifications *notifications
	events        *event.Loop

	sessions *sessions.Manager

	dispatcher *dispatch.Dispatcher
	expire     *expire.Loop
	scheduler  *service.Loop
	scaling    *scaling.Loop

	identities *identity.Directory
	authority  *pki.Authority // nil without TLS
	tls        *tls.Config    // nil without TLS
	isReady    atomic.Bool
	joined     *join
	trustAsked chan struct{} // holds one token while what is trusted is to be looked at again

	undo []func() error // closes what was opened, in reverse
}

// Run builds the product, tells ready once it answers, and runs until ctx
// ends. Containers go on afterwards, unless the configuration says otherwise.
func Run(ctx context.Context, cfg config.Config, log *slog.Logger, ready func(Ready)) error {
	a, err := build(ctx, cfg, log, true)
	if err != nil {
		return err
	}
	runDir := a.inst.runDir
	err = errors.Join(a.run(ctx, ready), a.close())
	if err == nil && cfg.StopTasksOnExit {
		return removeRunDir(runDir)
	}
	return err
}

// build opens everything. serve says whether the front listener is wanted.
func build(ctx context.Context, cfg config.Config, log *slog.Logger, serve bool) (a *App, err error) {
	a = &App{trustAsked: make(chan struct{}, 1), cfg: cfg, log: log, started: time.Now(), scope: state.Scope{Account: cfg.AccountID, Region: cfg.Region}, joined: newJoin()}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
			if a.inst != nil {
				removeUnused(a.inst.runDir)
			}
		}
	}()
	if err := prerequisites(cfg); err != nil {
		return a, err
	}
	if serve {
		if a.listener, err = listen(cfg.Listen); err != nil {
			return a, err
		}
		a.onClose(func() error { return ignoreClosed(a.listener.Close()) })
		a.cfg.Listen = a.listener.Addr().String()
	}
	if err := a.openDNS(serve); err != nil {
		return a, err
	}
	if a.inst, err = claim(cfg.DataDir); err != nil {
		return a, err
	}
	a.onClose(func() error { a.inst.release(); return nil })
	if err := a.openUnderWay(); err != nil {
		return a, err
	}
	if err := a.openTLS(); err != nil {
		return a, err
	}
	if err := a.openEngines(ctx); err != nil {
		return a, err
	}
	return a, a.assemble(ctx)
}

func (a *App) onClose(f func() error) { a.undo = append(a.undo, f) }

func (a *App) close() error {
	var errs []error
	for i := len(a.undo) - 1; i >= 0; i-- {
		errs = append(errs, a.undo[i]())
	}
	a.undo = nil
	return errors.Join(errs...)
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// openEngines opens what needs nothing of the others, all at once: it is what
// starting takes its time for.
func (a *App) openEngines(ctx context.Context) (err error) {
	a.disk = disk.NewGuard(a.cfg.DataDir, a.cfg.DiskFloor, a.log)
	if err := a.disk.Write(); err != nil { // having given up the reserve, which opening the stores may need
		a.log.Warn("starting on a full disk", "error", err)
	}
	if err := a.openNetwork(ctx); err != nil {
		return err
	}
	shimPath, err := shim.Unpack(filepath.Join(a.cfg.DataDir, "shim"))
	if err != nil {
		return err
	}
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		a.store, err = etcd.Open(gctx, etcd.Config{Dir: filepath.Join(a.cfg.DataDir, "store"), Log: a.log, Ready: a.disk.Write})
		return err
	})
	group.Go(func() (err error) {
		a.engine, err = containerd.Open(gctx, containerd.Config{
			Root: filepath.Join(a.cfg.DataDir, "engine"), RunDir: a.inst.runDir, Instance: a.inst.id,
			Shim: shimPath, Runtime: a.cfg.Runtime, Log: a.log, Room: a.disk.Room,
		})
		return err
	})
	group.Go(func() (err error) {
		a.logs, err = logs.Open(gctx, logs.Config{Dir: filepath.Join(a.cfg.DataDir, "logs"), Log: a.log, Ready: a.disk.Write, Stored: a.storedEvents})
		return err
	})
	group.Go(func() error { return a.openMetrics(gctx) })
	err = group.Wait()
	if a.metrics != nil {
		a.onClose(a.metrics.Close)
	}
	if a.store != nil {
		a.onClose(a.store.Close)
	}
	if a.logs != nil {
		a.onClose(a.logs.Close)
	}
	if a.engine != nil {
		a.onClose(a.engine.Close)
	}
	return err
}

// openNetwork chooses the default VPC's range and takes it with the bridge, as
// one step that only one instance of this machine is in: two that start
// together would choose the same.
func (a *App) openNetwork(ctx context.Context) error {
	release, err := alone()
	if err != nil {
		return err
	}
	defer release()
	if a.vpc, err = a.chooseVPC(); err != nil {
		return err
	}
	a.network, err = network.Open(ctx, network.Config{Instance: a.inst.id, RunDir: a.inst.runDir, VPC: a.vpc, Log: a.log})
	if err != nil {
		return err
	}
	a.onClose(a.network.Close)
	return nil
}

// assemble builds what stands on the engines.
func (a *App) assemble(ctx context.Context) error {
	keyring, err := keystore.Open(ctx, a.store, filepath.Join(a.cfg.DataDir, "keys", "master.key"))
	if err != nil {
		return err
	}
	origins := a.newOrigins()
	a.registry, err = registry.Open(ctx, registry.Config{
		Origins: origins,
		Dir:     filepath.Join(a.cfg.DataDir, "registry"), Default: a.scope, Catalog: ecr.Catalog{Store: a.store}, Log: a.log,
		RequireAuth: a.auth() == wire.AuthSigV4, Room: a.disk.Room,
	})
	if err != nil {
		return fmt.Errorf("registry: %w", err)
	}
	a.identities = &identity.Directory{Store: a.store, Keyring: keyring}
	if err := a.openRootKey(ctx); err != nil {
		return err
	}
	a.secrets = secretsmanager.New(secretsmanager.Config{Store: a.store, Keyring: keyring, AuthorizeKey: a.authorizer().AuthorizeKey})
	a.sessions = sessions.New(sessions.Config{Nodes: nodes{a}, Logs: logSink{a.logs, a.log}, Log: a.log})
	parameters := ssm.New(ssm.Config{Store: a.store, Keyring: keyring, Sessions: a.sessions, AuthorizeKey: a.authorizer().AuthorizeKey})
	folders, err := efs.Parse(a.cfg.EFS)
	if err != nil {
		return fmt.Errorf("setting efs: %w", err)
	}
	tasks := ecs.New(ecs.Config{
		KnownRolesOnly: a.auth() == wire.AuthSigV4,
		Store:          a.store, NewID: func() string { return randomHex(32) }, StrictNetwork: a.cfg.StrictNetwork, VPCRange: a.vpc, Sessions: a.sessions, Log: a.log,
		OwnPorts: ownPorts(a.cfg.Listen), EFS: folders.Check, DenyPrivileged: a.cfg.DenyPrivileged,
	})
	if err := tasks.Bootstrap(ctx, a.scope); err != nil {
		return err
	}
	a.scheduler = &service.Loop{Store: a.store, Launcher: tasks, NewID: func() string { return randomHex(32) }, Log: a.log}
	repositories := ecr.New(ecr.Config{Store: a.store, Registry: a.registry, Now: time.Now})
	a.expire = &expire.Loop{Store: a.store, Expire: repositories.Expire, Log: a.log}
	a.kms = kms.New(kms.Config{Store: a.store, Keyring: keyring})
	if err := a.openObjects(keyring); err != nil {
		return err
	}
	balancing, err := a.openBalancing(tasks, keyring)
	if err != nil {
		return err
	}
	schedules, err := scheduler.New(a.store, nil)
	if err != nil {
		return err
	}
	a.handler, err = wire.NewHandler(wire.HandlerConfig{
		Services: []wire.Service{
			tasks.Describe(), a.secrets.Describe(), parameters.Describe(), sts.New(sts.Config{Directory: a.identities, KnownRolesOnly: a.auth() == wire.AuthSigV4}).Describe(),
			iam.New(iam.Config{Store: a.store, Keyring: keyring}).Describe(),
			repositories.Describe(),
			cloudwatchlogs.New(a.logs).Describe(), a.kms.Describe(),
			balancing.Describe(), a.certificates.Describe(),
			a.openCloudWatch().Describe(),
			a.openNotifications(keyring).Describe(),
			a.openEvents(tasks, keyring).Describe(), schedules.Describe(),
			servicediscovery.New(servicediscovery.Config{Store: a.store, NewID: func() string { return randomHex(32) }, Open: once(tasks.Bootstrap)}).Describe(),
			route53.New(route53.Config{Store: a.store, NewID: func() string { return randomHex(32) }, Open: once(tasks.Bootstrap)}).Describe(),
			a.openScaling().Describe(),
			ec2.New(ec2.Config{Store: a.store, NewID: func() string { return "0" + randomHex(16) }, VPCRange: a.vpc}).Describe(),
		},
		DefaultScope: a.scope, Log: a.log, NewRequestID: newRequestID, Identities: a.identities, Auth: a.auth(),
		Authorize: a.authorizer().Authorize, Count: a.requests.count,
	})
	if err != nil {
		return err
	}
	if err := a.openForward(); err != nil {
		return err
	}
	resolver := taskref.Resolver{Secrets: a.secrets, Parameters: parameters}
	images, err := a.imageSources(resolver)
	if err != nil {
		return err
	}
	origins.Sources, origins.Secrets = images, resolver
	a.history = &history.Store{Logs: a.logs, Log: a.log, Now: time.Now}
	a.openMeasures()
	d := dispatch.New(dispatch.Config{
		History: a.history, Measures: a.measures, Instances: tasks,
		Store: a.store, Log: a.log, Logs: logSink{a.logs, a.log}, Images: images, Secrets: resolver, Files: environmentFiles{a.objects}, Credentials: taskCredentials{a.identities},
	})
	a.dispatcher = d
	a.agent = agent.New(agent.Config{
		EFS: folders.Open, Disks: storage.Disks{}, Unwatched: !a.cfg.Measure, UnderWay: a.underWay,
		Room: a.room,
		Node: thisNode(a.inst.id, a.cfg.Runtime), Dir: filepath.Join(a.cfg.DataDir, "agent"), Open: a.joined.opens(d.Open),
		Engine: a.engine, Network: a.network, Ports: a.network, BootID: bootID(), Log: a.log,
		Proxies: proxy.New(a.log),
		Endpoints: &endpoint.Server{
			Resolver: a.resolverOf(), API: taskAPI{http.HandlerFunc(a.serveAPI), a.identities}.of, Log: a.log,
		},
	})
	a.reclaim = a.newReclaim()
	return nil
}

// run serves until ctx ends, then stops part by part: first nobody new is
// let in, last the stores are closed.
func (a *App) run(ctx context.Context, ready func(Ready)) error {
	parts, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	group, gctx := errgroup.WithContext(parts)
	group.Go(func() error { return a.agent.Run(gctx) })
	group.Go(func() error { return a.disk.Run(gctx) })
	group.Go(func() error { return a.reclaim.Run(gctx) })
	group.Go(func() error { return a.registry.Run(gctx) })
	group.Go(func() error { return a.expire.Run(gctx) })
	group.Go(func() error { return a.scaling.Run(gctx) })
	group.Go(func() error { return (&reap.Loop{Store: a.store, Log: a.log}).Run(gctx) })
	group.Go(func() error { return a.logs.Run(gctx) })
	group.Go(func() error { return a.metrics.Run(gctx) })
	group.Go(func() error { return a.history.Run(gctx) })
	group.Go(func() error { return a.secrets.Run(gctx) })
	group.Go(func() error { return a.sessions.Run(gctx) })
	group.Go(func() error { return a.objects.Run(gctx) })
	group.Go(func() error { return a.kms.Run(gctx) })
	group.Go(func() error { return a.certificates.Run(gctx) })
	group.Go(func() error { return a.balancers.run(gctx) })
	group.Go(func() error { return a.runNames(gctx) })
	group.Go(func() error { return a.notifications.loop.Run(gctx) })
	group.Go(func() error { return a.notifications.asking.Run(gctx) })
	group.Go(func() error { return a.events.Run(gctx) })
	group.Go(func() error { return a.measures.Run(gctx) })
	group.Go(func() error { return a.runAlarms(gctx) })
	var server *http.Server
	endServices := func() {}
	if a.listener != nil {
		endServices = a.runServices(gctx, group)
		server = a.server(gctx)
		server.Handler = a.trustPage(server.Handler)
		group.Go(func() error { return a.trusted(gctx) })
		group.Go(func() error { return serve(server, a.listener, a.tls) })
		group.Go(func() error { return a.serveAdmin(gctx) })
	}
	a.isReady.Store(true)
	if ready != nil {
		ready(a.facts())
	}
	select {
	case <-ctx.Done():
	case <-gctx.Done():
	}
	var stopped error
	if a.cfg.StopTasksOnExit && gctx.Err() == nil {
		endServices() // which would start them again
		_, stopped = a.stopTasks(parts)
	}
	if server != nil {
		deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		_ = server.Shutdown(deadline) // streams that go on are cut by stop
		cancel()
	}
	stop()
	if server != nil {
		_ = server.Close()
	}
	err := group.Wait()
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	if a.cfg.StopTasksOnExit && stopped == nil {
		stopped = a.network.Remove(context.WithoutCancel(ctx))
	}
	return errors.Join(err, stopped)
}

// runServices runs the service scheduler in the group. What it returns ends it
// alone, and waits for it.
func (a *App) runServices(ctx context.Context, group *errgroup.Group) func() {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	group.Go(func() error {
		defer close(done)
		return a.scheduler.Run(ctx)
	})
	return func() {
		cancel()
		<-done
	}
}

func (a *App) facts() Ready {
	version := a.cfg.Runtime
	if out, err := exec.Command(a.cfg.Runtime, "--version").Output(); err == nil {
		version = strings.SplitN(string(out), "\n", 2)[0]
	}
	return Ready{
		Took: time.Since(a.started).Round(time.Millisecond), Listen: a.cfg.Listen, VPC: a.vpc, Gateway: network.Gateway(a.vpc),
		Bridge: network.Config{Instance: a.inst.id}.BridgeName(), Runtime: version,
	}
}

func randomHex(n int) string {
	b := make([]byte, n/2)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func newRequestID() string {
	h := randomHex(32)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
