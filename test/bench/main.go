// Command bench measures Hatoba against references on the same machine in the
// same run: the raw containerd client, runc alone, and a docker engine. It
// prints ratios; milliseconds belong to one machine only. docs/benchmarks.md
// has the method.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/hatoba/hatoba/internal/image"
)

// imageName is the one image that everything runs.
const imageName = "stamp:1"

// subject is one way to start a container.
type subject interface {
	title() string
	launch(ctx context.Context) (sample, error) // starts one, and removes it
}

// burster starts many at once and removes them; it returns how long the
// starting took.
type burster interface {
	title() string
	burst(ctx context.Context, n int) (time.Duration, error)
}

// sample is one start, counted from the call.
type sample struct {
	running time.Duration // until the caller is told that it runs
	exec    time.Duration // until the container's own first instruction
	phases  []phase
}

type options struct {
	work, hatoba, netns string
	rounds, starts      int
	burst, fleet        int
	force               bool
	only                string        // parts, by name; all without
	patience, pause     time.Duration // to wait for a quiet machine: at first, before each block
}

func main() {
	o := options{burst: 50, fleet: 20, patience: 90 * time.Second, pause: 10 * time.Second}
	flag.StringVar(&o.work, "work", "", "empty directory to work in")
	flag.StringVar(&o.hatoba, "hatoba", "bin/hatoba", "the binary to measure")
	flag.StringVar(&o.netns, "docker-netns", "", "network namespace for a docker engine; none is started without")
	flag.IntVar(&o.rounds, "rounds", 5, "rounds of each measurement")
	flag.IntVar(&o.starts, "starts", 10, "starts of each kind in a round")
	flag.BoolVar(&o.force, "force", false, "measure on a busy machine too")
	flag.StringVar(&o.only, "only", "", "parts to measure, separated by commas; all without")
	bare := flag.String("bare", "", "be the bare handler on this address")
	load := flag.String("load", "", "be the load that this JSON describes")
	role := flag.String("role", "", "be a part of the balancer's measurement: target, traffic, hatoba or reverse")
	with := flag.String("with", "", "what the role is told, as JSON")
	flag.Parse()
	if *role != "" {
		if err := play(*role, *with); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if *bare != "" || *load != "" {
		if err := errors.Join(ifSet(*bare, serveBare), ifSet(*load, generate)); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func ifSet(value string, f func(string) error) error {
	if value == "" {
		return nil
	}
	return f(value)
}

// parts are what a run measures, in this order.
var parts = []struct {
	name  string
	run   func(*bench, context.Context) error
	alone bool // it needs no engines
}{
	{"balancer", (*bench).balancer, true}, {"durable", (*bench).durable, true}, {"placements", (*bench).placements, true},
	{"launches", (*bench).launches, false}, {"eights", (*bench).eights, false}, {"bursts", (*bench).bursts, false}, {"stops", (*bench).stops, false},
	{"replacements", (*bench).replacements, false}, {"rollouts", (*bench).rollouts, false},
	{"api", (*bench).api, false}, {"pulls", (*bench).pulls, false}, {"idle", (*bench).idle, false},
	{"watching", (*bench).watching, true},
	{"memory", (*bench).memory, false}, {"startups", (*bench).startUps, false}, // the last one uses the fleet of the one before
}

func (o options) wanted(part string) bool {
	return o.only == "" || slices.Contains(strings.Split(o.only, ","), part)
}

func (o options) needsEngines() bool {
	for _, part := range parts {
		if !part.alone && o.wanted(part.name) {
			return true
		}
	}
	return false
}

// bench is one run.
type bench struct {
	options
	hatoba  *hatoba
	engine  *rawEngine
	raw     *raw
	docker  *docker // nil when there is none
	archive string
	noisy   int
	blocks  int
}

func run(ctx context.Context, o options) (err error) {
	if o.force {
		o.patience = time.Second
	}
	share, ok, err := awaitQuiet(o.patience)
	if err != nil {
		return err
	}
	if o.force {
		o.pause = 3 * time.Second
	}
	if !ok && !o.force {
		fmt.Printf("SKIPPED: the machine is only %.0f %% idle, and the numbers need %.0f %%; BENCH_FORCE=1 measures all the same\n", 100*share, 100*quiet)
		return nil
	}
	fmt.Printf("%d CPUs, %.0f %% idle before the start; %d rounds, order drawn anew in each\n", runtime.NumCPU(), 100*share, o.rounds)
	b := &bench{options: o, archive: filepath.Join(o.work, "stamp.tar")}
	defer func() { err = errors.Join(err, b.close(context.WithoutCancel(ctx))) }()
	if o.needsEngines() {
		if err := b.prepare(ctx); err != nil {
			return err
		}
	}
	for i, part := range parts {
		if !o.wanted(part.name) {
			continue
		}
		fmt.Printf("… part %d of %d: %s\n", i+1, len(parts), part.name)
		if err := part.run(b, ctx); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	fmt.Printf("\n%d of %d blocks began on a machine less than %.0f %% idle\n", b.noisy, b.blocks, 100*quiet)
	return nil
}

// prepare makes the image and brings up all engines with it.
func (b *bench) prepare(ctx context.Context) (err error) {
	if err := b.pack(); err != nil {
		return err
	}
	if b.hatoba, err = newHatoba(b.options.hatoba, filepath.Join(b.work, "data")); err != nil {
		return err
	}
	if _, err := b.hatoba.up(ctx); err != nil {
		return err
	}
	if err := b.hatoba.prepare(ctx, b.archive); err != nil {
		return err
	}
	dir := filepath.Join(b.work, "raw")
	if b.engine, err = openRawEngine(ctx, dir, b.archive); err != nil {
		return err
	}
	shims, _ := filepath.Glob(filepath.Join(b.hatoba.dir, "shim", "*", "hatoba-shim"))
	if len(shims) != 1 {
		return fmt.Errorf("hatoba has unpacked %d shims", len(shims))
	}
	b.raw = &raw{dir: dir, shim: shims[0], seccomp: true, name: "raw containerd client", shared: b.engine}
	if b.netns == "" {
		return nil
	}
	b.docker = &docker{dir: filepath.Join(b.work, "docker"), netns: b.netns}
	if _, err := b.docker.up(ctx); err != nil {
		fmt.Println("docker: skipped, its engine did not start:", err)
		b.docker = nil
		return nil
	}
	return b.docker.load(ctx, b.archive)
}

// pack makes the image that everything runs.
func (b *bench) pack() error {
	img, err := image.Build(image.Recipe{Binary: filepath.Join(b.work, "stamp"), Name: "/stamp", Arch: runtime.GOARCH})
	if err != nil {
		return err
	}
	ref, err := name.ParseReference(imageName)
	if err != nil {
		return err
	}
	return tarball.WriteToFile(b.archive, ref, img)
}

func (b *bench) close(ctx context.Context) (err error) {
	if b.docker != nil {
		err = errors.Join(err, b.docker.down())
	}
	if b.engine != nil {
		err = errors.Join(err, b.engine.close(ctx))
	}
	if b.hatoba != nil {
		err = errors.Join(err, b.hatoba.end())
	}
	return err
}

// settle waits a while for a quiet machine and counts when it does not come.
func (b *bench) settle(ctx context.Context) error {
	_, ok, err := awaitQuiet(b.pause)
	b.blocks++
	if !ok {
		b.noisy++
	}
	return errors.Join(err, ctx.Err())
}

// shuffled calls f for each index in an order drawn anew.
func shuffled(n int, f func(i int) error) error {
	for _, i := range rand.Perm(n) {
		if err := f(i); err != nil {
			return err
		}
	}
	return nil
}
