package rules

import (
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/hatoba/hatoba/internal/review"
)

var img16 = review.Rule{
	ID:       "IMG-16",
	Pillar:   review.Security,
	Severity: review.High,
	Sources:  []string{"S0:17", "S0:20"},
	Title: review.Text{
		EN: "The process does not run as root",
		JA: "プロセスを root で動かさない",
	},
	Why: review.Text{
		EN: "Whoever takes over a process that is root needs one more flaw to take the host; a user without rights needs several.",
		JA: "root のプロセスが乗っ取られると、あと一つの欠陥でホストまで届きます。権限のないユーザーならいくつも必要です。",
	},
	Todo: review.Text{
		EN: "Make a user in the Dockerfile and end with USER 65532 (a number, so that it can be checked), or set user in the container definition.",
		JA: "Dockerfile でユーザーを作り、最後に USER 65532 のように番号で指定するか、コンテナ定義の user を設定してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartDockerfile}, Run: img16Dockerfile},
		{Needs: []review.Part{review.PartImage}, Run: img16Image},
		{Needs: []review.Part{review.PartTaskDef}, Run: img16TaskDef},
	},
}

func isRoot(user string) bool {
	name, _, _ := strings.Cut(user, ":")
	return name == "" || name == "root" || name == "0"
}

func img16Dockerfile(s *review.Subject) []review.Outcome {
	d := s.Dockerfile.Value
	final := d.Final()
	at, user := d.At(final.Location), ""
	for _, command := range final.Commands {
		if u, ok := command.(*instructions.UserCommand); ok {
			at, user = d.At(u.Location()), u.User
		}
	}
	switch {
	case user == "":
		return []review.Outcome{review.Failed(at, "the final stage has no USER", "最終ステージに USER がない")}
	case isRoot(user):
		return []review.Outcome{review.Failed(at, "the final stage ends as USER %s", "最終ステージが USER %s で終わっている", user)}
	}
	return []review.Outcome{review.Passed(at, "USER %s", "USER %s", user)}
}

func img16Image(s *review.Subject) []review.Outcome {
	i := s.Image.Value
	if user := i.Config.Config.User; !isRoot(user) {
		return []review.Outcome{review.Passed(i.At(), "the image's user is %s", "イメージのユーザーは %s", user)}
	}
	return []review.Outcome{review.Failed(i.At(), "the image runs as root unless it is told otherwise", "指定がなければイメージは root で動く")}
}

// The task definition's user wins over the image's; where it says nothing, the
// image's answer counts.
func img16TaskDef(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	for i, c := range td.ContainerDefinitions {
		at := td.At("containerDefinitions", i, "user")
		switch user := str(c.User); {
		case user == "" && (s.Image.OK || s.Dockerfile.OK) && i == 0:
			out = append(out, review.Passed(at, "container %s: user is left to the image, which is looked at", "コンテナ %s: user はイメージに任されている(イメージ側で確認)", str(c.Name)))
		case user == "":
			out = append(out, review.Unexamined(at, review.Say("set user, or give --image or --dockerfile", "user を設定するか、--image か --dockerfile を指定してください"),
				"container %s: user is left to the image, which was not given", "コンテナ %s: user はイメージ任せで、イメージは与えられていない", str(c.Name)))
		case isRoot(user):
			out = append(out, review.Failed(at, "container %s: user is %s", "コンテナ %s: user が %s", str(c.Name), user))
		default:
			out = append(out, review.Passed(at, "container %s: user is %s", "コンテナ %s: user は %s", str(c.Name), user))
		}
	}
	return out
}
