// Package soak runs tasks of many kinds while Hatoba is killed over and over,
// and then counts what is left.
package soak

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/hatoba/hatoba/test/harness"
)

func TestMain(m *testing.M) {
	code := m.Run()
	harness.Clean()
	os.Exit(code)
}

// soak is one run.
type soak struct {
	t            *testing.T
	w            *harness.World
	seed         uint64
	acknowledged sync.Map // family by task ARN
	written      atomic.Int64
}

// atOnce is how many tasks are under way at a time.
const atOnce = 6

// TestSoak starts HATOBA_SOAK tasks (60 if unset) of mixed kinds with the seed
// HATOBA_SOAK_SEED (of the clock if unset) and kills Hatoba at random moments.
// In the end every task's state is true, every acknowledged write is there, and
// nothing is left but what was there at the beginning.
func TestSoak(t *testing.T) {
	count, err := strconv.Atoi(setting("HATOBA_SOAK", "60"))
	if err != nil {
		t.Fatal(err)
	}
	seed, err := strconv.ParseUint(setting("HATOBA_SOAK_SEED", fmt.Sprint(time.Now().UnixNano()%1e6)), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	s := &soak{t: t, w: harness.Start(t), seed: seed}
	t.Logf("%d tasks, HATOBA_SOAK_SEED=%d", count, seed)
	s.w.Image()
	s.register()
	// One of each kind, undisturbed: what stays of it is what stays, as images.
	s.all(len(kinds), func(n int) int { return n })
	before, metadata := s.idle()
	r := rand.New(rand.NewPCG(seed, 0))
	order := make([]int, count)
	for i := range order {
		order[i] = r.IntN(len(kinds))
	}
	begun := time.Now()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.all(count, func(n int) int { return order[n] })
	}()
	stopWriting := s.write()
	kills := s.disturb(r, done)
	stopWriting()
	t.Logf("%d tasks, %d ends of Hatoba, %d parameters in %s", count, kills, s.written.Load(), time.Since(begun).Round(time.Second))
	s.w.Eventually("Hatoba is well", s.w.Answers)
	s.compare(before, metadata)
	s.confirm(count + len(kinds) + 2)
}

func setting(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

// all lives the given number of tasks.
func (s *soak) all(count int, kind func(n int) int) {
	var next atomic.Int64
	var group sync.WaitGroup
	offset := s.offset()
	for range atOnce {
		group.Go(func() {
			for {
				n := int(next.Add(1)) - 1
				if n >= count {
					return
				}
				k := kinds[kind(n)]
				ctx, cancel := context.WithTimeout(context.Background(), patience)
				if err := k.live(ctx, s, offset+n, rand.New(rand.NewPCG(s.seed, uint64(offset+n)))); err != nil {
					s.t.Errorf("task %d, which %s: %v", offset+n, k.name, err)
				}
				cancel()
			}
		})
	}
	group.Wait()
}

// offset is how many tasks were before.
func (s *soak) offset() (n int) {
	s.acknowledged.Range(func(any, any) bool { n++; return true })
	return n
}

// disturb ends Hatoba at random moments and starts it again, until done.
func (s *soak) disturb(r *rand.Rand, done <-chan struct{}) (ends int) {
	for {
		select {
		case <-done:
			return ends
		case <-time.After(time.Duration(50+r.IntN(1500)) * time.Millisecond):
		}
		ends++
		switch r.IntN(6) {
		case 0:
			s.w.Down()
		case 1: // twice: also while it starts
			s.w.Kill()
			s.w.Spawn()
			time.Sleep(time.Duration(r.IntN(400)) * time.Millisecond)
			s.w.Kill()
		default:
			s.w.Kill()
		}
		time.Sleep(time.Duration(r.IntN(300)) * time.Millisecond)
		s.w.Up()
	}
}

// write puts parameters, one after the other, until the returned function is
// called.
func (s *soak) write() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for n := int64(1); ; n++ {
			_, err := insist(ctx, func(ctx context.Context) (*ssm.PutParameterOutput, error) {
				return s.w.SSM.PutParameter(ctx, &ssm.PutParameterInput{
					Name: aws.String(fmt.Sprint("/soak/", n)), Value: aws.String(fmt.Sprint(n)), Type: ssmtypes.ParameterTypeString, Overwrite: aws.Bool(true),
				})
			})
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				s.t.Errorf("put-parameter %d: %v", n, err)
				return
			}
			s.written.Store(n)
			time.Sleep(20 * time.Millisecond)
		}
	}()
	return func() { cancel(); <-ended }
}

// idle is what is there when no task is.
func (s *soak) idle() (inventory, metadata []string) {
	s.w.Down()
	metadata = s.w.Metadata()
	s.w.Up()
	s.brief()
	// Snapshots that nobody refers to go in the engine's own time.
	return s.w.Settled(), metadata
}

// brief runs a task, which makes what the first one of a life makes.
func (s *soak) brief() {
	arn := s.w.Run("plain", func(in *ecs.RunTaskInput) {
		in.Overrides = &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{Name: aws.String("app"), Command: []string{"exit", "0"}}}}
	})
	s.acknowledged.Store(arn, "plain")
	s.w.Until(arn, "STOPPED")
}

func (s *soak) compare(before, metadata []string) {
	s.brief()
	harness.Same(s.t, "on the machine", before, s.w.Inventory)
	s.w.Down()
	harness.Same(s.t, "in the engine", metadata, s.w.Metadata)
	s.w.Up()
}

// confirm reads every acknowledged write, and that there is no task beside
// those that were acknowledged.
func (s *soak) confirm(count int) {
	ctx := context.Background()
	tasks := 0
	pages := ecs.NewListTasksPaginator(s.w.ECS, &ecs.ListTasksInput{DesiredStatus: types.DesiredStatusStopped})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, arn := range page.TaskArns {
			tasks++
			if _, ok := s.acknowledged.Load(arn); !ok {
				s.t.Errorf("task %s was not acknowledged, and is there", arn)
			}
		}
	}
	if tasks != count {
		s.t.Errorf("%d tasks are stopped, not %d", tasks, count)
	}
	for n := int64(1); n <= s.written.Load(); n++ {
		out, err := s.w.SSM.GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(fmt.Sprint("/soak/", n))})
		if err != nil || aws.ToString(out.Parameter.Value) != fmt.Sprint(n) {
			s.t.Errorf("acknowledged parameter %d: %v", n, err)
		}
	}
}
