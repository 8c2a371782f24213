package rules

import (
	"path"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/code"
)

var rls01 = review.Rule{
	ID:       "RLS-01",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.Codebase},
	Severity: review.Low,
	Sources:  []string{"S1:55", "S1:61"},
	Title: review.Text{
		EN: "One repository holds code, Dockerfile, pipeline and task definition",
		JA: "コード、Dockerfile、パイプライン、タスク定義を一つのリポジトリに置く",
	},
	Why: review.Text{
		EN: "What belongs together and stands apart is changed apart: the code wants a variable that the definition elsewhere does not give.",
		JA: "一緒に変わるべきものが離れていると、別々に変更されます。コードが求める変数が、別の場所の定義にはない、といったことが起きます。",
	},
	Todo: review.Text{
		EN: "Keep the four in one repository. A definition that a platform team owns can be waived with its place.",
		JA: "4 つを同じリポジトリに置いてください。基盤チームが定義を持つ場合は、その場所を理由に書いて免除できます。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartSource}, Run: rls01Source},
	},
}

func rls01Source(s *review.Subject) []review.Outcome {
	src := s.Source.Value
	at := review.Place{File: src.Root}
	var has, missing []string
	note := func(what string, ok bool) {
		if ok {
			has = append(has, what)
		} else {
			missing = append(missing, what)
		}
	}
	dockerfile, taskdef := false, false
	for _, f := range src.Files {
		base := path.Base(f.Path)
		dockerfile = dockerfile || base == "Dockerfile" || base == "Containerfile" || strings.HasPrefix(base, "Dockerfile.") || strings.HasSuffix(base, ".Dockerfile")
		taskdef = taskdef || strings.Contains(f.Text, "containerDefinitions") || strings.Contains(f.Text, "container_definitions") || strings.Contains(f.Text, "ContainerDefinitions")
	}
	// What the user named beside the folder is kept with it.
	taskdef = taskdef || s.TaskDef.OK && !strings.HasPrefix(s.TaskDef.Value.File, "arn:")
	note("code", len(code.Files(src)) > 0)
	note("Dockerfile", dockerfile)
	note("pipeline", len(code.Pipelines(src)) > 0)
	note("task definition", taskdef)
	if len(missing) > 0 {
		return []review.Outcome{review.Failed(at, "not in the folder: %s", "フォルダーにない: %s", strings.Join(missing, ", "))}
	}
	return []review.Outcome{review.Passed(at, "in the folder: %s", "フォルダーにある: %s", strings.Join(has, ", "))}
}
