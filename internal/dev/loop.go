package dev

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"
)

// Config is what a loop is given.
type Config struct {
	Dir             string
	Flags           Settings // win over the folder's own
	Account, Region string
	Keep            bool // leave what was deployed when the loop ends
	Out             io.Writer
	Env             func(string) (string, bool)

	ECS  *ecs.Client
	Logs *cloudwatchlogs.Client
	// Push puts an image into the built-in registry, and returns its digest.
	Push func(ctx context.Context, repository, tag string, img v1.Image) (string, error)
	// Pull reads an image that files are laid on.
	Pull func(ctx context.Context, ref, arch string) (v1.Image, error)
	// Tail reads a group's streams of a prefix as they are written, until ctx ends.
	Tail func(ctx context.Context, group, prefix string, since time.Time, line func(stream, message string)) error
	// Ask answers what templates want of the account.
	Ask func(function string, args ...string) (string, error)
	// Subnets are the default VPC's, for tasks whose folder names none.
	Subnets func(ctx context.Context) ([]string, error)
	// Where is the URL of a target group's load balancer, "" when it has none.
	Where func(ctx context.Context, targetGroup string) (string, error)
}

const (
	// glance is how often a client looks at what it has asked for, as AWS's
	// waiters do with longer pauses.
	glance = 50 * time.Millisecond
	// patrol is how often it looks when nothing is expected.
	patrol = 500 * time.Millisecond
	// farewell bounds the end of a loop.
	farewell = 90 * time.Second
)

// loop is one run. Its fields belong to the goroutine of turn, or of main
// while no turn is under way.
type loop struct {
	Config
	screen
	watch   *watcher
	scratch string
	tails   *errgroup.Group
	tailing context.Context

	print     string // of what is deployed: image and definition
	next      string // of what is about to be
	tailed    map[string]bool
	made      string // the cluster, when the loop made it
	revisions []string
	cluster   *string

	pkg     string   // the Go program that was found, until a build of it fails
	tasks   []string // ARNs, newest last
	told    map[string]bool
	service *deployed
}

// Run builds, deploys and follows until ctx ends, and then takes away what it
// deployed. It returns early only when the folder cannot be read at all, or
// cannot be watched any more.
func Run(ctx context.Context, cfg Config) (err error) {
	l := &loop{Config: cfg, screen: screen{out: cfg.Out}, tailed: map[string]bool{}, told: map[string]bool{}}
	if l.scratch, err = os.MkdirTemp("", "hatoba-dev-"); err != nil {
		return err
	}
	defer os.RemoveAll(l.scratch)
	p, err := l.load(ctx)
	if err != nil {
		return err
	}
	if l.watch, err = newWatcher(p.Settings.Ignore); err != nil {
		return err
	}
	last, silence := context.WithCancel(context.WithoutCancel(ctx))
	defer silence()
	l.tails, l.tailing = &errgroup.Group{}, last
	err = l.attend(ctx)
	if !l.Keep {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
		err = errors.Join(err, l.end(end))
		cancel()
	}
	silence()
	return errors.Join(err, l.tails.Wait())
}

// attend watches and takes turns until ctx ends, or until saves cannot be seen
// any more.
func (l *loop) attend(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return l.watch.Run(ctx) })
	group.Go(func() error { l.main(ctx); return nil })
	return group.Wait()
}

// main takes turns: one at the beginning, and one for every save. A save
// during a turn ends it and begins the next.
func (l *loop) main(ctx context.Context) {
	turn := func(change change) (chan error, context.CancelFunc) {
		done := make(chan error, 1)
		turning, cancel := context.WithCancel(ctx)
		go func() { done <- l.turn(turning, change) }()
		return done, cancel
	}
	done, cancel := turn(change{at: time.Now()})
	ticks := time.NewTicker(patrol)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			cancel()
			if done != nil {
				<-done //nolint:errcheck // it was cut short
			}
			return
		case c := <-l.watch.changes:
			cancel()
			if done != nil {
				<-done //nolint:errcheck // it was cut short
			}
			done, cancel = turn(c)
		case err := <-done:
			cancel()
			done = nil
			if err != nil && ctx.Err() == nil {
				l.fail(err)
				l.say("waiting for a save")
			}
		case <-ticks.C:
			if done == nil {
				l.patrol(ctx)
			}
		}
	}
}

