package rules

import (
	"time"

	"github.com/hatoba/hatoba/internal/review"
)

var cfg14 = review.Rule{
	ID:       "CFG-14",
	Pillar:   review.Security,
	Factors:  []review.Factor{review.Config},
	Severity: review.Low,
	Sources:  []string{"S1:74"},
	Title: review.Text{
		EN: "Secrets rotate, or have been changed within a year",
		JA: "シークレットはローテーションされるか、1 年以内に変更されている",
	},
	Why: review.Text{
		EN: "Sooner or later a secret gets out unnoticed. Rotation bounds how long it is of use; Parameter Store and S3 rotate nothing by themselves.",
		JA: "秘密情報はいつか気づかれずに漏れます。ローテーションは漏れた値が使える期間を限ります。パラメータストアと S3 は自分ではローテーションしません。",
	},
	Todo: review.Text{
		EN: "Turn on rotation in Secrets Manager; where the other side cannot rotate, change the value by hand once a year.",
		JA: "Secrets Manager でローテーションを有効にしてください。相手側が対応しない場合は、年に一度は手で変更してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef, review.PartLive}, Run: cfg14Live},
	},
}

func cfg14Live(s *review.Subject) (out []review.Outcome) {
	const year = 365 * 24 * time.Hour
	refs, places := valuesFrom(s.TaskDef.Value)
	for i, ref := range refs {
		name := str(ref.ValueFrom)
		g := s.Live.Value.Secrets[name]
		v := g.Value
		switch age := s.Now.Sub(v.Changed); {
		case !g.OK:
			out = append(out, unread(g, places[i], name))
		case v.Rotates:
			out = append(out, review.Passed(places[i], "%s rotates", "%s はローテーションされる", name))
		case v.Changed.IsZero():
			out = append(out, review.Unexamined(places[i], review.Say("grant the reviewer secretsmanager:ListSecretVersionIds or ssm:DescribeParameters", "secretsmanager:ListSecretVersionIds か ssm:DescribeParameters の権限を与えてください"),
				"%s does not rotate, and nobody says when it was changed", "%s はローテーションされず、いつ変更されたか分からない", name))
		case age > year:
			out = append(out, review.Failed(places[i], "%s does not rotate and was last changed %d days ago", "%s はローテーションされず、最後の変更は %d 日前", name, int(age.Hours()/24)))
		default:
			out = append(out, review.Passed(places[i], "%s does not rotate; it was changed %d days ago", "%s はローテーションされないが、%d 日前に変更されている", name, int(age.Hours()/24)))
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(s.TaskDef.Value.At("containerDefinitions"), "the task refers to no secret", "タスクが参照するシークレットはない"))
	}
	return out
}
