package ecs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
	"github.com/hatoba/hatoba/internal/wire"
)

var (
	scope  = state.Scope{Account: "123456789012", Region: "us-east-1"}
	caller = wire.Caller{Scope: scope}
	noon   = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
)

// bench is a service over an empty store with one node and a clock that a
// test may move.
type bench struct {
	*Service
	st  store.Store
	now time.Time
	t   testing.TB
}

func newBench(t testing.TB, change ...func(*Config)) *bench {
	b := &bench{st: mem.New(), now: noon, t: t}
	n := 0
	cfg := Config{
		Store: b.st, Now: func() time.Time { return b.now },
		NewID:    func() string { n++; return fmt.Sprintf("%032x", n) },
		VPCRange: netip.MustParsePrefix("172.31.0.0/16"),
		Log:      slog.New(slog.DiscardHandler),
	}
	for _, c := range change {
		c(&cfg)
	}
	b.Service = New(cfg)
	if err := b.Bootstrap(t.Context(), scope); err != nil {
		t.Fatal(err)
	}
	b.addNode(state.Node{ID: "node-1", CPU: 4096, MemoryMiB: 8192, Arch: "x86_64", Connected: true})
	return b
}

func (b *bench) addNode(n state.Node) {
	b.change(func(w store.Writer) error { return store.Nodes.Put(w, nodeScope.Key(n.ID), n) })
}

func (b *bench) change(fn func(w store.Writer) error) {
	b.t.Helper()
	if err := b.st.Update(b.t.Context(), fn); err != nil {
		b.t.Fatal(err)
	}
}

// observe plays the node: it changes what is seen of a task.
func (b *bench) observe(id string, change func(*state.Observed)) {
	b.t.Helper()
	b.change(func(w store.Writer) error {
		task, ok := store.Tasks.Get(w, scope.Key(id))
		if !ok {
			return fmt.Errorf("no task %s", id)
		}
		task.Observed.Containers = slices.Clone(task.Observed.Containers) // records are shared
		change(&task.Observed)
		return store.Tasks.Put(w, scope.Key(id), task)
	})
}

func (b *bench) task(id string) (task state.Task) {
	b.t.Helper()
	err := b.st.View(b.t.Context(), func(r store.Reader) error {
		var ok bool
		if task, ok = store.Tasks.Get(r, scope.Key(id)); !ok {
			return fmt.Errorf("no task %s", id)
		}
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return task
}

// register makes a small Fargate definition.
func (b *bench) register(family string) string {
	b.t.Helper()
	out := must(b.t, b.registerTaskDefinition, &ecs.RegisterTaskDefinitionInput{
		Family: &family, NetworkMode: types.NetworkModeAwsvpc, Cpu: aws.String("256"), Memory: aws.String("512"),
		RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
		ContainerDefinitions:    []types.ContainerDefinition{{Name: aws.String("app"), Image: aws.String("app:1"), Environment: []types.KeyValuePair{{Name: aws.String("A"), Value: aws.String("1")}}}},
		Tags:                    []types.Tag{{Key: aws.String("team"), Value: aws.String("harbour")}},
	})
	return aws.ToString(out.TaskDefinition.TaskDefinitionArn)
}

// runInput runs a definition in the first default subnet.
func (b *bench) runInput(definition string) *ecs.RunTaskInput {
	return &ecs.RunTaskInput{
		TaskDefinition: &definition, LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{
			Subnets: []string{"subnet-0123456789abcdef0"}, SecurityGroups: []string{"sg-0123456789abcdef0"},
		}},
	}
}

func (b *bench) run(definition string) types.Task {
	b.t.Helper()
	out := must(b.t, b.runTask, b.runInput(definition))
	if len(out.Tasks) != 1 {
		b.t.Fatalf("not one task: %+v", out)
	}
	return out.Tasks[0]
}

func idOf(t types.Task) string { arn := aws.ToString(t.TaskArn); return arn[len(arn)-32:] }

type handler[I, O any] func(context.Context, wire.Caller, *I) (*O, error)

func must[I, O any](t testing.TB, h handler[I, O], in *I) *O {
	t.Helper()
	out, err := h(t.Context(), caller, in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// fails wants the error code and message.
func fails[I, O any](t *testing.T, h handler[I, O], in *I, code, message string) {
	t.Helper()
	_, err := h(t.Context(), caller, in)
	var api smithy.APIError
	if !errors.As(err, &api) {
		t.Fatalf("got %v, want %s", err, code)
	}
	if api.ErrorCode() != code || api.ErrorMessage() != message {
		t.Errorf("got %s %q, want %s %q", api.ErrorCode(), api.ErrorMessage(), code, message)
	}
}

func TestDescribeListsEachOperationOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, op := range newBench(t).Describe().Operations {
		if seen[op.Name] || op.Input.Name() != op.Name+"Input" || op.Output.Name() != op.Name+"Output" {
			t.Errorf("%s is bound to %s and %s", op.Name, op.Input.Name(), op.Output.Name())
		}
		seen[op.Name] = true
	}
}
