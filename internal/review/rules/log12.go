package rules

import (
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

var log12 = review.Rule{
	ID:       "LOG-12",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.Logs},
	Severity: review.Medium,
	Sources:  []string{"S0:31"},
	Title: review.Text{
		EN: "A router's own configuration can be found where it runs",
		JA: "ルーターの独自設定は、動く場所から読める",
	},
	Why: review.Text{
		EN: "A configuration that is not there keeps the router from starting, and with it the task.",
		JA: "設定ファイルがないとルーターが起動せず、タスクも起動しません。",
	},
	Todo: review.Text{
		EN: "On Fargate put the file into the router image and use config-file-type file; elsewhere s3 with its object ARN works, too.",
		JA: "Fargate ではファイルをルーターのイメージに入れ、config-file-type を file にしてください。EC2 ではオブジェクトの ARN を指定した s3 も使えます。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: log12TaskDef},
	},
}

func log12TaskDef(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	for i, c := range td.ContainerDefinitions {
		if c.FirelensConfiguration == nil {
			continue
		}
		kind, value := c.FirelensConfiguration.Options["config-file-type"], c.FirelensConfiguration.Options["config-file-value"]
		at := td.At("containerDefinitions", i, "firelensConfiguration", "options")
		switch {
		case kind == "" && value == "":
			out = append(out, review.Passed(at, "container %s has no configuration of its own", "コンテナ %s に独自の設定はない", str(c.Name)))
		case kind == "" || value == "":
			out = append(out, review.Failed(at, "container %s: config-file-type and config-file-value go together", "コンテナ %s: config-file-type と config-file-value は両方必要", str(c.Name)))
		case kind == "s3" && td.Fargate():
			out = append(out, review.Failed(at, "container %s: Fargate takes no configuration from s3", "コンテナ %s: Fargate では s3 の設定は使えない", str(c.Name)))
		case kind == "s3" && !strings.HasPrefix(value, "arn:aws"):
			out = append(out, review.Failed(at, "container %s: %q is no ARN of an object", "コンテナ %s: %q はオブジェクトの ARN ではない", str(c.Name), value))
		case kind == "file" && !strings.HasPrefix(value, "/"):
			out = append(out, review.Failed(at, "container %s: %q is no absolute path", "コンテナ %s: %q は絶対パスではない", str(c.Name), value))
		case kind != "file" && kind != "s3":
			out = append(out, review.Failed(at, "container %s: config-file-type %q is neither file nor s3", "コンテナ %s: config-file-type %q は file でも s3 でもない", str(c.Name), kind))
		default:
			out = append(out, review.Passed(at, "container %s: %s %s", "コンテナ %s: %s %s", str(c.Name), kind, value))
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions"), "no container is a FireLens router", "FireLens のルーターはない"))
	}
	return out
}
