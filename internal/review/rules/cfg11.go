package rules

import "github.com/hatoba/hatoba/internal/review"

var cfg11 = review.Rule{
	ID:       "CFG-11",
	Pillar:   review.Security,
	Factors:  []review.Factor{review.Config},
	Severity: review.Medium,
	Sources:  []string{"S0:10"},
	Title: review.Text{
		EN: "References follow a secret's current version",
		JA: "シークレットの参照が現行バージョンに追従する",
	},
	Why: review.Text{
		EN: "A pinned version keeps its old value through every rotation; the day the old value is revoked, new tasks cannot work.",
		JA: "バージョンを固定すると、ローテーション後も古い値を読み続け、その値が失効した日から新しいタスクは動きません。",
	},
	Todo: review.Text{
		EN: "Leave version-stage and version-id empty: AWSCURRENT is the default. If the pin is meant, waive this with a date.",
		JA: "version-stage と version-id は空にしてください(既定は AWSCURRENT)。意図した固定なら、期限つきで waiver に書いてください。",
	},
	Checks: []review.Check{{Needs: []review.Part{review.PartTaskDef}, Run: cfg11Version}},
}

func cfg11Version(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	for i, c := range td.ContainerDefinitions {
		for j, r := range c.Secrets {
			ref := review.ParseSecretRef(str(r.ValueFrom))
			if ref.Store != "secretsmanager" || ref.Broken != "" {
				continue
			}
			at := td.At("containerDefinitions", i, "secrets", j, "valueFrom")
			switch {
			case ref.Stage != "" && ref.VersionID != "":
				out = append(out, review.Failed(at, "%s: version-stage and version-id exclude each other", "%s: version-stage と version-id は同時に指定できない", str(r.Name)))
			case ref.VersionID != "":
				out = append(out, review.Failed(at, "%s: pinned to the version %s", "%s: バージョン %s に固定されている", str(r.Name), ref.VersionID))
			case ref.Stage == "AWSPREVIOUS" || ref.Stage == "AWSPENDING":
				out = append(out, review.Failed(at, "%s: takes the stage %s, which is not the current value", "%s: ステージ %s は現行の値ではない", str(r.Name), ref.Stage))
			case ref.Stage != "" && ref.Stage != "AWSCURRENT":
				out = append(out, review.Passed(at, "%s: follows the stage %s of its own", "%s: 独自のステージ %s に追従する", str(r.Name), ref.Stage))
			default:
				out = append(out, review.Passed(at, "%s: follows AWSCURRENT", "%s: AWSCURRENT に追従する", str(r.Name)))
			}
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions"), "no reference to Secrets Manager", "Secrets Manager への参照はない"))
	}
	return out
}
