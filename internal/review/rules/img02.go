package rules

import (
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

var img02 = review.Rule{
	ID:       "IMG-02",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.BuildReleaseRun},
	Severity: review.Medium,
	Sources:  []string{"S0:14", "S2-Fargate"},
	Title: review.Text{
		EN: "A running container cannot change its image's files",
		JA: "稼働中のコンテナがイメージのファイルを変更できない",
	},
	Why: review.Text{
		EN: "ECS leaves the root file system writable. What is changed there runs until the next stop, differs from task to task, and is where an intruder puts tools.",
		JA: "ECS の既定ではルートファイルシステムは書き込み可能です。そこでの変更は次の停止まで残ってタスクごとの差になり、侵入者がツールを置く場所にもなります。",
	},
	Todo: review.Text{
		EN: "Set readonlyRootFilesystem: true and mount a volume where the process must write, such as /tmp.",
		JA: "readonlyRootFilesystem を true にし、/tmp など書き込みが必要な場所にはボリュームをマウントしてください。",
	},
	Checks: []review.Check{{Needs: []review.Part{review.PartTaskDef}, Run: img02ReadOnly}, proven("IMG-02")},
}

func img02ReadOnly(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	windows := td.RuntimePlatform != nil && strings.HasPrefix(string(td.RuntimePlatform.OperatingSystemFamily), "WINDOWS")
	for i, c := range td.ContainerDefinitions {
		at := td.At("containerDefinitions", i, "readonlyRootFilesystem")
		switch {
		case windows:
			out = append(out, review.Passed(at, "container %s: Windows has no read-only root", "コンテナ %s: Windows に読み取り専用ルートはない", str(c.Name)))
		case c.ReadonlyRootFilesystem != nil && *c.ReadonlyRootFilesystem && s.Service.OK && s.Service.Value.EnableExecuteCommand:
			out = append(out, review.Passed(at, "container %s: the root is read-only (ECS Exec, which the service enables, will not work in it)", "コンテナ %s: ルートは読み取り専用(サービスで有効な ECS Exec は動かない)", str(c.Name)))
		case c.ReadonlyRootFilesystem != nil && *c.ReadonlyRootFilesystem:
			out = append(out, review.Passed(at, "container %s: the root is read-only", "コンテナ %s: ルートは読み取り専用", str(c.Name)))
		case logRouter(c):
			out = append(out, review.Passed(at, "container %s: a log router writes its own configuration at start", "コンテナ %s: ログルーターは起動時に自身の設定を書く", str(c.Name)))
		default:
			out = append(out, review.Failed(at, "container %s: the root can be written to", "コンテナ %s: ルートに書き込める", str(c.Name)))
		}
	}
	return out
}
