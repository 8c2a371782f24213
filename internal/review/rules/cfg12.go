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
		EN: "Environment files are at most ten, and can be had",
		JA: "環境ファイルは 10 個までで、読み取れる",
	},
	Why: review.Text{
		EN: "A file that is missing or may not be read keeps the task from starting.",
		JA: "ファイルがない、または読めないと、タスクは起動しません。",
	},
	Todo: review.Text{
		EN: "Name at most ten S3 objects that end in .env, and let the execution role read them.",
		JA: ".env で終わる S3 オブジェクトを 10 個以内で指定し、実行ロールに読み取りを許可してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: cfg12TaskDef},
		{Needs: []review.Part{review.PartTaskDef, review.PartLive}, Run: cfg12Live},
	},
}

const mostEnvFiles = 10

func cfg12TaskDef(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	for i, c := range td.ContainerDefinitions {
		if n := len(c.EnvironmentFiles); n > mostEnvFiles {
			out = append(out, review.Failed(td.At("containerDefinitions", i, "environmentFiles"), "container %s names %d files, ten are allowed", "コンテナ %s に %d 個ある。上限は 10 個", str(c.Name), n))
		}
		for j, f := range c.EnvironmentFiles {
			at := td.At("containerDefinitions", i, "environmentFiles", j, "value")
			switch value := str(f.Value); {
			case !strings.HasPrefix(value, "arn:aws") || !strings.Contains(value, ":s3:::"):
				out = append(out, review.Failed(at, "container %s: %q is no ARN of an S3 object", "コンテナ %s: %q は S3 オブジェクトの ARN ではない", str(c.Name), value))
			case !strings.HasSuffix(value, ".env"):
				out = append(out, review.Failed(at, "container %s: %s does not end in .env", "コンテナ %s: %s は .env で終わらない", str(c.Name), value))
			default:
				out = append(out, review.Passed(at, "container %s: %s", "コンテナ %s: %s", str(c.Name), value))
			}
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions"), "no container takes an environment file", "環境ファイルを使うコンテナはない"))
	}
	return out
}

func cfg12Live(s *review.Subject) (out []review.Outcome) {
	td, objects := s.TaskDef.Value, s.Live.Value.Objects
	for i, c := range td.ContainerDefinitions {
		for j, f := range c.EnvironmentFiles {
			at := td.At("containerDefinitions", i, "environmentFiles", j, "value")
			if !objects.OK {
				return []review.Outcome{objects.Gap(at)}
			}
			if o, ok := objects.Value[str(f.Value)]; ok && o.Exists {
				out = append(out, review.Passed(at, "%s is there", "%s は存在する", str(f.Value)))
			} else {
				out = append(out, review.Failed(at, "%s is not there", "%s がない", str(f.Value)))
			}
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions"), "no environment file to look for", "確認すべき環境ファイルはない"))
	}
	return out
}