func (l *loop) load(ctx context.Context) (*Project, error) {
	return Load(ctx, l.Dir, l.Flags, l.Env, l.Ask)
}

// turn brings what is saved to where it runs.
func (l *loop) turn(ctx context.Context, c change) error {
	p, err := l.load(ctx)
	if err != nil {
		return err
	}
	target, err := p.Target()
	if err != nil {
		return err
	}
	p.program = l.pkg
	src, err := p.find(ctx, target)
	if err != nil {
		return err
	}
	if err := l.look(p, src); err != nil {
		return err
	}
	further := make(chan error, 1) // which takes as long as a small build
	go func() { further <- l.watch.folders(src.folders(ctx)) }()
	err = l.carry(ctx, p, target, src, c)
	return errors.Join(err, <-further)
}

// carry builds what was found, and deploys it if it is new.
func (l *loop) carry(ctx context.Context, p *Project, target *ecstypes.ContainerDefinition, src source, c change) error {
	if c.name == "" {
		l.notes(p, src)
		l.say("building %s: %s", aws.ToString(target.Name), src)
	}
	began := time.Now()
	img, err := src.image(ctx, l.scratch, l.Pull)
	l.pkg = src.pkg
	if err != nil {
		l.pkg = ""
		return err
	}
	defer img.Close()
	compiled := time.Now()
	def, same, err := l.definition(ctx, p, aws.ToString(target.Name), Repository(aws.ToString(target.Image)), img)
	if err != nil {
		return err
	}
	if same {
		l.say("%s: nothing new in it", l.short(c.name))
		return nil
	}
	if c.name != "" {
		l.say("%s was saved", l.short(c.name))
	}
	pushed := time.Now()
	if err := l.deploy(ctx, p, def); err != nil {
		return err
	}
	l.ok("up %s after the save: build %s, push %s, start %s", seconds(time.Since(c.at)), seconds(compiled.Sub(began)), seconds(pushed.Sub(compiled)), seconds(time.Since(pushed)))
	return nil
}

// look watches the folders of what the turn reads.
func (l *loop) look(p *Project, src source) error {
	if err := l.watch.tree(src.dir); err != nil {
		return err
	}
	mounts, err := p.absolute(p.Settings.Mounts)
	if err != nil {
		return err
	}
	live := make([]string, len(mounts))
	for i, m := range mounts {
		live[i] = m.Source
	}
	l.watch.mounted.Store(&live)
	var dirs []string
	for _, f := range p.Files {
		dirs = append(dirs, filepath.Dir(f))
	}
	return l.watch.folders(dirs)
}

func (l *loop) notes(p *Project, src source) {
	for _, n := range p.Notes {
		l.say("note: %s", n)
	}
	if src.note != "" {
		l.say("note: %s", src.note)
	}
	if len(p.Settings.Mounts) > 0 {
		l.say("note: with mounts it runs as type EC2 on this machine; Fargate tasks see no folders of it")
	}
}

// definition pushes the image and gives the definition to register, or says
// that both are as they were.
func (l *loop) definition(ctx context.Context, p *Project, container, repository string, img v1.Image) (*ecs.RegisterTaskDefinitionInput, bool, error) {
	digest, err := img.Digest()
	if err != nil {
		return nil, false, err
	}
	def, err := l.override(p, container, fmt.Sprintf("%s.dkr.ecr.%s.amazonaws.com/%s@%s", l.Account, l.Region, repository, digest))
	if err != nil {
		return nil, false, err
	}
	print, err := json.Marshal([]any{def, p.Service, p.Network})
	if err != nil || string(print) == l.print {
		return nil, err == nil, err
	}
	if _, err := l.Push(ctx, repository, "dev-"+digest.Hex[:12], img); err != nil {
		return nil, false, fmt.Errorf("push %s: %w", repository, err)
	}
	l.print, l.next = "", string(print) // until it is up
	return def, false, l.prepare(ctx, p, def)
}

