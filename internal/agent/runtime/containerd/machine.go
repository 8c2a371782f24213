package containerd

import (
	"os"
	"path/filepath"

	"github.com/containerd/cgroups/v3"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

// machine gives a container what it has of the machine. It comes after the
// defaults, and before the security profile.
func (c Config) machine(spec runtime.Spec) (opts []oci.SpecOpts) {
	m := spec.Machine
	if m.Network {
		opts = append(opts, oci.WithHostNamespace(specs.NetworkNamespace))
	}
	if m.PID {
		opts = append(opts, oci.WithHostNamespace(specs.PIDNamespace))
	}
	if m.IPC {
		opts = append(opts, oci.WithHostNamespace(specs.IPCNamespace), direct(bindShm("/dev/shm")))
	}
	if m.TaskIPC {
		opts = append(opts, direct(bindShm(c.shmDir(spec.TaskID))))
	}
	if m.NoShm {
		opts = append(opts, oci.WithoutMounts("/dev/shm"))
	}
	if m.ShmMiB > 0 && !m.TaskIPC {
		opts = append(opts, oci.WithDevShmSize(m.ShmMiB<<10))
	}
	if m.MayGain {
		opts = append(opts, oci.WithNewPrivileges)
	}
	for _, d := range m.Devices {
		opts = append(opts, oci.WithDevices(d.Host, d.Container, d.Permissions))
	}
	if m.Privileged {
		opts = append(opts, oci.WithPrivileged, oci.WithAllDevicesAllowed, oci.WithHostDevices)
	}
	return opts
}

// bindShm shows a directory as shared memory: the machine's with its IPC
// namespace, the task's with the task's.
func bindShm(dir string) func(*oci.Spec) {
	return func(s *oci.Spec) {
		for i := range s.Mounts {
			if s.Mounts[i].Destination == "/dev/shm" {
				s.Mounts[i] = specs.Mount{Type: "bind", Source: dir, Destination: "/dev/shm", Options: []string{"rbind", "rprivate"}}
			}
		}
	}
}

// swap is a container's limit of memory and swap together; nil is none. It
// needs a memory limit and a kernel that counts swap.
func swap(spec runtime.Spec, swapping bool) *int64 {
	limit := spec.MemoryMiB << 20
	switch m := spec.Machine; {
	case limit <= 0 || !swapping:
		return nil
	case !m.Swap:
		return &limit
	case m.SwapMiB < 0:
		return nil
	default:
		limit += m.SwapMiB << 20
		return &limit
	}
}

// swappiness is set where the kernel has one for each cgroup: not with the
// unified hierarchy.
func swappiness(spec runtime.Spec) *uint64 {
	if cgroups.Mode() == cgroups.Unified {
		return nil
	}
	if _, err := os.Stat(filepath.Join(cgroupRoot, "memory/memory.swappiness")); err != nil {
		return nil
	}
	return spec.Machine.Swappiness
}
