package rules

import (
	"time"

	"github.com/hatoba/hatoba/internal/review"
)

var cfg08 = review.Rule{
	ID:       "CFG-08",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Config},
	Severity: review.Medium,
	Sources:  []string{"S0:9", "S0:10", "S0:11"},
	Title: review.Text{
		EN: "Running tasks have the newest values: they started after the last change",
		JA: "実行中のタスクは最新の値を持つ: 最後の変更より後に起動している",
	},
	Why: review.Text{
		EN: "Secrets and environment files are read once, when a task starts. After a rotation, old tasks go on with a value that may stop working at any time.",
		JA: "シークレットと環境ファイルはタスクの起動時に一度だけ読まれます。ローテーション後も古いタスクは、いつ無効になるか分からない値を使い続けます。",
	},
	Todo: review.Text{
		EN: "Force a new deployment after every change of a value, best by an event of the rotation.",
		JA: "値を変えたら新しいデプロイを強制してください。ローテーションのイベントで自動化するのが確実です。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef, review.PartLive}, Run: cfg08Live},
	},
}

func cfg08Live(s *review.Subject) (out []review.Outcome) {
	l, td := s.Live.Value, s.TaskDef.Value
	refs, places := valuesFrom(td)
	for i, ref := range refs {
		from := str(ref.ValueFrom)
		g := l.Secrets[from]
		switch {
		case !g.OK:
			out = append(out, unread(g, places[i], from))
		case review.ParseSecretRef(from).VersionID != "":
			out = append(out, review.Passed(places[i], "%s: one version is pinned, so a new one changes nothing", "%s: 版が固定されているので、新しい版の影響はない", from))
		default:
			out = append(out, cfg08Age(s, places[i], from, g.Value.Changed))
		}
	}
	for i, c := range td.ContainerDefinitions {
		for j, f := range c.EnvironmentFiles {
			at, g := td.At("containerDefinitions", i, "environmentFiles", j), l.Objects[str(f.Value)]
			if !g.OK {
				out = append(out, unread(g, at, str(f.Value)))
				continue
			}
			out = append(out, cfg08Age(s, at, str(f.Value), g.Value.Changed))
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions"), "the task reads nothing from a store", "タスクがストアから読む値はない"))
	}
	return out
}

func cfg08Age(s *review.Subject, at review.Place, name string, changed time.Time) review.Outcome {
	l := s.Live.Value
	if !l.Tasks.OK {
		return unread(l.Tasks, at, name)
	}
	if changed.IsZero() {
		return review.Unexamined(at, review.Say("grant the reviewer the right to list the versions (secretsmanager:ListSecretVersionIds)", "版の一覧を見る権限(secretsmanager:ListSecretVersionIds)をレビュー担当に与えてください"),
			"%s: nobody says when its value was made", "%s: 値がいつ作られたか分からない", name)
	}
	running, old := runningTasks(l), 0
	for _, t := range running {
		if t.StartedAt != nil && t.StartedAt.Before(changed) {
			old++
		}
	}
	when := changed.UTC().Format("2006-01-02 15:04 MST")
	if old > 0 {
		return review.Failed(at, "%s changed %s; %d of %d running tasks started before that", "%s は %s に変わったが、実行中の %[4]d タスクのうち %[3]d 個はそれより前に起動している", name, when, old, len(running))
	}
	return review.Passed(at, "%s changed %s; none of the %d running tasks is older", "%s は %s に変わり、実行中の %d タスクはすべてそれより新しい", name, when, len(running))
}
