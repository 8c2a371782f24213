package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/pkg/oci"

	"github.com/hatoba/hatoba/internal/agent/network"
)

// bare runs runc itself on the spec raw gives it: what is left of a start
// without containerd and shim.
type bare struct {
	raw  *raw
	name string
}

func (b *bare) title() string { return b.name }

// bundle writes a directory with the image's only file and the spec.
func (b *bare) bundle(ctx context.Context, id, netns string) (string, error) {
	ctx = namespaces.WithNamespace(ctx, "bench")
	dir := filepath.Join(b.raw.dir, "bundle-"+id)
	if err := os.MkdirAll(filepath.Join(dir, "rootfs"), 0o755); err != nil {
		return "", err
	}
	if err := os.Link(filepath.Join(b.raw.dir, "..", "stamp"), filepath.Join(dir, "rootfs", "stamp")); err != nil {
		return "", err
	}
	process := oci.Compose(oci.WithProcessArgs("/stamp"), oci.WithUIDGID(65532, 65532), oci.WithRootFSPath("rootfs"))
	spec, err := oci.GenerateSpec(ctx, b.raw.shared.client, &containers.Container{ID: id}, b.raw.spec(process, id, netns)...)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(spec)
	if err != nil {
		return "", err
	}
	return dir, os.WriteFile(filepath.Join(dir, "config.json"), text, 0o600)
}

func (b *bare) runc(ctx context.Context, out *os.File, args ...string) error {
	cmd := exec.CommandContext(ctx, "runc", append([]string{"--root", filepath.Join(b.raw.dir, "runc-bare")}, args...)...)
	if out == nil { // runc's own words; it starts nothing that would keep the pipe open
		text, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("runc %v: %w: %s", args, err, text)
		}
		return nil
	}
	cmd.Stdout = out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("runc %v: %w", args, err)
	}
	return nil
}

// prepare makes a container's network and bundle.
func (b *bare) prepare(ctx context.Context) (id, dir string, log *os.File, err error) {
	e := b.raw.shared
	id, at := e.next()
	attached, err := e.network.Attach(ctx, network.Request{TaskID: id, Address: at, VPC: e.vpc, Gateway: network.Gateway(e.vpc)})
	if err != nil {
		return id, dir, nil, err
	}
	if dir, err = b.bundle(ctx, id, attached.NetNS); err != nil {
		return id, dir, nil, err
	}
	log, err = os.Create(filepath.Join(dir, "log"))
	return id, dir, log, err
}

// stopped is the time of runc delete -f on a running container.
func (b *bare) stopped(ctx context.Context) (time.Duration, error) {
	id, dir, log, err := b.prepare(ctx)
	if err != nil {
		return 0, err
	}
	defer log.Close()
	err = errors.Join(b.runc(ctx, log, "create", "--bundle", dir, id), b.runc(ctx, nil, "start", id))
	if err == nil {
		_, err = stampIn(ctx, log.Name(), time.Now())
	}
	begin := time.Now()
	err = errors.Join(err, b.runc(ctx, nil, "delete", "-f", id))
	took := time.Since(begin)
	return took, errors.Join(err, b.raw.shared.network.Detach(ctx, id), os.RemoveAll(dir))
}

func (b *bare) launch(ctx context.Context) (out sample, err error) {
	id, dir, log, err := b.prepare(ctx)
	if err != nil {
		return out, err
	}
	defer log.Close()
	defer func() { err = errors.Join(err, b.remove(context.WithoutCancel(ctx), id, dir)) }()
	begin, clock := time.Now(), newPhases()
	if err := b.runc(ctx, log, "create", "--bundle", dir, id); err != nil {
		return out, err
	}
	clock.end("runc create")
	if err := b.runc(ctx, nil, "start", id); err != nil {
		return out, err
	}
	clock.end("runc start")
	out.running, out.phases = time.Since(begin), clock.all
	out.exec, err = stampIn(ctx, log.Name(), begin)
	return out, err
}

func (b *bare) remove(ctx context.Context, id, dir string) error {
	return errors.Join(b.runc(ctx, nil, "delete", "-f", id), b.raw.shared.network.Detach(ctx, id), os.RemoveAll(dir))
}
