package runtime

import "time"

// Stats is what a container uses, since its start. What the machine's cgroups
// do not tell is zero.
type Stats struct {
	At time.Time

	CPU, UserCPU, KernelCPU time.Duration
	PerCPU                  []time.Duration
	Periods, Throttled      uint64
	ThrottledTime           time.Duration

	Memory, MemoryPeak, MemoryLimit uint64            // bytes
	MemoryDetail                    map[string]uint64 // the kernel's own names and values

	Pids, PidsLimit uint64
	Bytes, Ops      []BlockIO // per device and operation
}

// BlockIO is one counter of a block device.
type BlockIO struct {
	Major, Minor uint64
	Op           string // "Read", "Write", "Sync", "Async", "Discard", "Total"
	Value        uint64
}
