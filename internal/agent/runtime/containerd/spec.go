package containerd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/containerd/cgroups/v3"
	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/contrib/seccomp"
	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/oci"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

// groupAnnotation makes containers share a shim.
const groupAnnotation = "io.containerd.runc.v2.group"

// minShares is what the kernel takes at least; ECS gives it to containers
// without CPU units.
const minShares = 2

// options turn a Spec into an OCI spec, in the order they build on each other.
// The defaults are Docker's: /dev/shm of 64 MiB, masked and read-only paths of
// /proc and /sys, devices; Fargate documents no others.
func (e *Engine) options(ctx context.Context, spec runtime.Spec, image containerd.Image) ([]oci.SpecOpts, error) {
	description, err := image.Spec(ctx)
	if err != nil {
		return nil, err
	}
	config := description.Config
	args := arguments(spec, config)
	if len(args) == 0 {
		return nil, fmt.Errorf("no command specified: neither the image %s nor the definition has one", image.Name())
	}
	opts := []oci.SpecOpts{
		oci.WithDefaultSpec(),
		oci.WithDefaultUnixDevices,
		oci.WithProcessArgs(args...),
		oci.WithProcessCwd(first(spec.WorkingDir, config.WorkingDir, "/")),
		oci.WithHostname(spec.Hostname),
		oci.WithoutRunMount,
		oci.WithMounts(mounts(spec.Mounts)),
		oci.WithCgroup(e.cfg.containerCgroup(spec.TaskID, spec.ID)),
		oci.WithAnnotations(map[string]string{groupAnnotation: spec.TaskID}),
		oci.WithCapabilities(capabilities(spec.CapAdd, spec.CapDrop)),
		direct(func(s *oci.Spec) {
			s.Version = "1.0.2" // that crun takes as well as runc
			s.Process.Env, s.Process.Terminal = environment(spec, config), spec.Terminal
			s.Process.Rlimits = e.rlimits(spec.Ulimits)
			s.Process.OOMScoreAdj = new(int) // not ours: a container is nothing the kernel should spare
			s.Root.Readonly = spec.ReadOnly
			s.Linux.Sysctl = spec.Sysctls
			s.Linux.Resources.CPU, s.Linux.Resources.Memory = cpu(spec), memory(spec, swapping())
		}),
	}
	if spec.NetNS != "" {
		opts = append(opts, oci.WithLinuxNamespace(specs.LinuxNamespace{Type: specs.NetworkNamespace, Path: spec.NetNS}))
	}
	if cgroups.Mode() == cgroups.Unified {
		opts = append(opts, oci.WithLinuxNamespace(specs.LinuxNamespace{Type: specs.CgroupNamespace}))
	}
	opts = append(opts, user(first(spec.User, config.User))...)
	opts = append(opts, e.cfg.machine(spec)...)
	if spec.Machine.Privileged {
		return opts, nil // without a profile
	}
	// Last, because the profile depends on the capabilities.
	return append(opts, seccomp.WithDefaultProfile(), direct(withoutX32)), nil
}

// withoutX32 takes the x32 ABI out of the profile, which is half of what the
// runtime takes to compile it at each start. Programs for it do not run on
// Fargate either, whose kernels are built without; what calls by it is ended.
// Those for i386 stay: the same kernels have it.
//
// Source: https://github.com/firecracker-microvm/firecracker/tree/main/resources/guest_configs, CONFIG_X86_X32
func withoutX32(s *oci.Spec) {
	if s.Linux.Seccomp == nil {
		return
	}
	s.Linux.Seccomp.Architectures = slices.DeleteFunc(slices.Clone(s.Linux.Seccomp.Architectures), func(a specs.Arch) bool {
		return a == specs.ArchX32
	})
}

// direct is an option that needs nothing but the spec.
func direct(set func(*oci.Spec)) oci.SpecOpts {
	return func(_ context.Context, _ oci.Client, _ *containers.Container, s *oci.Spec) error {
		set(s)
		return nil
	}
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// user looks names up in the image. Groups of the image's /etc/group are added
// unless the group is given.
func user(name string) (opts []oci.SpecOpts) {
	if name != "" {
		opts = append(opts, oci.WithUser(name))
	}
	if strings.Contains(name, ":") {
		return opts
	}
	return append(opts, oci.WithAdditionalGIDs(first(name, "root")))
}

// arguments joins entry point and command as Docker does: an entry point of
// the definition also discards the image's command.
func arguments(spec runtime.Spec, config ocispec.ImageConfig) (args []string) {
	entry, command := config.Entrypoint, config.Cmd
	if len(spec.EntryPoint) > 0 {
		entry, command = spec.EntryPoint, nil
	}
	if len(spec.Command) > 0 {
		command = spec.Command
	}
	args = append(append(args, entry...), command...)
	if spec.InitProcess && len(args) > 0 {
		args = append([]string{initPath, "--"}, args...)
	}
	return args
}

// searchPath is what Docker gives a container whose image sets none.
const searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// environment is Docker's defaults, the image's over them, and the
// definition's over those; a later one takes the place of an earlier.
func environment(spec runtime.Spec, config ocispec.ImageConfig) (env []string) {
	defaults := []string{searchPath, "HOSTNAME=" + spec.Hostname}
	if spec.Terminal {
		defaults = append(defaults, "TERM=xterm")
	}
	at := map[string]int{}
	for _, list := range [][]string{defaults, config.Env, spec.Env} {
		for _, kv := range list {
			name, _, _ := strings.Cut(kv, "=")
			if i, ok := at[name]; ok {
				env[i] = kv
				continue
			}
			at[name] = len(env)
			env = append(env, kv)
		}
	}
	return env
}

func mounts(in []runtime.Mount) (out []specs.Mount) {
	for _, m := range in {
		mount := specs.Mount{Type: m.Type, Source: m.Source, Destination: m.Destination}
		switch m.Type {
		case "bind":
			mount.Options = append([]string{"rbind", "rprivate"}, m.Options...)
		case "tmpfs":
			mount.Source = "tmpfs"
			mount.Options = append([]string{"noexec", "nosuid", "nodev"}, m.Options...) // Docker's; a later one wins
		}
		if m.ReadOnly {
			mount.Options = append(mount.Options, "ro")
		}
		out = append(out, mount)
	}
	return out
}

func cpu(spec runtime.Spec) *specs.LinuxCPU {
	shares := uint64(max(spec.CPU, minShares))
	return &specs.LinuxCPU{Shares: &shares}
}

// memory is a container's limits. On Fargate there is no swap; it is limited
// where the kernel can tell.
func memory(spec runtime.Spec, swapping bool) *specs.LinuxMemory {
	limit, soft := spec.MemoryMiB<<20, spec.ReservationMiB<<20
	if limit <= 0 && soft <= 0 {
		return nil
	}
	out := &specs.LinuxMemory{}
	if limit > 0 {
		out.Limit = &limit
		out.Swap = swap(spec, swapping)
		out.Swappiness = swappiness(spec)
	}
	if soft > 0 {
		out.Reservation = &soft
	}
	return out
}
