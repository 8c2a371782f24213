package rules

import (
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/secret"
)

// cfg10Live is the half of CFG-10 that asks the store: the secret and the key that is named
// are there, and a variable that wants one value does not get a whole document.
var cfg10Live = review.Check{Needs: []review.Part{review.PartTaskDef, review.PartLive}, Run: func(s *review.Subject) (out []review.Outcome) {
	refs, places := valuesFrom(s.TaskDef.Value)
	for i, ref := range refs {
		from := review.ParseSecretRef(str(ref.ValueFrom))
		g := s.Live.Value.Secrets[str(ref.ValueFrom)]
		v := g.Value
		switch {
		case !g.OK:
			out = append(out, unread(g, places[i], str(ref.ValueFrom)))
		case !v.Exists:
			out = append(out, review.Failed(places[i], "%s: %s does not exist: the task will not start", "%s: %s が存在しない。タスクは起動しない", str(ref.Name), str(ref.ValueFrom)))
		case from.Store != "secretsmanager":
			out = append(out, review.Passed(places[i], "%s: the parameter exists", "%s: パラメータが存在する", str(ref.Name)))
		case !v.Readable:
			out = append(out, unread(review.Missing[int](v.Unread, review.Say("allow the review to read the values of secrets; only the names of their keys are kept",
				"シークレットの値の読み取りを許可してください。残すのはキーの名前だけです")), places[i], str(ref.Name)))
		case from.Key != "" && !v.JSON:
			out = append(out, review.Failed(places[i], "%s: the key %s is asked for, and the secret is no JSON object: the task will not start", "%s: キー %s を指定しているが、シークレットは JSON オブジェクトではない。タスクは起動しない", str(ref.Name), from.Key))
		case from.Key != "" && !slices.Contains(v.Keys, from.Key):
			out = append(out, review.Failed(places[i], "%s: the secret has no key %s (it has %s): the task will not start", "%s: シークレットにキー %s がない(あるのは %s)。タスクは起動しない", str(ref.Name), from.Key, strings.Join(v.Keys, ", ")))
		case from.Key != "":
			out = append(out, review.Passed(places[i], "%s: the secret has the key %s", "%s: シークレットにキー %s がある", str(ref.Name), from.Key))
		case v.JSON && secret.Name(str(ref.Name)):
			out = append(out, review.Failed(places[i], "%s gets the whole JSON (keys %s): name one key", "%s には JSON 全体(キー %s)が入る。キーを一つ指定する", str(ref.Name), strings.Join(v.Keys, ", ")))
		case v.JSON:
			out = append(out, review.Passed(places[i], "%s gets the whole JSON, which the program must parse", "%s には JSON 全体が入り、プログラムが解析する", str(ref.Name)))
		default:
			out = append(out, review.Passed(places[i], "%s: the secret is one value", "%s: シークレットは一つの値", str(ref.Name)))
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(s.TaskDef.Value.At("containerDefinitions"), "the task refers to no secret", "タスクが参照するシークレットはない"))
	}
	return out
}}
