package taskdef

import (
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
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
	if strings.TrimSpace(text) == "" {
		return "", nil
	}
	read := map[string]func(string) (int64, bool){"cpu": state.ParseCPU, "memory": state.ParseMemory}[field]
	n, ok := read(text)
	if !ok {
		return "", refuse(badSize, field)
	}
	return strconv.FormatInt(n, 10), nil
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
	if !state.FargateSize(c, m) {
		return refuse("No Fargate configuration exists for given values: %d CPU, %d memory. See the Amazon ECS documentation for the valid values.", c, m)
	}
	return nil
}
