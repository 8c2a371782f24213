package harness

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// Instance is the id that prefixes every name of this world on the machine.
func (w *World) Instance() string {
	id, err := os.ReadFile(filepath.Join(w.Dir, "instance"))
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.TrimSpace(string(id))
}

// Inventory lists all that the world holds on this machine for its tasks:
// namespaces, links, mounts, cgroups, nftables tables, processes, files of the
// run dir, and the directories of the agent and the container engine. Worlds
// of others beside it are not in it.
func (w *World) Inventory() (out []string) {
	id := w.Instance()
	add := func(kind string, names ...string) {
		for _, n := range names {
			out = append(out, kind+" "+n)
		}
	}
	run := filepath.Join("/run/hatoba", id)
	mounts, _ := os.ReadFile("/proc/self/mountinfo")
	for _, line := range strings.Split(string(mounts), "\n") {
		if f := strings.Fields(line); len(f) > 4 && (under(f[4], run) || under(f[4], w.Dir)) {
			add("mount", f[4])
		}
	}
	aliases, _ := filepath.Glob("/sys/class/net/*/ifalias")
	for _, path := range aliases {
		if b, _ := os.ReadFile(path); bytes.HasPrefix(b, []byte("hatoba "+id+" ")) {
			add("link", strings.TrimSpace(string(b)))
		}
	}
	ports, _ := os.ReadDir("/sys/class/net/hb-" + id + "/brif")
	for _, p := range ports {
		add("port", p.Name())
	}
	for _, pattern := range []string{"/sys/fs/cgroup/*/hatoba-" + id, "/sys/fs/cgroup/hatoba-" + id} {
		roots, _ := filepath.Glob(pattern)
		for _, root := range roots {
			add("cgroup", directories(root)...)
		}
	}
	// What was counted of tasks that have ended stays until its minute is told.
	add("run", slices.DeleteFunc(files(run), func(name string) bool { return strings.HasPrefix(name, "underway/") })...)
	add("agent", files(filepath.Join(w.Dir, "agent"))...)
	add("note", files(filepath.Join(w.Dir, "engine", "notes"))...)
	snapshots, _ := filepath.Glob(filepath.Join(w.Dir, "engine/containerd/io.containerd.snapshotter.v1.*/snapshots/*"))
	add("snapshot", snapshots...)
	temporary, _ := filepath.Glob(filepath.Join(w.Dir, "engine/containerd/tmpmounts/*"))
	add("temporary", temporary...)
	add("process", shims(run)...)
	slices.Sort(out)
	return out
}

func under(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }

// files lists all below a directory, relative to it.
func files(dir string) (out []string) {
	_ = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if rel, rerr := filepath.Rel(dir, path); err == nil && rerr == nil {
			out = append(out, rel)
		}
		return nil // what went meanwhile is not there
	})
	return out
}

func directories(dir string) (out []string) {
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			out = append(out, path)
		}
		return nil
	})
	return out
}

// shims are the processes that name a run dir, by their arguments.
func shims(run string) (out []string) {
	procs, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, p := range procs {
		if b, err := os.ReadFile(p); err == nil && bytes.Contains(b, []byte(run+"/")) {
			out = append(out, strings.ReplaceAll(string(b), "\x00", " "))
		}
	}
	return out
}

// Metadata lists what the container engine has in its database: containers,
// leases, snapshots and images. Nothing may have the data dir open meanwhile.
func (w *World) Metadata() (out []string) {
	w.t.Helper()
	db, err := bolt.Open(filepath.Join(w.Dir, "engine/containerd/io.containerd.metadata.v1.bolt/meta.db"), 0o600, &bolt.Options{ReadOnly: true, Timeout: Patience})
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *bolt.Tx) error {
		v1 := tx.Bucket([]byte("v1"))
		if v1 == nil {
			return errors.New("the engine's database has another layout")
		}
		return v1.ForEachBucket(func(namespace []byte) error {
			ns := v1.Bucket(namespace)
			for _, kind := range []string{"containers", "leases", "images", "sandboxes"} {
				out = append(out, buckets(ns.Bucket([]byte(kind)), kind)...)
			}
			snapshots := ns.Bucket([]byte("snapshots"))
			if snapshots == nil {
				return nil
			}
			return snapshots.ForEachBucket(func(snapshotter []byte) error {
				out = append(out, buckets(snapshots.Bucket(snapshotter), "snapshot in "+string(snapshotter))...)
				return nil
			})
		})
	})
	if err != nil {
		w.t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

func buckets(b *bolt.Bucket, kind string) (out []string) {
	if b == nil {
		return nil
	}
	_ = b.ForEachBucket(func(name []byte) error {
		out = append(out, kind+" "+string(name))
		return nil
	})
	return out
}

// Same waits until two lists agree, and names what differs when they do not.
func Same(t testing.TB, what string, before []string, now func() []string) {
	t.Helper()
	var lost, more []string
	for range 300 {
		lost, more = difference(before, now())
		if len(lost)+len(more) == 0 {
			return
		}
		sleepAWhile()
	}
	for _, x := range more {
		t.Errorf("%s: more than at the beginning: %s", what, x)
	}
	for _, x := range lost {
		if strings.HasPrefix(x, "snapshot ") {
			continue // it waited for collection at the beginning
		}
		t.Errorf("%s: no longer there: %s", what, x)
	}
}

func difference(before, after []string) (lost, more []string) {
	count := map[string]int{}
	for _, x := range before {
		count[x]++
	}
	for _, x := range after {
		if count[x]--; count[x] < 0 {
			more = append(more, x)
		}
	}
	for x, n := range count {
		if n > 0 {
			lost = append(lost, x)
		}
	}
	return lost, more
}

// Settled is the inventory once it has stopped changing.
func (w *World) Settled() []string {
	w.t.Helper()
	last := w.Inventory()
	for same := 0; same < 40; same++ {
		sleepAWhile()
		now := w.Inventory()
		if lost, more := difference(last, now); len(lost)+len(more) > 0 {
			last, same = now, 0
		}
	}
	return last
}

// Noted tells whether the end of a task's container is on disk.
func (w *World) Noted(arn string) bool {
	notes, _ := filepath.Glob(filepath.Join(w.Dir, "engine/notes", arn[strings.LastIndex(arn, "/")+1:]+"-*.json"))
	for _, path := range notes {
		if b, _ := os.ReadFile(path); bytes.Contains(b, []byte(`"Ended":true`)) {
			return true
		}
	}
	return false
}
