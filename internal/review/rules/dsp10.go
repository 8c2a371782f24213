package rules

import "github.com/hatoba/hatoba/internal/review"

var dsp10 = review.Rule{
	ID:       "DSP-10",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Processes},
	Severity: review.Medium,
	Sources:  []string{"S1:67"},
	Title: review.Text{
		EN: "Nothing needed later is kept in the container's file system",
		JA: "後で必要なものをコンテナのファイルシステムに残さない",
	},
	Why: review.Text{
		EN: "A task's file system goes with the task, and no other task sees it: uploads, sessions and caches kept there are lost at the next deployment.",
		JA: "タスクのファイルシステムはタスクとともに消え、他のタスクからは見えません。そこに置いたアップロードやセッションは次のデプロイで失われます。",
	},
	Todo: review.Text{
		EN: "Keep state in a database, an object store or a shared file system; write temporary files below /tmp, and set readonlyRootFilesystem.",
		JA: "状態はデータベース、オブジェクトストア、共有ファイルシステムに置き、一時ファイルは /tmp に書き、readonlyRootFilesystem を設定してください。",
	},
	Checks: []review.Check{drilled("DSP-10", "DR11")},
}
