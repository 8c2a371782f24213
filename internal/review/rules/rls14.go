package rules

import (
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/hatoba/hatoba/internal/review"
)

var rls14 = review.Rule{
	ID:       "RLS-14",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.PortBinding},
	Severity: review.Medium,
	Sources:  []string{"S1:60"},
	Title: review.Text{
		EN: "The container serves on the port it declares",
		JA: "コンテナは宣言したポートで待ち受ける",
	},
	Why: review.Text{
		EN: "If the image listens on one port and the task definition maps another, every connection is refused and the deployment never becomes healthy.",
		JA: "イメージの待ち受けポートとタスク定義のポートが違うと、接続はすべて拒否され、デプロイはいつまでも正常になりません。",
	},
	Todo: review.Text{
		EN: "Make EXPOSE and portMappings[].containerPort the same number, the one the process listens on.",
		JA: "EXPOSE と portMappings[].containerPort を、プロセスが待ち受ける同じ番号にしてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef, review.PartDockerfile}, Run: rls14Dockerfile},
		{Needs: []review.Part{review.PartTaskDef, review.PartImage}, Run: rls14Image},
	},
}

func rls14Dockerfile(s *review.Subject) []review.Outcome {
	d := s.Dockerfile.Value
	var exposed []string
	resolved := true
	eachCommand(d, func(command instructions.Command, v vars) {
		if c, ok := command.(*instructions.ExposeCommand); ok {
			for _, p := range c.Ports {
				port, known := v.expand(p)
				resolved = resolved && known
				exposed = append(exposed, port)
			}
		}
	})
	if !resolved {
		return []review.Outcome{review.Unexamined(review.Place{File: d.File}, review.Say("give the variable of EXPOSE a default", "EXPOSE で使う変数に既定値を付けてください"), "EXPOSE %s: a variable has no value", "EXPOSE %s: 変数に値がない", strings.Join(exposed, " "))}
	}
	return mapped(s, "the Dockerfile", "Dockerfile", exposed)
}

func rls14Image(s *review.Subject) []review.Outcome {
	return mapped(s, "the image", "イメージ", sortedKeys(s.Image.Value.Config.Config.ExposedPorts))
}

// mapped compares what an image declares with what the task definition maps. An
// image need not declare anything, and may declare more than is mapped.
func mapped(s *review.Subject, who, ja string, exposed []string) (out []review.Outcome) {
	td := s.TaskDef.Value
	n := ownContainer(s)
	c := td.ContainerDefinitions[n]
	at := td.At("containerDefinitions", n, "portMappings")
	if len(exposed) == 0 {
		return []review.Outcome{review.Passed(at, "%[1]s declares no port", "%[2]s はポートを宣言していない", who, ja)}
	}
	for i, p := range c.PortMappings {
		if p.ContainerPort == nil {
			continue
		}
		port, told := int(*p.ContainerPort), ""
		for _, e := range c.Environment { // PORT=8080 moves the process, and the image's EXPOSE stays
			if str(e.Value) == strconv.Itoa(port) {
				told = str(e.Name)
			}
		}
		at := td.At("containerDefinitions", n, "portMappings", i, "containerPort")
		switch {
		case declares(exposed, port):
			out = append(out, review.Passed(at, "container %[1]s: port %[2]d, which %[3]s declares", "コンテナ %[1]s: ポート %[2]d は %[4]s の宣言どおり", str(c.Name), port, who, ja))
		case told != "":
			out = append(out, review.Passed(at, "container %s: port %d, which its environment sets by %s", "コンテナ %s: ポート %d は環境変数 %s で指定されている", str(c.Name), port, told))
		default:
			out = append(out, review.Failed(at, "container %[1]s: port %[2]d is mapped, %[3]s declares %[5]s", "コンテナ %[1]s: 設定はポート %[2]d、%[4]s の宣言は %[5]s", str(c.Name), port, who, ja, strings.Join(exposed, ", ")))
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(at, "container %s maps no port", "コンテナ %s はポートを設定していない", str(c.Name)))
	}
	return out
}

// declares looks for a port among 80, 80/tcp and 8000-8010/tcp.
func declares(exposed []string, port int) bool {
	for _, e := range exposed {
		number, _, _ := strings.Cut(e, "/")
		first, last, isRange := strings.Cut(number, "-")
		if !isRange {
			last = first
		}
		a, err := strconv.Atoi(first)
		b, err2 := strconv.Atoi(last)
		if err == nil && err2 == nil && a <= port && port <= b {
			return true
		}
	}
	return false
}
