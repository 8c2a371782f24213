package rules

import (
	"math"
	"strconv"
	"strings"
)

// units reads a task's cpu or memory: plain units or MiB, or with vCPU or GB
// behind it. Nothing is 0, which a task on EC2 may say.
func units(text, big string) (int, bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "" {
		return 0, true
	}
	factor := 1.0
	if head, ok := strings.CutSuffix(text, big); ok {
		text, factor = strings.TrimSpace(head), 1024
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || n <= 0 || n > 1<<30 || n*factor != math.Trunc(n*factor) {
		return 0, false
	}
	return int(n * factor), true
}

// fargatePair reports whether Fargate has a task of that size.
func fargatePair(cpu, memory int) bool {
	size, ok := map[int]struct{ low, high, step int }{
		512:   {1024, 4096, 1024},
		1024:  {2048, 8192, 1024},
		2048:  {4096, 16384, 1024},
		4096:  {8192, 30720, 1024},
		8192:  {16384, 61440, 4096},
		16384: {32768, 122880, 8192},
	}[cpu]
	if cpu == 256 {
		return memory == 512 || memory == 1024 || memory == 2048
	}
	return ok && memory >= size.low && memory <= size.high && (memory-size.low)%size.step == 0
}
