package rules

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var img21 = review.Rule{
	ID:       "IMG-21",
	Pillar:   review.Sustainability,
	Severity: review.Medium,
	Sources:  []string{"S0:17", "S0:22"},
	Title: review.Text{
		EN: "The image is built for the architecture the task asks for",
		JA: "タスクが求めるアーキテクチャ向けのイメージがある",
	},
	Why: review.Text{
		EN: "An image of another architecture does not start (exec format error). One built for both lets the service move to ARM, which gives more for the same money and energy.",
		JA: "違うアーキテクチャのイメージは起動しません(exec format error)。両対応なら、同じ費用と電力でより多く処理できる ARM に移れます。",
	},
	Todo: review.Text{
		EN: "Build with docker buildx build --platform linux/amd64,linux/arm64, and set runtimePlatform.cpuArchitecture to what the image has.",
		JA: "docker buildx build --platform linux/amd64,linux/arm64 でビルドし、runtimePlatform.cpuArchitecture をイメージに合わせてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef, review.PartImage}, Run: img21Image},
		{Needs: []review.Part{review.PartTaskDef, review.PartDockerfile}, Run: img21Dockerfile},
	},
}

// wantedArch is the task's architecture as images name it; Fargate and EC2 take
// X86_64 where nothing is said.
func wantedArch(td *review.TaskDef) (arch string, at review.Place) {
	arch, at = "amd64", td.At("runtimePlatform", "cpuArchitecture")
	if td.RuntimePlatform != nil && td.RuntimePlatform.CpuArchitecture == types.CPUArchitectureArm64 {
		arch = "arm64"
	}
	return arch, at
}

func img21Image(s *review.Subject) []review.Outcome {
	i := s.Image.Value
	want, at := wantedArch(s.TaskDef.Value)
	var have []string
	for _, p := range i.Platforms {
		have = append(have, p.Architecture)
	}
	if len(have) == 0 && i.Config.Architecture != "" {
		have = []string{i.Config.Architecture}
	}
	switch {
	case len(have) == 0:
		return []review.Outcome{review.Unexamined(at, review.Say("give the image by its registry reference", "イメージをレジストリの参照で指定してください"), "the image does not say for which architecture it is", "イメージにアーキテクチャの記載がない")}
	case !slices.Contains(have, want):
		return []review.Outcome{review.Failed(at, "the task asks for %s, the image %s has only %s", "タスクは %s を求めるが、イメージ %s は %s だけ", want, i.Ref, strings.Join(have, ", "))}
	case !slices.Contains(have, "arm64"):
		return []review.Outcome{review.Passed(at, "the image has %s, as the task asks; there is no arm64 in it to move to", "イメージはタスクの求める %s 向け。移行先となる arm64 は含まない", want)}
	}
	return []review.Outcome{review.Passed(at, "the task asks for %s, the image has %s", "タスクは %s を求め、イメージは %s を含む", want, strings.Join(have, ", "))}
}

func img21Dockerfile(s *review.Subject) []review.Outcome {
	d := s.Dockerfile.Value
	want, _ := wantedArch(s.TaskDef.Value)
	lowest := imageStages(d)[0]
	at := d.At(lowest.Location)
	platform, known := buildVars(d).expand(lowest.Platform)
	parts := strings.Split(platform, "/")
	if !known || len(parts) < 2 || strings.Contains(lowest.Platform, "TARGET") || strings.Contains(lowest.Platform, "BUILD") {
		return []review.Outcome{review.Passed(at, "the Dockerfile builds for whatever platform is asked of it", "Dockerfile は指定されたプラットフォーム向けにビルドする")}
	}
	if parts[1] != want {
		return []review.Outcome{review.Failed(at, "the task asks for %s, the final stage is always %s", "タスクは %s を求めるが、最終ステージは常に %s", want, platform)}
	}
	return []review.Outcome{review.Passed(at, "the final stage is %s, as the task asks", "最終ステージはタスクの求める %s", platform)}
}
