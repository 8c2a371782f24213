package service_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	frontdoor "github.com/hatoba/hatoba/internal/aws/ecs"
	"github.com/hatoba/hatoba/internal/control/due"
	"github.com/hatoba/hatoba/internal/control/service"
	"github.com/hatoba/hatoba/internal/dispatch"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
	"github.com/hatoba/hatoba/internal/wire"
)

var scope = state.Scope{Account: "123456789012", Region: "us-east-1"}

// stage is the front door and the scheduler over one store, with a node that
// does what a test says. It lives in a bubble of synctest.
type stage struct {
	*ecs.Client
	t        *testing.T
	st       store.Store
	new      func() string
	sdk      *frontdoor.Service
	dispatch *dispatch.Dispatcher
	nodes    []string

	mu       sync.Mutex
	behave   func(t state.Task) behaviour
	launched int
	most     int // tasks that were wanted at the same time
}

// behaviour is what becomes of a task.
type behaviour struct {
	start  time.Duration // until RUNNING; 0: it fails
	health string        // once it runs
	life   time.Duration // 0: until it is stopped
}

func newStage(t *testing.T) *stage {
	s := &stage{t: t, st: mem.New(), nodes: []string{"node-1"}, behave: func(state.Task) behaviour { return behaviour{start: time.Second} }}
	t.Cleanup(func() {
		if err := s.st.Close(); err != nil {
			t.Error(err)
		}
	})
	var mu sync.Mutex
	n := 0
	s.new = func() string {
		mu.Lock()
		defer mu.Unlock()
		n++
		return fmt.Sprintf("%032x", n)
	}
	s.sdk = frontdoor.New(frontdoor.Config{Store: s.st, NewID: s.new, Log: slog.New(slog.DiscardHandler)})
	h, err := wire.NewHandler(wire.HandlerConfig{Services: []wire.Service{s.sdk.Describe()}, DefaultScope: scope})
	if err != nil {
		t.Fatal(err)
	}
	s.Client = ecs.New(ecs.Options{
		BaseEndpoint: aws.String("http://127.0.0.1:1"), Region: scope.Region, RetryMaxAttempts: 1, HTTPClient: direct{h},
		Credentials: credentials.NewStaticCredentialsProvider(scope.Account, "secret", ""),
	})
	if err := s.sdk.Bootstrap(t.Context(), scope); err != nil {
		t.Fatal(err)
	}
	s.dispatch = dispatch.New(dispatch.Config{Store: s.st, Log: slog.New(slog.DiscardHandler)})
	return s
}

// direct calls a handler without a network.
type direct struct{ http.Handler }

func (d direct) Do(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = io.NopCloser(bytes.NewReader(nil))
	}
	w := httptest.NewRecorder()
	r.RequestURI = r.URL.RequestURI()
	r.RemoteAddr = "127.0.0.1:2"
	d.ServeHTTP(w, r)
	return w.Result(), nil
}

func (s *stage) update(fn func(store.Writer) error) {
	s.t.Helper()
	if err := s.st.Update(context.Background(), fn); err != nil {
		s.t.Fatal(err)
	}
}

// run runs the scheduler and the node until the function it returns is called.
func (s *stage) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() {
		loop := &service.Loop{Store: s.st, Launcher: s.sdk, NewID: s.new, Log: slog.New(slog.DiscardHandler)}
		if err := loop.Run(ctx); err != nil {
			s.t.Error(err)
		}
	})
	for _, id := range s.nodes {
		group.Go(func() { s.node(ctx, id) })
	}
	group.Go(func() { s.watch(ctx) })
	synctest.Wait() // the nodes have joined
	return func() {
		cancel()
		group.Wait()
	}
}

// node plays the tasks that it is handed, as the agent's side of a session.
func (s *stage) node(ctx context.Context, id string) {
	session, err := s.dispatch.Open(ctx, state.Node{ID: id, CPU: 64 * 1024, MemoryMiB: 64 * 1024, Arch: "x86_64"})
	if err != nil {
		s.t.Error(err)
		return
	}
	n := &node{stage: s, session: session, seen: map[state.Key]state.Observed{}}
	for {
		m, err := session.Receive(ctx)
		if err != nil {
			return // ctx has ended
		}
		for _, a := range m.Assign {
			n.assigned(a.Key, a.Task)
		}
	}
}

