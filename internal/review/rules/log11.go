package rules

import (
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var log11 = review.Rule{
	ID:       "LOG-11",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.Logs},
	Severity: review.High,
	Sources:  []string{"S0:30", "S1:69", "S4-Log"},
	Title: review.Text{
		EN: "Containers that log to FireLens have a router in the task",
		JA: "FireLens に出力するコンテナには、タスク内にルーターがある",
	},
	Why: review.Text{
		EN: "awsfirelens without a router container is refused; a router that may end alone takes the log of all others with it.",
		JA: "ルーターのない awsfirelens は登録で拒否されます。ルーターだけが終了できると、全コンテナのログが失われます。",
	},
	Todo: review.Text{
		EN: "Add one essential container with firelensConfiguration, and use awsfirelens where its lines should come from.",
		JA: "firelensConfiguration を持つ必須のコンテナを 1 つ加え、出力元のコンテナで awsfirelens を使ってください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: log11TaskDef},
	},
}

func log11TaskDef(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	router, users := -1, 0
	for i, c := range td.ContainerDefinitions {
		if c.FirelensConfiguration != nil {
			router = i
		}
	}
	for i, c := range td.ContainerDefinitions {
		if c.LogConfiguration == nil || c.LogConfiguration.LogDriver != types.LogDriverAwsfirelens {
			continue
		}
		users++
		if router < 0 {
			out = append(out, review.Failed(td.At("containerDefinitions", i, "logConfiguration", "logDriver"), "container %s logs to awsfirelens, and no container is a router", "コンテナ %s は awsfirelens を使うが、ルーターのコンテナがない", str(c.Name)))
		}
	}
	if router >= 0 {
		c, at := td.ContainerDefinitions[router], td.At("containerDefinitions", router, "firelensConfiguration")
		switch {
		case users == 0:
			out = append(out, review.Failed(at, "container %s is a router, and no container logs to it", "コンテナ %s はルーターだが、出力するコンテナがない", str(c.Name)))
		case c.Essential != nil && !*c.Essential:
			out = append(out, review.Failed(td.At("containerDefinitions", router, "essential"), "the router %s is not essential: the app goes on without its log", "ルーター %s が必須でない: ログのないままアプリが動き続ける", str(c.Name)))
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions"), "%d container(s) use awsfirelens", "awsfirelens を使うコンテナ: %d", users))
	}
	return out
}
