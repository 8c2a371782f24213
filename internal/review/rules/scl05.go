package rules

import (
	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/state"
)

var scl05 = review.Rule{
	ID:       "SCL-05",
	Pillar:   review.Reliability,
	Severity: review.High,
	Sources:  []string{"S3-Size"},
	Title: review.Text{
		EN: "CPU and memory of task and containers are valid and fit together",
		JA: "タスクとコンテナの CPU・メモリが有効な値で、互いに矛盾しない",
	},
	Why: review.Text{
		EN: "ECS refuses pairs that Fargate does not have and containers that do not fit their task; what it takes and does not fit is killed under load.",
		JA: "Fargate にない組み合わせや、タスクに収まらないコンテナは ECS に拒否されます。受け付けられても収まらなければ、負荷時に強制終了されます。",
	},
	Todo: review.Text{
		EN: "Choose a pair Fargate offers, and keep the containers' sums within it.",
		JA: "Fargate にある組み合わせを選び、コンテナの合計をその中に収めてください。",
	},
	Checks: []review.Check{{Needs: []review.Part{review.PartTaskDef}, Run: scl05Sizes}},
}

func scl05Sizes(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	cpu, cpuOK := sizeOr0(spelled(td, "cpu"), state.ParseCPU)
	memory, memoryOK := sizeOr0(spelled(td, "memory"), state.ParseMemory)
	fargate := onFargate(s)
	switch {
	case !cpuOK || !memoryOK:
		out = append(out, review.Failed(td.At("cpu"), "cpu %q or memory %q is no size", "cpu %q または memory %q がサイズとして読めない", spelled(td, "cpu"), spelled(td, "memory")))
		return out
	case fargate && (cpu == 0 || memory == 0):
		out = append(out, review.Failed(td.At("cpu"), "Fargate needs cpu and memory of the task", "Fargate ではタスクの cpu と memory が必要"))
	case fargate && !state.FargateSize(int64(cpu), int64(memory)):
		out = append(out, review.Failed(td.At("cpu"), "Fargate has no size of %d CPU units with %d MiB", "Fargate に CPU %d ユニット、メモリ %d MiB の組み合わせはない", cpu, memory))
	}
	cpuSum, reserved := 0, 0
	for i, c := range td.ContainerDefinitions {
		at := td.At("containerDefinitions", i, "memory")
		hard, soft := int(aws.ToInt32(c.Memory)), int(aws.ToInt32(c.MemoryReservation))
		cpuSum += int(c.Cpu)
		if soft > 0 {
			reserved += soft
		} else {
			reserved += hard
		}
		switch {
		case hard > 0 && soft > hard:
			out = append(out, review.Failed(at, "container %s: memoryReservation %d is more than memory %d", "コンテナ %s: memoryReservation %d が memory %d を超える", str(c.Name), soft, hard))
		case hard > 0 && hard < 6:
			out = append(out, review.Failed(at, "container %s: memory %d MiB; the least is 6", "コンテナ %s: memory が %d MiB(最小は 6)", str(c.Name), hard))
		case memory > 0 && hard > memory:
			out = append(out, review.Failed(at, "container %s: memory %d MiB is more than the task's %d", "コンテナ %s: memory %d MiB がタスクの %d を超える", str(c.Name), hard, memory))
		case memory == 0 && hard == 0 && soft == 0 && !fargate:
			out = append(out, review.Failed(at, "container %s: neither memory nor memoryReservation, and the task has no memory", "コンテナ %s: memory も memoryReservation もなく、タスクの memory もない", str(c.Name)))
		}
	}
	if cpu > 0 && cpuSum > cpu {
		out = append(out, review.Failed(td.At("cpu"), "the containers' cpu, %d, is more than the task's %d", "コンテナの cpu の合計 %d がタスクの %d を超える", cpuSum, cpu))
	}
	if memory > 0 && reserved > memory {
		out = append(out, review.Failed(td.At("memory"), "the containers reserve %d MiB, more than the task's %d", "コンテナの予約 %d MiB がタスクの %d を超える", reserved, memory))
	}
	if e := td.EphemeralStorage; e != nil && (e.SizeInGiB < 21 || e.SizeInGiB > 200) {
		out = append(out, review.Failed(td.At("ephemeralStorage"), "ephemeral storage of %d GiB; Fargate takes 21 to 200", "エフェメラルストレージが %d GiB(Fargate は 21〜200)", e.SizeInGiB))
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("cpu"), "task: %d CPU units, %d MiB; containers: %d units, %d MiB reserved", "タスク: CPU %d ユニット、%d MiB。コンテナ: %d ユニット、予約 %d MiB", cpu, memory, cpuSum, reserved))
	}
	return out
}

// sizeOr0 reads a size; a task on EC2 may say none, which is 0.
func sizeOr0(text string, parse func(string) (int64, bool)) (int, bool) {
	if text == "" {
		return 0, true
	}
	n, ok := parse(text)
	return int(n), ok
}

// spelled is a size as the document has it: AWS wants strings, people write
// numbers too.
func spelled(td *review.TaskDef, name string) string {
	if n := td.Doc.Get(name); n != nil {
		return n.Text
	}
	return ""
}