type node struct {
	*stage
	session protocol.Session

	mu   sync.Mutex
	seen map[state.Key]state.Observed
}

func (n *node) assigned(key state.Key, t state.Task) {
	n.mu.Lock()
	_, known := n.seen[key]
	if !known {
		n.seen[key] = t.Observed
	}
	n.mu.Unlock()
	if !known && t.Observed.Status < state.TaskRunning {
		n.stage.mu.Lock()
		n.launched++
		b := n.behave(t)
		n.stage.mu.Unlock()
		n.play(key, b)
	}
	if t.Desired.Status == state.TaskStopped {
		time.AfterFunc(100*time.Millisecond, func() { n.observe(key, func(o *state.Observed) { o.Status = state.TaskStopped }) })
	}
}

func (n *node) play(key state.Key, b behaviour) {
	fail := func(code string) {
		n.observe(key, func(o *state.Observed) { o.Status, o.StopCode, o.StoppedReason = state.TaskStopped, code, code })
	}
	if b.start == 0 {
		time.AfterFunc(time.Second, func() { fail("TaskFailedToStart") })
		return
	}
	time.AfterFunc(b.start, func() {
		now := time.Now()
		n.observe(key, func(o *state.Observed) {
			o.Status, o.StartedAt = state.TaskRunning, &now
			o.ENI.PrivateIPv4 = address(key)
			for i := range o.Containers {
				o.Containers[i].Status, o.Containers[i].Health = state.ContainerRunning, b.health
			}
		})
	})
	if b.life > 0 {
		time.AfterFunc(b.start+b.life, func() { fail("EssentialContainerExited") })
	}
}

// address is a task's, by its id.
func address(key state.Key) string {
	n, _ := strconv.ParseInt(key.ID[24:], 16, 64)
	return fmt.Sprintf("172.31.%d.%d", n/250, n%250+1)
}

// observe reports, unless the task has stopped.
func (n *node) observe(key state.Key, change func(*state.Observed)) {
	n.mu.Lock()
	o := n.seen[key]
	if o.Status == state.TaskStopped {
		n.mu.Unlock()
		return
	}
	o.Containers = slices.Clone(o.Containers)
	change(&o)
	n.seen[key] = o
	n.mu.Unlock()
	if err := n.session.Report(context.Background(), []protocol.TaskReport{{Key: key, Observed: o}}); err != nil {
		n.t.Error(err)
	}
}

