package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/sync/errgroup"

	"github.com/hatoba/hatoba/internal/aws/ecs"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// What placements are measured on: instances of four tasks each.
const (
	fleetSize   = 5000
	perInstance = 4
	placeEach   = 1000 // tasks of a block
	placers     = 16   // that ask at the same time
)

// placements measures how many tasks a second are placed and durable on 5,000
// container instances, at three fills, against creating keys of the size in an
// etcd of its own: both in this process, with fsync.
func (b *bench) placements(ctx context.Context) (err error) {
	ours, client, end, err := b.stores(ctx, "placements")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	f := &fleet{db: ours, scope: state.Scope{Account: "123456789012", Region: "us-east-1"}}
	if err := f.build(ctx); err != nil {
		return err
	}
	fmt.Printf("\nPlacements on %d container instances, %d callers: tasks placed and durable in a second, and keys of the size created in etcd\n", fleetSize, placers)
	for _, fill := range []float64{0.01, 0.5, 0.9} {
		if err := f.fillTo(ctx, fill); err != nil {
			return err
		}
		for _, batch := range []int{1, 10} {
			var ratios, rates []float64
			for range b.rounds {
				var rate [2]float64
				err := shuffled(2, func(i int) (err error) {
					if err := b.settle(ctx); err != nil {
						return err
					}
					if i == 0 {
						rate[0], err = f.place(ctx, batch)
					} else {
						rate[1], err = f.create(ctx, client)
					}
					return err
				})
				if err != nil {
					return err
				}
				ratios, rates = append(ratios, rate[0]/rate[1]), append(rates, rate[0])
			}
			slices.Sort(rates)
			fmt.Printf("  %2.0f %% full, %2d in a transaction   %6.0f/s, %s of etcd's\n", fill*100, batch, rates[len(rates)/2], spread(ratios))
		}
	}
	return nil
}

// fleet is a cluster of instances that nobody runs.
type fleet struct {
	db    store.Store
	scope state.Scope
	svc   *ecs.Service
	state.Service
	rev   state.ServiceRevision
	value string // a task's record
	next  atomic.Int64
	there int // tasks that fill it
}

func (f *fleet) id() string { return fmt.Sprintf("%032x", f.next.Add(1)) }

func (f *fleet) build(ctx context.Context) error {
	f.svc = ecs.New(ecs.Config{Store: f.db, NewID: f.id, VPCRange: netip.MustParsePrefix("172.31.0.0/16"), Log: slog.New(slog.DiscardHandler)})
	if err := f.svc.Bootstrap(ctx, f.scope); err != nil {
		return err
	}
	definition := ecstypes.TaskDefinition{
		Family: aws.String("web"), Revision: 1, Status: ecstypes.TaskDefinitionStatusActive, TaskDefinitionArn: aws.String(f.scope.TaskDefinitionARN("web", 1)),
		RequiresCompatibilities: []ecstypes.Compatibility{ecstypes.CompatibilityEc2}, Compatibilities: []ecstypes.Compatibility{ecstypes.CompatibilityEc2},
		ContainerDefinitions: []ecstypes.ContainerDefinition{{Name: aws.String("app"), Image: aws.String("app:1"), Cpu: 1024, Memory: aws.Int32(1024), Essential: aws.Bool(true)}},
	}
	err := f.db.Update(ctx, func(w store.Writer) error {
		return store.TaskDefinitions.Put(w, f.scope.Key(state.TaskDefinitionID("web", 1)), state.TaskDefinition{Definition: definition})
	})
	if err != nil {
		return err
	}
	f.Service = state.Service{Name: "web", ClusterName: "default", ClusterARN: f.scope.ClusterARN("default"), Status: state.ServiceActive, Placement: []ecstypes.PlacementStrategy{
		{Type: ecstypes.PlacementStrategyTypeSpread, Field: aws.String("attribute:ecs.availability-zone")}, {Type: ecstypes.PlacementStrategyTypeBinpack, Field: aws.String("memory")},
	}}
	f.rev = state.ServiceRevision{Number: "1", TaskDefinitionARN: *definition.TaskDefinitionArn, LaunchType: string(ecstypes.LaunchTypeEc2)}
	return f.inBatches(ctx, fleetSize, func(w store.Writer, i int) error {
		n := state.Node{ID: fmt.Sprintf("node-%05d", i), CPU: 1024 * perInstance, MemoryMiB: 1024 * perInstance, Arch: "x86_64", Connected: true}
		if err := store.Nodes.Put(w, state.Scope{Account: "-", Region: "-"}.Key(n.ID), n); err != nil {
			return err
		}
		id := state.ContainerInstanceID(f.scope, "default", n.ID)
		return store.ContainerInstances.Put(w, f.scope.Key(state.ContainerInstanceKey("default", id)), state.ContainerInstance{
			ID: id, ARN: f.scope.ContainerInstanceARN("default", id), ClusterName: "default", Node: n.ID, Status: "ACTIVE",
			EC2InstanceID: state.EC2InstanceID(n.ID), Zone: f.scope.Region + string("abc"[i%3]), RegisteredAt: time.Now(),
		})
	})
}

