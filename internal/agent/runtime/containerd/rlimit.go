package containerd

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

// nofile is Fargate's limit of open files.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Ulimit.html
const nofile = 65535

// rlimits are the container's ulimits, with Fargate's default for open files.
// What this process may not raise is clamped, and said once.
func (e *Engine) rlimits(ulimits []runtime.Ulimit) []specs.POSIXRlimit {
	out, clamped := clamp(withNofile(ulimits), bound)
	if len(clamped) > 0 {
		e.clamped.Do(func() {
			e.cfg.Log.Warn("ulimits are clamped to what this process may give; run it with CAP_SYS_RESOURCE to change that", "ulimits", clamped)
		})
	}
	return out
}

func withNofile(ulimits []runtime.Ulimit) []runtime.Ulimit {
	if slices.ContainsFunc(ulimits, func(u runtime.Ulimit) bool { return u.Name == "nofile" }) {
		return ulimits
	}
	return append([]runtime.Ulimit{{Name: "nofile", Soft: nofile, Hard: nofile}}, ulimits...)
}

// clamp brings ulimits down to what bound tells, and says which.
func clamp(ulimits []runtime.Ulimit, bound func(name string) uint64) (out []specs.POSIXRlimit, clamped []string) {
	for _, u := range ulimits {
		soft, hard := rlimit(u.Soft), rlimit(u.Hard)
		if most := bound(u.Name); hard > most {
			hard, soft = most, min(soft, most)
			clamped = append(clamped, fmt.Sprintf("%s=%d", u.Name, most))
		}
		out = append(out, specs.POSIXRlimit{Type: "RLIMIT_" + strings.ToUpper(u.Name), Soft: soft, Hard: hard})
	}
	return out, clamped
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

// bound is the highest limit this process may give: its own, when it lacks the
// right to go above that, and for files never more than the kernel has.
func bound(name string) uint64 {
	most := uint64(unix.RLIM_INFINITY)
	if name == "nofile" {
		if b, err := os.ReadFile("/proc/sys/fs/nr_open"); err == nil {
			if n, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 64); err == nil {
				most = n
			}
		}
	}
	number, ok := rlimitNumbers[name]
	var own unix.Rlimit
	if !ok || mayRaise() || unix.Getrlimit(number, &own) != nil {
		return most
	}
	return min(most, own.Max)
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