// watch counts how many tasks are wanted at the same time.
func (s *stage) watch(ctx context.Context) {
	wanted := map[state.Key]bool{}
	_ = s.st.Follow(ctx, func(store.Reader) error { return nil }, func(changes []store.Change) error {
		for _, c := range changes {
			_, _, t, has := store.Tasks.Of(c)
			delete(wanted, c.Key)
			if has && t.Desired.Status == state.TaskRunning {
				wanted[c.Key] = true
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.most = max(s.most, len(wanted))
		return nil
	}, store.Tasks.Name)
}

func (s *stage) register(family, health string) {
	s.t.Helper()
	c := types.ContainerDefinition{Name: aws.String("app"), Image: aws.String("app:1")}
	if health != "" {
		c.HealthCheck = &types.HealthCheck{Command: []string{"CMD-SHELL", health}}
	}
	_, err := s.RegisterTaskDefinition(s.t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: &family, NetworkMode: types.NetworkModeAwsvpc, Cpu: aws.String("256"), Memory: aws.String("512"),
		RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate}, ContainerDefinitions: []types.ContainerDefinition{c},
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) create(count int32, change ...func(*ecs.CreateServiceInput)) {
	s.t.Helper()
	in := &ecs.CreateServiceInput{
		ServiceName: aws.String("web"), TaskDefinition: aws.String("web"), DesiredCount: &count, LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-0123456789abcdef0"}}},
	}
	for _, c := range change {
		c(in)
	}
	if _, err := s.CreateService(s.t.Context(), in); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) deploy(change func(*ecs.UpdateServiceInput)) {
	s.t.Helper()
	in := &ecs.UpdateServiceInput{Service: aws.String("web")}
	change(in)
	if _, err := s.UpdateService(s.t.Context(), in); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) describe() types.Service {
	s.t.Helper()
	out, err := s.DescribeServices(s.t.Context(), &ecs.DescribeServicesInput{Services: []string{"web"}})
	if err != nil || len(out.Services) != 1 {
		s.t.Fatalf("described %+v, %v", out, err)
	}
	return out.Services[0]
}

// events are the service's, oldest first, with the ids of tasks taken out.
func (s *stage) events() (out []string) {
	for _, e := range s.describe().Events {
		words := strings.Fields(*e.Message)
		for i, w := range words {
			if len(strings.Trim(w, "().")) == 32 {
				words[i] = "ID" + strings.TrimLeft(w[33:], ")")
			}
		}
		out = append(out, strings.Join(words, " "))
	}
	slices.Reverse(out)
	return together(out)
}

var ofSeveral = regexp.MustCompile(`^(.* (?:has stopped|registered|deregistered|draining connections on)) ([0-9]+) (.*)$`)

// together joins events that follow each other and say the same of some tasks
// each: tasks may change a moment after each other.
func together(events []string) (out []string) {
	for _, e := range events {
		if len(out) > 0 {
			before, now := ofSeveral.FindStringSubmatch(out[len(out)-1]), ofSeveral.FindStringSubmatch(e)
			if before != nil && now != nil && before[1] == now[1] {
				a, _ := strconv.Atoi(before[2])
				b, _ := strconv.Atoi(now[2])
				out[len(out)-1] = fmt.Sprint(now[1], " ", a+b, " ", now[3])
				continue
			}
		}
		out = append(out, e)
	}
	return out
}

// stable waits, in the bubble's time, until the service is where the waiter
// services-stable wants it, and its rollout is complete.
func (s *stage) stable(within time.Duration) time.Duration {
	s.t.Helper()
	began := time.Now()
	for time.Since(began) < within {
		synctest.Wait()
		d := s.describe()
		if len(d.Deployments) == 1 && d.RunningCount == d.DesiredCount && d.Deployments[0].RolloutState == types.DeploymentRolloutStateCompleted {
			return time.Since(began)
		}
		time.Sleep(50 * time.Millisecond)
	}
	d := s.describe()
	s.t.Fatalf("not stable after %s: %d of %d run, %+v\n%s", within, d.RunningCount, d.DesiredCount, d.Deployments, strings.Join(s.events(), "\n"))
	return 0
}

// targets plays the health checks: a target is healthy two seconds after its
// registration, and gone five seconds after it began to drain. What falls on one
// moment is one transaction, so that runs are alike.
func (s *stage) targets(healthy func(state.Target) bool) (stop func()) {
	const registers, drains = 2 * time.Second, 5 * time.Second
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	queue := due.New[state.Key]()
	group.Go(func() {
		_ = s.st.Follow(ctx, func(store.Reader) error { return nil }, func(changes []store.Change) error {
			for _, c := range changes {
				before, had, target, has := store.Targets.Of(c)
				switch {
				case has && !had:
					queue.After(c.Key, registers)
				case has && before.Draining == nil && target.Draining != nil:
					queue.After(c.Key, drains)
				}
			}
			return nil
		}, store.Targets.Name)
	})
	check := func(w store.Writer, key state.Key) error {
		target, ok := store.Targets.Get(w, key)
		switch {
		case !ok:
			return nil
		case target.Draining == nil && healthy(target):
			target.Health = state.TargetHealth{State: "healthy"}
		case target.Draining == nil:
			target.Health = state.TargetHealth{State: "unhealthy", Description: "Health checks failed with these codes: [500]"}
		case time.Since(*target.Draining) < drains:
			queue.At(key, target.Draining.Add(drains))
			return nil
		default:
			store.Targets.Delete(w, key)
			return nil
		}
		return store.Targets.Put(w, key, target)
	}
	group.Go(func() {
		for keys := queue.Wait(ctx); keys != nil; keys = queue.Wait(ctx) {
			s.update(func(w store.Writer) error {
				for _, key := range keys {
					if err := check(w, key); err != nil {
						return err
					}
				}
				return nil
			})
		}
	})
	return func() {
		cancel()
		group.Wait()
	}
}
