package containerd

import (
	"context"
	"errors"
	"fmt"
	"time"

	cgroup1 "github.com/containerd/cgroups/v3/cgroup1/stats"
	cgroup2 "github.com/containerd/cgroups/v3/cgroup2/stats"
	"github.com/containerd/errdefs"
	"github.com/containerd/typeurl/v2"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

// Stats implements runtime.Engine: the shim reads the container's cgroup, of
// either version.
func (e *Engine) Stats(ctx context.Context, id string) (runtime.Stats, error) {
	ctx = e.context(ctx)
	notFound := func(err error) error {
		if errdefs.IsNotFound(err) {
			return fmt.Errorf("%w: %s", runtime.ErrNotFound, id)
		}
		return err
	}
	c, err := e.client.LoadContainer(ctx, id)
	if err != nil {
		return runtime.Stats{}, notFound(err)
	}
	task, err := c.Task(ctx, nil)
	if err != nil {
		return runtime.Stats{}, notFound(err)
	}
	metric, err := task.Metrics(ctx)
	if err != nil {
		return runtime.Stats{}, notFound(err)
	}
	at := time.Now()
	if metric.Timestamp != nil {
		at = metric.Timestamp.AsTime()
	}
	switch {
	case typeurl.Is(metric.Data, (*cgroup1.Metrics)(nil)):
		var m cgroup1.Metrics
		if err := typeurl.UnmarshalTo(metric.Data, &m); err != nil {
			return runtime.Stats{}, err
		}
		return ofCgroup1(at, &m), nil
	case typeurl.Is(metric.Data, (*cgroup2.Metrics)(nil)):
		var m cgroup2.Metrics
		if err := typeurl.UnmarshalTo(metric.Data, &m); err != nil {
			return runtime.Stats{}, err
		}
		return ofCgroup2(at, &m), nil
	}
	return runtime.Stats{}, errors.New("the shim tells metrics of an unknown kind")
}

func ofCgroup1(at time.Time, m *cgroup1.Metrics) runtime.Stats {
	s := runtime.Stats{At: at, Pids: m.GetPids().GetCurrent(), PidsLimit: m.GetPids().GetLimit()}
	usage := m.GetCPU().GetUsage()
	s.CPU, s.UserCPU, s.KernelCPU = time.Duration(usage.GetTotal()), time.Duration(usage.GetUser()), time.Duration(usage.GetKernel())
	for _, v := range usage.GetPerCPU() {
		s.PerCPU = append(s.PerCPU, time.Duration(v))
	}
	throttling := m.GetCPU().GetThrottling()
	s.Periods, s.Throttled, s.ThrottledTime = throttling.GetPeriods(), throttling.GetThrottledPeriods(), time.Duration(throttling.GetThrottledTime())
	memory := m.GetMemory()
	s.Memory, s.MemoryPeak, s.MemoryLimit = memory.GetUsage().GetUsage(), memory.GetUsage().GetMax(), memory.GetUsage().GetLimit()
	s.MemoryDetail = map[string]uint64{
		"cache": memory.GetCache(), "rss": memory.GetRSS(), "rss_huge": memory.GetRSSHuge(), "mapped_file": memory.GetMappedFile(),
		"dirty": memory.GetDirty(), "writeback": memory.GetWriteback(), "pgpgin": memory.GetPgPgIn(), "pgpgout": memory.GetPgPgOut(),
		"pgfault": memory.GetPgFault(), "pgmajfault": memory.GetPgMajFault(), "inactive_anon": memory.GetInactiveAnon(),
		"active_anon": memory.GetActiveAnon(), "inactive_file": memory.GetInactiveFile(), "active_file": memory.GetActiveFile(),
		"unevictable": memory.GetUnevictable(), "hierarchical_memory_limit": memory.GetHierarchicalMemoryLimit(),
		"total_cache": memory.GetTotalCache(), "total_rss": memory.GetTotalRSS(), "total_rss_huge": memory.GetTotalRSSHuge(),
		"total_mapped_file": memory.GetTotalMappedFile(), "total_dirty": memory.GetTotalDirty(), "total_writeback": memory.GetTotalWriteback(),
		"total_pgpgin": memory.GetTotalPgPgIn(), "total_pgpgout": memory.GetTotalPgPgOut(), "total_pgfault": memory.GetTotalPgFault(),
		"total_pgmajfault": memory.GetTotalPgMajFault(), "total_inactive_anon": memory.GetTotalInactiveAnon(),
		"total_active_anon": memory.GetTotalActiveAnon(), "total_inactive_file": memory.GetTotalInactiveFile(),
		"total_active_file": memory.GetTotalActiveFile(), "total_unevictable": memory.GetTotalUnevictable(),
	}
	entries := func(list []*cgroup1.BlkIOEntry) (out []runtime.BlockIO) {
		for _, e := range list {
			out = append(out, runtime.BlockIO{Major: e.GetMajor(), Minor: e.GetMinor(), Op: e.GetOp(), Value: e.GetValue()})
		}
		return out
	}
	s.Bytes, s.Ops = entries(m.GetBlkio().GetIoServiceBytesRecursive()), entries(m.GetBlkio().GetIoServicedRecursive())
	return s
}

func ofCgroup2(at time.Time, m *cgroup2.Metrics) runtime.Stats {
	s := runtime.Stats{At: at, Pids: m.GetPids().GetCurrent(), PidsLimit: m.GetPids().GetLimit()}
	cpu, memory := m.GetCPU(), m.GetMemory()
	micro := func(n uint64) time.Duration { return time.Duration(n) * time.Microsecond }
	s.CPU, s.UserCPU, s.KernelCPU = micro(cpu.GetUsageUsec()), micro(cpu.GetUserUsec()), micro(cpu.GetSystemUsec())
	s.Periods, s.Throttled, s.ThrottledTime = cpu.GetNrPeriods(), cpu.GetNrThrottled(), micro(cpu.GetThrottledUsec())
	s.Memory, s.MemoryPeak, s.MemoryLimit = memory.GetUsage(), memory.GetMaxUsage(), memory.GetUsageLimit()
	s.MemoryDetail = map[string]uint64{
		"anon": memory.GetAnon(), "file": memory.GetFile(), "kernel_stack": memory.GetKernelStack(), "slab": memory.GetSlab(),
		"sock": memory.GetSock(), "shmem": memory.GetShmem(), "file_mapped": memory.GetFileMapped(), "file_dirty": memory.GetFileDirty(),
		"file_writeback": memory.GetFileWriteback(), "anon_thp": memory.GetAnonThp(), "inactive_anon": memory.GetInactiveAnon(),
		"active_anon": memory.GetActiveAnon(), "inactive_file": memory.GetInactiveFile(), "active_file": memory.GetActiveFile(),
		"unevictable": memory.GetUnevictable(), "slab_reclaimable": memory.GetSlabReclaimable(),
		"slab_unreclaimable": memory.GetSlabUnreclaimable(), "pgfault": memory.GetPgfault(), "pgmajfault": memory.GetPgmajfault(),
	}
	for _, e := range m.GetIo().GetUsage() {
		of := func(op string, value uint64) runtime.BlockIO {
			return runtime.BlockIO{Major: e.GetMajor(), Minor: e.GetMinor(), Op: op, Value: value}
		}
		s.Bytes = append(s.Bytes, of("Read", e.GetRbytes()), of("Write", e.GetWbytes()))
		s.Ops = append(s.Ops, of("Read", e.GetRios()), of("Write", e.GetWios()))
	}
	return s
}
