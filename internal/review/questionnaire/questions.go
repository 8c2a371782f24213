package questionnaire

import "github.com/hatoba/hatoba/internal/review"

// question is a practice that only people can speak for.
type question struct {
	ask  review.Text
	rule review.Rule // without its check
}

func ask(id string, p review.Pillar, severity review.Severity, factors []review.Factor, sources []string, texts ...string) question {
	t := func(i int) review.Text { return review.Text{EN: texts[2*i], JA: texts[2*i+1]} }
	return question{ask: t(0), rule: review.Rule{ID: id, Pillar: p, Severity: severity, Factors: factors, Sources: sources,
		Title: t(1), Why: t(2), Todo: t(3)}}
}

// questions: for each the question, the practice, why, and what to do.
func questions() []question {
	return append(delivery(), governance()...)
}

func delivery() []question {
	return []question{
		ask("RLS-05", review.Operations, review.Low, []review.Factor{review.Parity}, []string{"S1:64"},
			"Do the developers follow their change through to production: do they see the release and how it behaves?",
			"開発者は自分の変更のリリースと本番での動きを最後まで見届けていますか。",
			"Developers see the release through to production", "開発者が本番リリースまで見届ける",
			"Who never sees production learns nothing from it, and what breaks there is mended by someone who did not write it.",
			"本番を見ない開発者は本番から学べず、障害は書いた本人ではない人が直すことになります。",
			"Give developers read access to production's dashboards and logs, and have them present at the release of their change.",
			"開発者に本番のダッシュボードとログの参照権限を渡し、自分の変更のリリースに立ち会うようにしてください。"),
		ask("RLS-06", review.Operations, review.Low, []review.Factor{review.BackingServices, review.Parity}, []string{"S1:64"},
			"Has every external system that the service calls a stub, or a test instance, in the environments before production?",
			"サービスが呼び出す外部システムには、本番前の環境で使えるスタブかテスト環境がありますか。",
			"External systems have stubs, so that environments stay alike", "外部システムのスタブで環境差をなくす",
			"What cannot be called before production is first tried in production.",
			"本番前に呼び出せないものは、本番で初めて試すことになります。",
			"Name each external system and give the other environments a stub of it under the same environment variable.",
			"外部システムを一覧にし、ほかの環境では同じ環境変数でスタブに向けてください。"),
		ask("RLS-13", review.Operations, review.Low, []review.Factor{review.Codebase}, []string{"S3-Branch"},
			"Is it decided and written down which branch deploys to which environment, for the application and for the infrastructure?",
			"アプリとインフラのそれぞれについて、どのブランチがどの環境にデプロイされるかを決めて文書にしていますか。",
			"The branch strategy of application and infrastructure is decided", "アプリとインフラのブランチ戦略を決めている",
			"Two pipelines with different habits put a task definition into production whose image, queue or table is not there yet.",
			"二つのパイプラインの流儀が違うと、イメージやキューやテーブルがまだない状態でタスク定義だけが本番に出ます。",
			"Write down which branch leads to which environment, for both repositories, and in which order they are released.",
			"両方のリポジトリについて、ブランチと環境の対応とリリースの順番を文書にしてください。"),
		ask("LOG-05", review.Operations, review.Medium, []review.Factor{review.Logs}, []string{"S0:26", "S4-Log"},
			"Is it decided for each kind of log what it is for (keep, analyse, watch), how long it is kept and with what it is read?",
			"ログの種類ごとに、目的(保管・分析・監視)、保持期間、分析方法を決めていますか。",
			"Each kind of log has a purpose, a retention and a reader", "ログの種類ごとに目的・保持期間・分析方法がある",
			"Logs without a purpose are paid for and not found when they are needed.",
			"目的のないログは費用だけがかかり、必要なときに見つかりません。",
			"List the kinds of log (access, application, audit) with purpose, days and tool, and set the retention of each log group by it.",
			"アクセス・アプリ・監査などの種類ごとに目的・日数・ツールを表にし、ロググループの保持期間を合わせてください。"),
		ask("LOG-24", review.Performance, review.Info, []review.Factor{review.Logs}, []string{"S0:32"},
			"Was it decided for a reason (cost, isolation) whether logs are collected by a sidecar per task or by one collector per host?",
			"ログ収集をタスクごとのサイドカーにするかホスト共用にするか、コストや分離を理由に選びましたか。",
			"The log collector is a sidecar or shared, for a reason", "ログ収集の形を理由をもって選んでいる",
			"A sidecar costs memory in every task; a shared collector lets one loud service delay the logs of all.",
			"サイドカーは全タスクでメモリを使い、共用の収集器では一つのサービスの大量ログが全体を遅らせます。",
			"Measure the log volume of a task, choose, and write the reason down.",
			"タスクのログ量を測って選び、理由を書き残してください。"),
		ask("SCL-15", review.Operations, review.Info, nil, []string{"S1:40", "S1:41", "S1:42", "S2-Fargate"},
			"Was the compute service (Fargate, EC2, Lambda, own machines) chosen by stated criteria?",
			"コンピュートの種類(Fargate、EC2、Lambda、自前のマシン)を明示した基準で選びましたか。",
			"The compute service is chosen by stated criteria", "コンピュートサービスを明示した基準で選ぶ",
			"A choice without criteria cannot be looked at again when load, price or team change.",
			"基準のない選択は、負荷や価格やチームが変わったときに見直せません。",
			"Write down the criteria (start time, load, price, who cares for the machines) and how each candidate meets them.",
			"起動時間・負荷・価格・マシンの面倒をだれが見るかなどの基準と、候補ごとの評価を書き残してください。"),
		ask("SEC-07", review.Security, review.Medium, nil, []string{"S3-Sec"},
			"Has each phase (build, registry, deploy, run) a security measure that someone looks after?",
			"ビルド・レジストリ・デプロイ・実行の各段階に、担当者のいるセキュリティ対策がありますか。",
			"Each phase of the life cycle has a security measure", "ライフサイクルの各段階にセキュリティ対策がある",
			"An attacker takes the phase that nobody looks at: an image that was clean at build is not clean a year later.",
			"だれも見ていない段階が狙われます。ビルド時に問題のなかったイメージも一年後には安全とは限りません。",
			"Name one measure and one owner per phase: scan at build, scan in the registry, signed deploys, detection at run time.",
			"ビルド時のスキャン、レジストリのスキャン、デプロイの検証、実行時の検知など、段階ごとに対策と担当者を決めてください。"),
	}
}
