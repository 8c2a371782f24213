package rules

import (
	"cmp"
	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/secret"
)

var cfg16 = review.Rule{
	ID:       "CFG-16",
	Pillar:   review.Security,
	Factors:  []review.Factor{review.Config},
	Severity: review.Medium,
	Sources:  []string{"S1:72"},
	Title: review.Text{
		EN: "Secrets are encrypted at rest with a KMS key",
		JA: "シークレットは KMS キーで暗号化して保管する",
	},
	Why: review.Text{
		EN: "A parameter of type String is stored and shown in plain text to everyone who may read parameters.",
		JA: "String 型のパラメータは平文で保管され、パラメータを読める全員に見えます。",
	},
	Todo: review.Text{
		EN: "Make the parameter anew as SecureString, or move the value to Secrets Manager, and change it.",
		JA: "パラメータを SecureString で作り直すか Secrets Manager に移し、値を変更してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef, review.PartLive}, Run: cfg16Live},
	},
}

func cfg16Live(s *review.Subject) (out []review.Outcome) {
	refs, places := valuesFrom(s.TaskDef.Value)
	for i, ref := range refs {
		name := str(ref.ValueFrom)
		g := s.Live.Value.Secrets[name]
		v := g.Value
		switch {
		case !g.OK:
			out = append(out, unread(g, places[i], name))
		case !v.Exists:
			out = append(out, unread(review.Missing[int](review.Say("it does not exist", "存在しない"), review.Say("make it, then review", "作成してからレビューしてください")), places[i], name))
		case v.Store == "secretsmanager" || v.Type == "SecureString":
			key := cmp.Or(v.KMSKey, "the store's own key")
			out = append(out, review.Passed(places[i], "%s is encrypted with %s", "%s は %s で暗号化されている", name, key))
		case v.Type == "":
			out = append(out, unread(review.Missing[int](review.Say("the store does not say its type", "ストアが型を返さない"), review.Text{}), places[i], name))
		case secret.Name(str(ref.Name)):
			out = append(out, review.Failed(places[i], "%s: %s is a parameter of type %s, stored in plain text", "%s: %s は %s 型のパラメータで、平文で保管されている", str(ref.Name), name, v.Type))
		default:
			out = append(out, review.Passed(places[i], "%s: %s is plain text; its name is not one of a secret", "%s: %s は平文だが、名前は秘密情報のものではない", str(ref.Name), name))
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(s.TaskDef.Value.At("containerDefinitions"), "the task refers to no secret", "タスクが参照するシークレットはない"))
	}
	return out
}