func (f *fleet) inBatches(ctx context.Context, n int, do func(w store.Writer, i int) error) error {
	for at := 0; at < n; at += 250 {
		err := f.db.Update(ctx, func(w store.Writer) error {
			for i := at; i < min(at+250, n); i++ {
				if err := do(w, i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// launch places n tasks in one transaction.
func (f *fleet) launch(ctx context.Context, n int) (ids []string, err error) {
	var all []string
	for range n {
		all = append(all, f.id())
	}
	err = f.db.Update(ctx, func(w store.Writer) error {
		done, err := f.svc.LaunchForService(w, state.ServiceLaunch{Scope: f.scope, Service: f.Service, Revision: f.rev, IDs: all, Now: time.Now()})
		if err == nil && len(done.Refused) > 0 {
			err = fmt.Errorf("a task has no place: %+v", done.Refused[0])
		}
		ids = done.Tasks
		return err
	})
	return ids, err
}

// fillTo has tasks fill a share of the instances.
func (f *fleet) fillTo(ctx context.Context, share float64) error {
	for want := int(share * fleetSize * perInstance); f.there < want; {
		n := min(10, want-f.there)
		ids, err := f.launch(ctx, n)
		if err != nil {
			return err
		}
		f.there += n
		if f.value == "" {
			err = f.db.View(ctx, func(r store.Reader) error {
				t, _ := store.Tasks.Get(r, f.scope.Key(ids[0]))
				encoded, err := store.Schema()[store.Tasks.Name].Encode(t, nil)
				f.value = string(encoded)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// place measures tasks per second, and takes them away again.
func (f *fleet) place(ctx context.Context, batch int) (float64, error) {
	var group errgroup.Group
	group.SetLimit(placers)
	placed := make([][]string, placeEach/batch)
	begin := time.Now()
	for i := range placed {
		group.Go(func() (err error) {
			placed[i], err = f.launch(ctx, batch)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	took := time.Since(begin)
	all := slices.Concat(placed...)
	return float64(len(all)) / took.Seconds(), f.inBatches(ctx, len(all), func(w store.Writer, i int) error {
		store.Tasks.Delete(w, f.scope.Key(all[i]))
		return nil
	})
}

// create measures keys created per second in an etcd of its own.
func (f *fleet) create(ctx context.Context, client *clientv3.Client) (float64, error) {
	var group errgroup.Group
	group.SetLimit(placers)
	prefix := "/" + f.id() + "/"
	begin := time.Now()
	for i := range placeEach {
		group.Go(func() error {
			key := fmt.Sprint(prefix, i)
			answer, err := client.Txn(ctx).If(clientv3.Compare(clientv3.CreateRevision(key), "=", 0)).Then(clientv3.OpPut(key, f.value)).Commit()
			if err == nil && !answer.Succeeded {
				err = fmt.Errorf("key %s is there", strings.TrimPrefix(key, prefix))
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	return placeEach / time.Since(begin).Seconds(), nil
}
