package rules

import (
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

var sec01 = review.Rule{
	ID:       "SEC-01",
	Pillar:   review.Security,
	Severity: review.Medium,
	Sources:  []string{"S2-Sec", "S4-Trace"},
	Title: review.Text{
		EN: "The application has a role of its own, not the execution role",
		JA: "アプリケーションは実行ロールと別のタスクロールを持つ",
	},
	Why: review.Text{
		EN: "The execution role reads every secret of the task and pulls its image. An application that has it, or the host's, can do all that.",
		JA: "実行ロールはタスクの全シークレットを読み、イメージを取得できます。アプリケーションがそれやホストのロールを使うと、同じことができてしまいます。",
	},
	Todo: review.Text{
		EN: "Make a role that may do what this application does, and name it in taskRoleArn; keep executionRoleArn for ECS.",
		JA: "このアプリケーションに必要な権限だけのロールを作って taskRoleArn に指定し、executionRoleArn は ECS 用に分けてください。",
	},
	Checks: []review.Check{{
		Needs: []review.Part{review.PartTaskDef},
		Run: func(s *review.Subject) []review.Outcome {
			td := s.TaskDef.Value
			at, task, execution := td.At("taskRoleArn"), str(td.TaskRoleArn), str(td.ExecutionRoleArn)
			switch {
			case task == "" && onFargate(s):
				return []review.Outcome{review.Passed(at, "no task role: on Fargate the application has no AWS credentials", "タスクロールなし: Fargate ではアプリケーションに AWS 認証情報がない")}
			case task == "" && !onFargate(s) && !s.Service.OK && len(td.RequiresCompatibilities) == 0:
				return []review.Outcome{review.Unexamined(at, review.Say("set taskRoleArn or requiresCompatibilities, or give --service-def", "taskRoleArn か requiresCompatibilities を設定するか、--service-def を指定してください"),
					"no task role; on EC2 the application would have the host's, and where it runs is not said", "タスクロールなし。EC2 ならホストのロールを使えるが、実行場所が分からない")}
			case task == "":
				return []review.Outcome{review.Failed(at, "no task role: on EC2 the application can take the host's", "タスクロールなし: EC2 ではアプリケーションがホストのロールを使える")}
			case roleName(task) == roleName(execution):
				return []review.Outcome{review.Failed(at, "task role and execution role are both %s", "タスクロールと実行ロールがどちらも %s", roleName(task))}
			case roleName(task) == "ecsTaskExecutionRole":
				return []review.Outcome{review.Failed(at, "the task role is AWS's standard execution role", "タスクロールが AWS 標準の実行ロール")}
			}
			return []review.Outcome{review.Passed(at, "the task role is %s", "タスクロールは %s", roleName(task))}
		},
	}},
}

// roleName is a role without account and path: both spellings are accepted.
func roleName(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
