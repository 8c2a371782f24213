package rules

import (
	"strconv"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

var scl05 = review.Rule{
	ID:       "SCL-05",
	Pillar:   review.Reliability,
	Severity: review.High,
	Sources:  []string{"S3-Size"},
	Title: review.Text{
		EN: "Sizes of task and containers are valid together",
		JA: "タスクとコンテナのサイズ指定に矛盾がない",
	},
	Why: review.Text{
		EN: "A pair that Fargate does not have is refused at registration; containers that ask for more than the task has cannot start together.",
		JA: "Fargate にない組み合わせは登録で拒否され、タスクより大きいコンテナは一緒に起動できません。",
	},
	Todo: review.Text{
		EN: "Choose a pair of cpu and memory that Fargate has, and keep the sum over containers within it.",
		JA: "Fargate にある cpu と memory の組み合わせを選び、コンテナの合計をその中に収めてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: scl05TaskDef},
	},
}

// fargate lists the memory that goes with each CPU size: least, most, step.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
var fargate = map[int][3]int{
	256: {512, 2048, 512}, 512: {1024, 4096, 1024}, 1024: {2048, 8192, 1024}, 2048: {4096, 16384, 1024},
	4096: {8192, 30720, 1024}, 8192: {16384, 61440, 4096}, 16384: {32768, 122880, 8192},
}

func scl05TaskDef(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	cpu, okCPU := amount(str(td.Cpu), "vcpu")
	memory, okMemory := amount(str(td.Memory), "gb")
	if td.Fargate() {
		pair, known := fargate[cpu]
		switch {
		case !okCPU || !okMemory:
			out = append(out, review.Failed(td.At("cpu"), "Fargate needs cpu and memory of the task", "Fargate ではタスクの cpu と memory が必要"))
		case !known || memory < pair[0] || memory > pair[1] || memory%pair[2] != 0 || cpu == 256 && memory == 1536:
			out = append(out, review.Failed(td.At("memory"), "Fargate has no task of %d CPU units and %d MiB", "Fargate に CPU %d ユニット、メモリ %d MiB の組み合わせはない", cpu, memory))
		}
	}
	sumCPU, sumMemory := 0, 0
	for i, c := range td.ContainerDefinitions {
		sumCPU += int(c.Cpu)
		hard, soft := 0, 0
		if c.Memory != nil {
			hard = int(*c.Memory)
		}
		if c.MemoryReservation != nil {
			soft = int(*c.MemoryReservation)
		}
		if soft > 0 {
			sumMemory += soft
		} else {
			sumMemory += hard
		}
		at := td.At("containerDefinitions", i, "memory")
		switch {
		case hard > 0 && soft > hard:
			out = append(out, review.Failed(at, "container %s: memoryReservation %d is more than memory %d", "コンテナ %s: memoryReservation %d が memory %d を超えている", str(c.Name), soft, hard))
		case okMemory && hard > memory:
			out = append(out, review.Failed(at, "container %s: memory %d is more than the task's %d", "コンテナ %s: memory %d がタスクの %d を超えている", str(c.Name), hard, memory))
		case !okMemory && hard == 0 && soft == 0:
			out = append(out, review.Failed(at, "container %s has no memory, and the task has none", "コンテナ %s にもタスクにも memory がない", str(c.Name)))
		}
	}
	if okCPU && sumCPU > cpu {
		out = append(out, review.Failed(td.At("cpu"), "containers ask for %d CPU units, the task has %d", "コンテナの CPU 合計 %d がタスクの %d を超えている", sumCPU, cpu))
	}
	if okMemory && sumMemory > memory {
		out = append(out, review.Failed(td.At("memory"), "containers ask for %d MiB, the task has %d", "コンテナのメモリ合計 %d MiB がタスクの %d を超えている", sumMemory, memory))
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("cpu"), "task: %s CPU, %s memory; containers: %d CPU units, %d MiB", "タスク: CPU %s、メモリ %s。コンテナ合計: CPU %d ユニット、%d MiB",
			orNone(str(td.Cpu)), orNone(str(td.Memory)), sumCPU, sumMemory))
	}
	return out
}

func orNone(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// amount reads "256", ".25 vCPU", "512", "1GB": in units or MiB.
func amount(text, unit string) (int, bool) {
	number, scaled := strings.CutSuffix(strings.ToLower(strings.TrimSpace(text)), unit)
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !(v > 0 && v < 1e7) {
		return 0, false
	}
	if scaled {
		v *= 1024
	}
	return int(v), true
}
