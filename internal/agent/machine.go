package agent

import (
	"maps"

	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/state"
)

// allowLowPorts lets any user listen on any port of a container's own
// namespace, as Docker does with bridge networking.
func (w *worker) allowLowPorts(spec *runtime.Spec) {
	const first = "net.ipv4.ip_unprivileged_port_start"
	if _, given := spec.Sysctls[first]; given || w.mode() != modeBridge {
		return
	}
	spec.Sysctls = maps.Clone(spec.Sysctls)
	if spec.Sysctls == nil {
		spec.Sysctls = map[string]string{}
	}
	spec.Sysctls[first] = "0"
}

// sharedMemory is the size of the memory that the containers of a task share:
// the largest that one of them asks for; 0 is the default.
func sharedMemory(plans []state.ContainerPlan) (mib int64) {
	for _, p := range plans {
		mib = max(mib, int64(p.Host.SharedMemoryMiB))
	}
	return mib
}

// machine is what a plan has of the machine, as the engine takes it.
func machine(p state.ContainerPlan) runtime.Machine {
	h := p.Host
	out := runtime.Machine{
		Network: h.NetworkMode == modeHost, PID: h.PID == "host", IPC: h.IPC == "host", NoShm: h.IPC == "none",
		TaskPID: h.PID == "task", TaskIPC: h.IPC == "task",
		Privileged: h.Privileged, ShmMiB: int64(h.SharedMemoryMiB),
		// Docker, which EC2-type tasks are written for, does not set the bit.
		MayGain: h.OnInstance && !h.NoNewPrivileges,
		Swap:    h.OnInstance, SwapMiB: -1,
	}
	for _, d := range h.Devices {
		out.Devices = append(out.Devices, runtime.Device(d))
	}
	if h.SwapMiB != nil {
		out.SwapMiB = int64(*h.SwapMiB)
	}
	// Without maxSwap the parameter is not used.
	// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LinuxParameters.html
	if h.Swappiness != nil && h.SwapMiB != nil {
		v := uint64(*h.Swappiness)
		out.Swappiness = &v
	}
	return out
}
