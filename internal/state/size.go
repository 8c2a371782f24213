package state

import (
	"math"
	"strconv"
	"strings"
)

// ParseCPU reads a task's cpu as AWS takes it: units ("256") or "0.25 vCPU". It
// is false for what is no size.
func ParseCPU(text string) (units int64, ok bool) { return parseSize(text, "vcpu") }

// ParseMemory reads a task's memory as AWS takes it: MiB ("512") or "0.5 GB".
func ParseMemory(text string) (mib int64, ok bool) { return parseSize(text, "gb") }

func parseSize(text, unit string) (int64, bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	if number, scaled := strings.CutSuffix(text, unit); scaled {
		v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		whole := v * 1024
		if err != nil || v <= 0 || v > 1<<20 || math.IsNaN(v) || whole != math.Trunc(whole) {
			return 0, false // a third of a unit is no size: it is not rounded in silence
		}
		return int64(whole), true
	}
	v, err := strconv.ParseInt(text, 10, 64)
	return v, err == nil && v > 0 && v <= math.MaxInt32
}

// step is a run of memory sizes.
type step struct{ from, to, by int64 }

// fargateSizes is the matrix of task sizes: cpu units to memory in MiB.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
var fargateSizes = map[int64]step{
	512:   {1024, 4096, 1024},
	1024:  {2048, 8192, 1024},
	2048:  {4096, 16384, 1024},
	4096:  {8192, 30720, 1024},
	8192:  {16384, 61440, 4096},
	16384: {32768, 122880, 8192},
}

// FargateSize tells whether Fargate has tasks of this size.
func FargateSize(cpu, memory int64) bool {
	if cpu == 256 {
		return memory == 512 || memory == 1024 || memory == 2048
	}
	s, ok := fargateSizes[cpu]
	return ok && memory >= s.from && memory <= s.to && (memory-s.from)%s.by == 0
}
