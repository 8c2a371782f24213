package taskdef

import (
	"math"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

const badSize = "Invalid '%s' setting for task. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."

// normalizeSize turns the task's cpu into units and its memory into MiB.
func normalizeSize(def *types.TaskDefinition) error {
	cpu, err := Size("cpu", aws.ToString(def.Cpu))
	if err != nil {
		return err
	}
	memory, err := Size("memory", aws.ToString(def.Memory))
	if err != nil {
		return err
	}
	def.Cpu, def.Memory = absentIfEmpty(&cpu), absentIfEmpty(&memory)
	return nil
}

// Size normalises a task's "cpu" or "memory": "1 vCPU" is "1024", "0.5GB" is
// "512". Absent stays absent.
func Size(field, text string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return "", nil
	}
	unit := map[string]string{"cpu": "vcpu", "memory": "gb"}[field]
	if number, ok := strings.CutSuffix(strings.ToLower(text), unit); ok {
		v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || v <= 0 || v > 1<<20 || math.IsNaN(v) {
			return "", refuse(badSize, field)
		}
		return strconv.FormatInt(int64(math.Round(v*1024)), 10), nil
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil || v <= 0 || v > math.MaxInt32 {
		return "", refuse(badSize, field)
	}
	return strconv.FormatInt(v, 10), nil
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

// CheckFargateSize is the error for a size Fargate has not. Both are
// normalised.
func CheckFargateSize(cpu, memory string) error {
	switch {
	case cpu == "":
		return refuse("Fargate requires that 'cpu' be defined at the task level.")
	case memory == "":
		return refuse("Fargate requires that 'memory' be defined at the task level.")
	}
	c, _ := strconv.ParseInt(cpu, 10, 64)
	m, _ := strconv.ParseInt(memory, 10, 64)
	if !FargateSize(c, m) {
		return refuse("No Fargate configuration exists for given values: %d CPU, %d memory. See the Amazon ECS documentation for the valid values.", c, m)
	}
	return nil
}