// override lays what the loop has of its own over the project.
func (c Config) override(p *Project, container, image string) (*ecs.RegisterTaskDefinitionInput, error) {
	mounts, err := p.absolute(p.Settings.Mounts)
	if err != nil {
		return nil, err
	}
	o := Override{
		Container: container, Image: image, Env: p.Settings.Env, Mounts: mounts, Role: "arn:aws:iam::" + c.Account + ":role/hatoba-dev",
		LogGroup: "/hatoba/dev/" + aws.ToString(p.TaskDef.Family), Region: c.Region,
	}
	if p.Service != nil {
		s := o.Onto(*p.Service)
		p.Service = &s
	} else if len(mounts) > 0 {
		p.Network = Private(p.Network)
	}
	return o.Apply(p.TaskDef)
}

// deploy registers the definition and has it run.
func (l *loop) deploy(ctx context.Context, p *Project, def *ecs.RegisterTaskDefinitionInput) error {
	out, err := l.ECS.RegisterTaskDefinition(ctx, def)
	if err != nil {
		return err
	}
	arn := aws.ToString(out.TaskDefinition.TaskDefinitionArn)
	earlier := l.revisions
	l.revisions = append(l.revisions[:len(l.revisions):len(l.revisions)], arn)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if p.Service != nil {
		err = l.deployService(ctx, p, out.TaskDefinition)
	} else {
		err = l.deployTask(ctx, p, out.TaskDefinition)
	}
	if err != nil {
		return err
	}
	l.forget(ctx, earlier)
	l.revisions, l.print = []string{arn}, l.next
	return nil
}

// forget deregisters revisions that nothing is started from any more.
func (l *loop) forget(ctx context.Context, revisions []string) {
	for _, arn := range revisions {
		if _, err := l.ECS.DeregisterTaskDefinition(ctx, &ecs.DeregisterTaskDefinitionInput{TaskDefinition: &arn}); err != nil {
			l.fail(err)
		}
	}
}

// patrol tells what happened while nothing was expected.
func (l *loop) patrol(ctx context.Context) {
	if l.service != nil {
		if _, err := l.newEvents(ctx); err != nil && ctx.Err() == nil {
			l.once("service", err)
		}
		return
	}
	l.lost(ctx)
}

// end takes away what the loop deployed.
func (l *loop) end(ctx context.Context) error {
	if len(l.tasks) == 0 && l.service == nil && len(l.revisions) == 0 && l.made == "" {
		return nil
	}
	l.say("ending")
	var err error
	if l.service != nil {
		err = l.endService(ctx)
	}
	err = errors.Join(err, l.stop(ctx, l.tasks))
	l.forget(ctx, l.revisions)
	if l.made != "" {
		err = errors.Join(err, l.unmake(ctx))
	}
	return err
}

// unmake deletes the cluster the loop made, once its last task has stopped.
func (l *loop) unmake(ctx context.Context) error {
	for {
		_, err := l.ECS.DeleteCluster(ctx, &ecs.DeleteClusterInput{Cluster: &l.made})
		var tasks *ecstypes.ClusterContainsTasksException
		if !errors.As(err, &tasks) {
			return err
		}
		if pause(ctx, glance) != nil {
			return err
		}
	}
}

// short is a file's name as seen from where the user stands.
func (l *loop) short(name string) string {
	if here, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(here, name); err == nil && len(rel) < len(name) {
			return rel
		}
	}
	return name
}
