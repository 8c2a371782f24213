package containerd

import (
	"context"
	"fmt"
	"strings"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/contrib/seccomp"
	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

// groupAnnotation makes containers share a shim.
const groupAnnotation = "io.containerd.runc.v2.group"

// minShares is what the kernel takes at least; ECS gives it to containers
// without CPU units.
const minShares = 2

// nofile is Fargate's limit of open files.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Ulimit.html
const nofile = 65535

// options turn a Spec into an OCI spec, in the order they build on each other.
func (e *Engine) options(ctx context.Context, spec runtime.Spec, image containerd.Image) ([]oci.SpecOpts, error) {
	args, err := arguments(ctx, spec, image)
	if err != nil {
		return nil, err
	}
	opts := []oci.SpecOpts{
		oci.WithDefaultSpec(),
		oci.WithDefaultUnixDevices,
		ociVersion,
		oci.WithImageConfig(image),
		oci.WithProcessArgs(args...),
		defaultPath,
		oci.WithEnv(spec.Env),
		oci.WithHostname(spec.Hostname),
		oci.WithLinuxNamespace(specs.LinuxNamespace{Type: specs.NetworkNamespace, Path: spec.NetNS}),
		oci.WithoutRunMount,
		oci.WithMounts(mounts(spec.Mounts)),
		oci.WithCgroup(e.cfg.taskCgroup(spec.TaskID) + "/" + spec.ID),
		oci.WithAnnotations(map[string]string{groupAnnotation: spec.TaskID}),
		oci.WithAddedCapabilities(capabilities(spec.CapAdd)),
		oci.WithDroppedCapabilities(capabilities(spec.CapDrop)),
		resources(spec),
		rlimits(e.limits(spec.Ulimits)),
	}
	if spec.User != "" {
		opts = append(opts, oci.WithUser(spec.User), oci.WithAdditionalGIDs(spec.User))
	}
	if spec.WorkingDir != "" {
		opts = append(opts, oci.WithProcessCwd(spec.WorkingDir))
	}
	if spec.ReadOnly {
		opts = append(opts, oci.WithRootFSReadonly())
	}
	// Last, because the profile depends on the capabilities.
	return append(opts, seccomp.WithDefaultProfile()), nil
}

// path is what Docker gives a container whose image sets none.
const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

func defaultPath(_ context.Context, _ oci.Client, _ *containers.Container, s *oci.Spec) error {
	for _, kv := range s.Process.Env {
		if strings.HasPrefix(kv, "PATH=") {
			return nil
		}
	}
	s.Process.Env = append([]string{path}, s.Process.Env...)
	return nil
}

// ociVersion writes a version that crun takes as well as runc.
func ociVersion(_ context.Context, _ oci.Client, _ *containers.Container, s *oci.Spec) error {
	s.Version = "1.0.2"
	return nil
}

// arguments joins entry point and command as Docker does: an entry point of
// the definition also discards the image's command.
func arguments(ctx context.Context, spec runtime.Spec, image containerd.Image) ([]string, error) {
	config, err := image.Spec(ctx)
	if err != nil {
		return nil, err
	}
	entry, command := config.Config.Entrypoint, config.Config.Cmd
	if len(spec.EntryPoint) > 0 {
		entry, command = spec.EntryPoint, nil
	}
	if len(spec.Command) > 0 {
		command = spec.Command
	}
	args := append(append([]string(nil), entry...), command...)
	if spec.InitProcess {
		args = append([]string{initPath, "--"}, args...)
	}
	if len(args) == 0 {
		return nil, fmt.Errorf("no command specified: neither the image %s nor the definition has one", image.Name())
	}
	return args, nil
}

func mounts(in []runtime.Mount) (out []specs.Mount) {
	for _, m := range in {
		mount := specs.Mount{Type: m.Type, Source: m.Source, Destination: m.Destination, Options: m.Options}
		switch m.Type {
		case "bind":
			mount.Options = append([]string{"rbind", "rprivate"}, m.Options...)
			if m.ReadOnly {
				mount.Options = append(mount.Options, "ro")
			}
		case "tmpfs":
			mount.Source = "tmpfs"
			mount.Options = append([]string{"nosuid", "nodev"}, m.Options...)
		}
		out = append(out, mount)
	}
	return out
}

func capabilities(names []string) (out []string) {
	for _, n := range names {
		out = append(out, "CAP_"+strings.TrimPrefix(strings.ToUpper(n), "CAP_"))
	}
	return out
}

func resources(spec runtime.Spec) oci.SpecOpts {
	return func(_ context.Context, _ oci.Client, _ *containers.Container, s *oci.Spec) error {
		shares := uint64(max(spec.CPU, minShares))
		s.Linux.Resources.CPU = &specs.LinuxCPU{Shares: &shares}
		if spec.MemoryMiB > 0 || spec.ReservationMiB > 0 {
			s.Linux.Resources.Memory = &specs.LinuxMemory{}
		}
		if limit := spec.MemoryMiB << 20; limit > 0 {
			s.Linux.Resources.Memory.Limit = &limit
		}
		if soft := spec.ReservationMiB << 20; soft > 0 {
			s.Linux.Resources.Memory.Reservation = &soft
		}
		return nil
	}
}

func rlimits(limits []specs.POSIXRlimit) oci.SpecOpts {
	return func(_ context.Context, _ oci.Client, _ *containers.Container, s *oci.Spec) error {
		s.Process.Rlimits = limits
		return nil
	}
}

// limits are the container's ulimits, with Fargate's default for open files.
// What this process may not raise is clamped, and said.
func (e *Engine) limits(ulimits []runtime.Ulimit) (out []specs.POSIXRlimit) {
	all := append([]runtime.Ulimit{{Name: "nofile", Soft: nofile, Hard: nofile}}, ulimits...)
	for i, u := range all {
		if i == 0 && named(ulimits, "nofile") {
			continue
		}
		soft, hard := rlimit(u.Soft), rlimit(u.Hard)
		if most, bound := bound(u.Name); bound && hard > most {
			e.cfg.Log.Debug("ulimit clamped: this process may not raise it further", "ulimit", u.Name, "wanted", hard, "given", most)
			hard, soft = most, min(soft, most)
		}
		out = append(out, specs.POSIXRlimit{Type: "RLIMIT_" + strings.ToUpper(u.Name), Soft: soft, Hard: hard})
	}
	return out
}

func named(ulimits []runtime.Ulimit, name string) bool {
	for _, u := range ulimits {
		if u.Name == name {
			return true
		}
	}
	return false
}

// rlimit reads ECS's -1 as unlimited.
func rlimit(n int64) uint64 {
	if n < 0 {
		return unix.RLIM_INFINITY
	}
	return uint64(n)
}

var rlimitNumbers = map[string]int{
	"core": unix.RLIMIT_CORE, "cpu": unix.RLIMIT_CPU, "data": unix.RLIMIT_DATA, "fsize": unix.RLIMIT_FSIZE,
	"locks": unix.RLIMIT_LOCKS, "memlock": unix.RLIMIT_MEMLOCK, "msgqueue": unix.RLIMIT_MSGQUEUE, "nice": unix.RLIMIT_NICE,
	"nofile": unix.RLIMIT_NOFILE, "nproc": unix.RLIMIT_NPROC, "rss": unix.RLIMIT_RSS, "rtprio": unix.RLIMIT_RTPRIO,
	"rttime": unix.RLIMIT_RTTIME, "sigpending": unix.RLIMIT_SIGPENDING, "stack": unix.RLIMIT_STACK,
}

// bound is this process's own hard limit, when it lacks the right to go above
// it.
func bound(name string) (uint64, bool) {
	number, ok := rlimitNumbers[name]
	if !ok || mayRaise() {
		return 0, false
	}
	var own unix.Rlimit
	if err := unix.Getrlimit(number, &own); err != nil {
		return 0, false
	}
	return own.Max, true
}

// mayRaise tells whether this process has CAP_SYS_RESOURCE.
func mayRaise() bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return false
	}
	return data[0].Effective&(1<<unix.CAP_SYS_RESOURCE) != 0
}
