package metadata

import (
	"bufio"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	engine "github.com/hatoba/hatoba/internal/agent/runtime"
)

// Interface counts what a task's interface has carried.
type Interface struct {
	RxBytes, RxPackets, RxErrors, RxDropped uint64
	TxBytes, TxPackets, TxErrors, TxDropped uint64
}

// Sample is what is known of a container's use at one time.
type Sample struct {
	engine.Stats
	System time.Duration // CPU time of the whole machine
	Net    Interface
}

// stats is Docker's ContainerStats with the ECS agent's rates.
// Source: https://docs.docker.com/reference/api/engine/version/v1.30/#tag/Container/operation/ContainerStats
type stats struct {
	Read      time.Time          `json:"read"`
	PreRead   time.Time          `json:"preread"`
	Pids      pids               `json:"pids_stats"`
	BlkIO     blkio              `json:"blkio_stats"`
	NumProcs  int                `json:"num_procs"`
	Storage   struct{}           `json:"storage_stats"`
	CPU       cpu                `json:"cpu_stats"`
	PreCPU    cpu                `json:"precpu_stats"`
	Memory    memory             `json:"memory_stats"`
	Name      string             `json:"name"`
	ID        string             `json:"id"`
	Networks  map[string]carried `json:"networks"`
	RateStats *networkRates      `json:"network_rate_stats,omitempty"`
}

type pids struct {
	Current uint64 `json:"current,omitempty"`
	Limit   uint64 `json:"limit,omitempty"`
}

type blkio struct {
	ServiceBytes []entry `json:"io_service_bytes_recursive"`
	Serviced     []entry `json:"io_serviced_recursive"`
	Queue        []entry `json:"io_queue_recursive"`
	ServiceTime  []entry `json:"io_service_time_recursive"`
	WaitTime     []entry `json:"io_wait_time_recursive"`
	Merged       []entry `json:"io_merged_recursive"`
	Time         []entry `json:"io_time_recursive"`
	Sectors      []entry `json:"sectors_recursive"`
}

type entry struct {
	Major uint64 `json:"major"`
	Minor uint64 `json:"minor"`
	Op    string `json:"op"`
	Value uint64 `json:"value"`
}

type cpu struct {
	Usage      cpuUsage   `json:"cpu_usage"`
	System     uint64     `json:"system_cpu_usage,omitempty"`
	Online     uint32     `json:"online_cpus,omitempty"`
	Throttling throttling `json:"throttling_data"`
}

type cpuUsage struct {
	Total  uint64   `json:"total_usage"`
	PerCPU []uint64 `json:"percpu_usage,omitempty"`
	Kernel uint64   `json:"usage_in_kernelmode"`
	User   uint64   `json:"usage_in_usermode"`
}

type throttling struct {
	Periods   uint64 `json:"periods"`
	Throttled uint64 `json:"throttled_periods"`
	Time      uint64 `json:"throttled_time"`
}

type memory struct {
	Usage uint64            `json:"usage"`
	Peak  uint64            `json:"max_usage,omitempty"`
	Stats map[string]uint64 `json:"stats"`
	Limit uint64            `json:"limit"`
}

type carried struct {
	RxBytes   uint64 `json:"rx_bytes"`
	RxPackets uint64 `json:"rx_packets"`
	RxErrors  uint64 `json:"rx_errors"`
	RxDropped uint64 `json:"rx_dropped"`
	TxBytes   uint64 `json:"tx_bytes"`
	TxPackets uint64 `json:"tx_packets"`
	TxErrors  uint64 `json:"tx_errors"`
	TxDropped uint64 `json:"tx_dropped"`
}

type networkRates struct {
	Rx float64 `json:"rx_bytes_per_sec"`
	Tx float64 `json:"tx_bytes_per_sec"`
}

// interfaceName is the task's one interface, by the name it has on Fargate.
const interfaceName = "eth1"

// statsOf words two samples of a container, of which the first may be missing.
// taskMiB is the limit where the container has none of its own.
func statsOf(c Container, taskMiB int64, before, now Sample) stats {
	out := stats{
		Read: now.At.UTC(), PreRead: before.At.UTC(), Name: c.Plan.Name, ID: c.ID,
		Pids: pids{Current: now.Pids, Limit: now.PidsLimit}, CPU: cpuOf(now), PreCPU: cpuOf(before),
		BlkIO:    blkio{ServiceBytes: entries(now.Bytes), Serviced: entries(now.Ops)},
		Memory:   memory{Usage: now.Memory, Peak: now.MemoryPeak, Stats: now.MemoryDetail, Limit: now.MemoryLimit},
		Networks: map[string]carried{interfaceName: carried(now.Net)},
	}
	if limit := uint64(taskMiB) << 20; limit > 0 && (out.Memory.Limit == 0 || out.Memory.Limit > limit) {
		out.Memory.Limit = limit
	}
	if elapsed := now.At.Sub(before.At).Seconds(); !before.At.IsZero() && elapsed > 0 {
		out.RateStats = &networkRates{
			Rx: float64(now.Net.RxBytes-before.Net.RxBytes) / elapsed,
			Tx: float64(now.Net.TxBytes-before.Net.TxBytes) / elapsed,
		}
	}
	return out
}

func cpuOf(s Sample) cpu {
	if s.At.IsZero() {
		return cpu{}
	}
	out := cpu{
		Usage:  cpuUsage{Total: uint64(s.CPU), Kernel: uint64(s.KernelCPU), User: uint64(s.UserCPU)},
		System: uint64(s.System), Online: uint32(runtime.NumCPU()),
		Throttling: throttling{s.Periods, s.Throttled, uint64(s.ThrottledTime)},
	}
	for _, v := range s.PerCPU {
		out.Usage.PerCPU = append(out.Usage.PerCPU, uint64(v))
	}
	return out
}

func entries(list []engine.BlockIO) []entry {
	out := []entry{}
	for _, b := range list {
		out = append(out, entry{b.Major, b.Minor, b.Op, b.Value})
	}
	return out
}

// clockTick is the kernel's USER_HZ, the same on every Linux.
const clockTick = 10 * time.Millisecond

// SystemCPU is the CPU time all of the machine has spent, idle included, as
// Docker counts it.
func SystemCPU() time.Duration {
	f, err := os.Open("/proc/stat")
	if err != nil {
		return 0
	}
	defer f.Close()
	line, err := bufio.NewReader(f).ReadString('\n')
	if err != nil {
		return 0
	}
	return parseSystemCPU(line)
}

// parseSystemCPU adds up user, nice, system, idle, iowait, irq and softirq.
func parseSystemCPU(line string) (out time.Duration) {
	fields := strings.Fields(line)
	if len(fields) < 8 || fields[0] != "cpu" {
		return 0
	}
	for _, field := range fields[1:8] {
		n, _ := strconv.ParseInt(field, 10, 64)
		out += time.Duration(n) * clockTick
	}
	return out
}
