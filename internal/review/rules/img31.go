package rules

import (
	"github.com/hatoba/hatoba/internal/review"
)

var img31 = review.Rule{
	ID:       "IMG-31",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Dependencies, review.BuildReleaseRun},
	Severity: review.Medium,
	Sources:  []string{"S1:65"},
	Title: review.Text{
		EN: "The task definition names an explicit image tag, or better a digest",
		JA: "タスク定義はイメージのタグを明示する(ダイジェストならなお良い)",
	},
	Why: review.Text{
		EN: "With latest, tasks of one revision run different code depending on when they started, and going back to the old revision brings nothing back.",
		JA: "latest では、同じリビジョンのタスクでも起動した時期によって中身が変わり、古いリビジョンに戻しても元に戻りません。",
	},
	Todo: review.Text{
		EN: "Name the tag that the build made (a version or a commit), or repository@sha256:…",
		JA: "ビルドが付けたタグ(バージョンやコミット)か、repository@sha256:… を書いてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: img31TaskDef},
	},
}

func img31TaskDef(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	for i, c := range td.ContainerDefinitions {
		at, image := td.At("containerDefinitions", i, "image"), str(c.Image)
		_, tag, digest := splitRef(image)
		switch {
		case digest != "" && !unresolved(digest):
			out = append(out, review.Passed(at, "container %s: the image is named by its digest", "コンテナ %s: イメージはダイジェストで指定されている", str(c.Name)))
		case image == "" || unresolved(image):
			out = append(out, review.Unexamined(at, review.Say("give the values of the template", "テンプレートの値を指定してください"), "container %s: the image is not resolved", "コンテナ %s: イメージが解決されていない", str(c.Name)))
		case tag == "":
			out = append(out, review.Failed(at, "container %s: %s has no tag, which means latest", "コンテナ %s: %s にタグがない(latest の意味)", str(c.Name), image))
		case tag == "latest":
			out = append(out, review.Failed(at, "container %s: %s", "コンテナ %s: %s", str(c.Name), image))
		default:
			out = append(out, review.Passed(at, "container %s: the image's tag is %s; a digest could not be moved", "コンテナ %s: タグは %s。ダイジェストなら差し替えられない", str(c.Name), tag))
		}
	}
	return out
}
