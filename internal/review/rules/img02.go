package rules

import (
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

var img02 = review.Rule{
	ID:       "IMG-02",
	Pillar:   review.Security,
	Factors:  []review.Factor{review.BuildReleaseRun},
	Severity: review.Medium,
	Sources:  []string{"S0:14", "S2-Fargate"},
	Title: review.Text{
		EN: "The root file system is read-only",
		JA: "ルートファイルシステムは読み取り専用",
	},
	Why: review.Text{
		EN: "A container whose code can be changed while it runs is no longer the image that was tested.",
		JA: "動作中に書き換えられるコンテナは、テストしたイメージと同じものではなくなります。",
	},
	Todo: review.Text{
		EN: "Set readonlyRootFilesystem, and give volumes or tmpfs to the paths that are written.",
		JA: "readonlyRootFilesystem を true にし、書き込むパスにはボリュームか tmpfs を割り当ててください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: img02TaskDef},
	},
}

func img02TaskDef(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	for i, c := range td.ContainerDefinitions {
		at := td.At("containerDefinitions", i, "readonlyRootFilesystem")
		switch {
		case td.RuntimePlatform != nil && strings.HasPrefix(string(td.RuntimePlatform.OperatingSystemFamily), "WINDOWS"):
			out = append(out, review.Passed(at, "container %s: Windows has no read-only root", "コンテナ %s: Windows では設定できない", str(c.Name)))
		case c.FirelensConfiguration != nil:
			out = append(out, review.Passed(at, "container %s: a FireLens router is given its configuration as a file", "コンテナ %s: FireLens のルーターは設定ファイルが書き込まれる", str(c.Name)))
		case c.ReadonlyRootFilesystem == nil || !*c.ReadonlyRootFilesystem:
			out = append(out, review.Failed(at, "container %s: the root file system can be written", "コンテナ %s: ルートファイルシステムに書き込める", str(c.Name)))
		default:
			out = append(out, review.Passed(at, "container %s: read-only", "コンテナ %s: 読み取り専用", str(c.Name)))
		}
	}
	return out
}
