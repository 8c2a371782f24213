package rules

import (
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

var cfg12 = review.Rule{
	ID:       "CFG-12",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.Config},
	Severity: review.Medium,
	Sources:  []string{"S0:11"},
	Title: review.Text{
		EN: "environmentFiles are ones that ECS can load",
		JA: "environmentFiles が ECS で読み込める",
	},
	Why: review.Text{
		EN: "A file that cannot be loaded keeps the task from starting, at the next deployment or the next scale-out.",
		JA: "読み込めないファイルがあると、次のデプロイやスケールアウトでタスクが起動しません。",
	},
	Todo: review.Text{
		EN: `Give at most 10 files, each {"type": "s3", "value": "arn:aws:s3:::bucket/path/name.env"}, and an execution role that may read them.`,
		JA: `ファイルは 10 個までとし、{"type": "s3", "value": "arn:aws:s3:::bucket/path/name.env"} の形で書き、読み取れる実行ロールを指定してください。`,
	},
	Checks: []review.Check{{Needs: []review.Part{review.PartTaskDef}, Run: cfg12Files}},
}

func cfg12Files(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	for i, c := range td.ContainerDefinitions {
		at := td.At("containerDefinitions", i, "environmentFiles")
		if n := len(c.EnvironmentFiles); n > 10 {
			out = append(out, review.Failed(at, "container %s: %d environment files; ECS takes 10", "コンテナ %s: 環境ファイルが %d 個ある(上限は 10)", str(c.Name), n))
		}
		if len(c.EnvironmentFiles) > 0 && str(td.ExecutionRoleArn) == "" {
			out = append(out, review.Failed(at, "container %s: no executionRoleArn, so nobody may fetch the files", "コンテナ %s: executionRoleArn がなく、ファイルを取得できない", str(c.Name)))
		}
		for j, f := range c.EnvironmentFiles {
			at, value := td.At("containerDefinitions", i, "environmentFiles", j), str(f.Value)
			parts := strings.SplitN(value, ":", 6)
			switch {
			case f.Type != "s3":
				out = append(out, review.Failed(at, "container %s: the type of %s is %q; ECS knows s3", "コンテナ %s: %s の type が %q(ECS が扱うのは s3)", str(c.Name), value, string(f.Type)))
			case len(parts) < 6 || parts[0] != "arn" || parts[2] != "s3" || !strings.Contains(parts[5], "/"):
				out = append(out, review.Failed(at, "container %s: %q is not an object's ARN", "コンテナ %s: %q はオブジェクトの ARN ではない", str(c.Name), value))
			case !strings.HasSuffix(value, ".env"):
				out = append(out, review.Failed(at, "container %s: %s does not end in .env", "コンテナ %s: %s が .env で終わっていない", str(c.Name), value))
			default:
				out = append(out, review.Passed(at, "container %s: %s", "コンテナ %s: %s", str(c.Name), value))
			}
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions"), "no container uses environmentFiles", "environmentFiles を使うコンテナはない"))
	}
	return out
}
