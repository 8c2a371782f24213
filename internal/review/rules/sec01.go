package rules

import (
	"github.com/hatoba/hatoba/internal/review"
)

var sec01 = review.Rule{
	ID:       "SEC-01",
	Pillar:   review.Security,
	Severity: review.Medium,
	Sources:  []string{"S2-Sec", "S4-Trace"},
	Title: review.Text{
		EN: "The task role and the execution role are two roles",
		JA: "タスクロールとタスク実行ロールを分ける",
	},
	Why: review.Text{
		EN: "The execution role pulls images and reads every secret of the task. An app that runs under it can do the same.",
		JA: "実行ロールはイメージを取得し、タスクの秘密情報をすべて読めます。アプリが同じロールで動くと、アプリにも同じことができてしまいます。",
	},
	Todo: review.Text{
		EN: "Make a task role with only what the app calls, and name it in taskRoleArn; leave it out if the app calls no AWS API.",
		JA: "アプリが呼ぶ API だけを許可したタスクロールを作って taskRoleArn に指定してください。AWS の API を呼ばないなら taskRoleArn は不要です。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: sec01TaskDef},
	},
}

func sec01TaskDef(s *review.Subject) []review.Outcome {
	td := s.TaskDef.Value
	task, execution := str(td.TaskRoleArn), str(td.ExecutionRoleArn)
	at := td.At("taskRoleArn")
	switch {
	case task == "":
		return []review.Outcome{review.Passed(at, "there is no task role: the app has no rights of its own", "タスクロールがない: アプリ自身には権限がない")}
	case task == execution:
		return []review.Outcome{review.Failed(at, "%s is both", "%s が両方を兼ねている", task)}
	}
	return []review.Outcome{review.Passed(at, "the task role is %s", "タスクロールは %s", task)}
}
