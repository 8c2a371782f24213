package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/etcd"
)

// storedTasks is how many tasks the store holds while its reads are measured.
const storedTasks = 5000

// api measures reads: Hatoba's on one CPU against the least that net/http can
// do on the same one, the load on the other, the store full of tasks.
func (b *bench) api(ctx context.Context) (err error) {
	h, err := newHatoba(b.options.hatoba, filepath.Join(b.work, "api"))
	if err != nil {
		return err
	}
	arns, err := b.stored(ctx, h)
	if err != nil {
		return err
	}
	h.pinned = true
	if _, err := h.up(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.end()) }()
	bare, address, err := b.bare(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = bare.Process.Kill(); _ = bare.Wait() }()
	ten, _ := json.Marshal(map[string]any{"tasks": arns[:10]})
	hundred, _ := json.Marshal(map[string]any{"tasks": arns[:100]})
	rows := []struct {
		title, address string
		call           call
	}{
		{"hatoba, ListClusters", h.listen, call{"ListClusters", "{}"}},
		{"bare net/http + SigV4 handler", address, call{"ListClusters", "{}"}},
		{"hatoba, DescribeTasks of 10", h.listen, call{"DescribeTasks", string(ten)}},
		{"hatoba, DescribeTasks of 100", h.listen, call{"DescribeTasks", string(hundred)}},
		{"hatoba, ListTasks, a page of 100", h.listen, call{"ListTasks", `{"desiredStatus":"STOPPED"}`}},
	}
	all := make([][]result, len(rows))
	for range b.rounds {
		err := shuffled(len(rows), func(i int) error {
			if err := b.settle(ctx); err != nil {
				return err
			}
			r, err := b.put(ctx, load{Address: rows[i].address, Call: rows[i].call, Connections: 8, For: 2 * time.Second})
			if err == nil && r.Failed != "" {
				err = errors.New(r.Failed)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", rows[i].title, err)
			}
			all[i] = append(all[i], r)
			return nil
		})
		if err != nil {
			return err
		}
	}
	fmt.Printf("\nReads with %d tasks stored, 8 connections, server and load on a CPU each: medians over rounds\n", storedTasks)
	for i, row := range rows {
		fmt.Printf("    %-34s %8.0f /s   p50 %6.2f ms   p99 %6.2f ms\n", row.title, middle(all[i], func(r result) float64 { return r.PerSecond }),
			middle(all[i], func(r result) float64 { return milliseconds(r.P50) }), middle(all[i], func(r result) float64 { return milliseconds(r.P99) }))
	}
	var ratios []float64
	for round := range all[0] {
		ratios = append(ratios, all[0][round].PerSecond/all[1][round].PerSecond)
	}
	fmt.Printf("    the rate of ListClusters is %s of the bare handler's\n", spread(ratios))
	return nil
}

// stored fills a new store with tasks that have run, by copying one that has,
// and returns their ARNs.
func (b *bench) stored(ctx context.Context, h *hatoba) (arns []string, err error) {
	if _, err := h.up(ctx); err != nil {
		return nil, err
	}
	if err := h.prepare(ctx, b.archive); err != nil {
		return nil, err
	}
	if err := h.down(); err != nil {
		return nil, err
	}
	s, err := etcd.Open(ctx, etcd.Config{Dir: filepath.Join(h.dir, "store")})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	for len(arns) < storedTasks {
		err := s.Update(ctx, func(w store.Writer) error {
			var one state.Task
			var scope state.Scope
			for key, t := range store.Tasks.List(w, state.Scope{}, "") {
				one, scope = t, key.Scope()
				break
			}
			if one.ID == "" {
				return errors.New("no task was stored")
			}
			for range 100 {
				t := one
				t.ID = fmt.Sprintf("%032x", len(arns)+1)
				t.ARN = strings.TrimSuffix(one.ARN, one.ID) + t.ID
				if err := store.Tasks.Put(w, scope.Key(t.ID), t); err != nil {
					return err
				}
				arns = append(arns, t.ARN)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return arns, nil
}

// bare starts the reference on the CPU that Hatoba has.
func (b *bench) bare(ctx context.Context) (*exec.Cmd, string, error) {
	spare, err := newHatoba(b.options.hatoba, "")
	if err != nil {
		return nil, "", err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	cmd := exec.Command("taskset", "-c", "1", self, "-bare", spare.listen)
	cmd.Stderr = os.Stderr
	_, err = startUp(ctx, cmd, &http.Client{}, "http://"+spare.listen+"/_hatoba/health")
	return cmd, spare.listen, err
}

// put runs the generator on the other CPU.
func (b *bench) put(ctx context.Context, l load) (r result, err error) {
	text, err := json.Marshal(l)
	if err != nil {
		return r, err
	}
	self, err := os.Executable()
	if err != nil {
		return r, err
	}
	var errs bytes.Buffer
	cmd := exec.CommandContext(ctx, "taskset", "-c", "0", self, "-load", string(text))
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return r, fmt.Errorf("load: %w: %s", err, errs.String())
	}
	return r, json.Unmarshal(out, &r)
}
