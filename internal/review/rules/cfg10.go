package rules

import (
	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/secret"
)

var cfg10 = review.Rule{
	ID:       "CFG-10",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.Config},
	Severity: review.Medium,
	Sources:  []string{"S0:10", "S1:74"},
	Title: review.Text{
		EN: "A secret's reference names exactly the value that is wanted, with its json-key",
		JA: "シークレットの参照は json-key まで書き、欲しい値だけを指す",
	},
	Why: review.Text{
		EN: "Without the key the variable holds the whole JSON document and the application has to parse it; a key that is not there stops every task from starting.",
		JA: "キーがないと変数に JSON 全体が入り、アプリケーション側でのパースが必要になります。存在しないキーを指定するとタスクは起動できません。",
	},
	Todo: review.Text{
		EN: "Write ARN:json-key:: (two colons at the end stay, for stage and version).",
		JA: "ARN:json-key:: の形で書いてください(末尾の二つのコロンはステージとバージョンの分で、省略できません)。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: cfg10Shape},
		cfg10Live,
	},
}

func cfg10Shape(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	for i, c := range td.ContainerDefinitions {
		whole, given := map[string]string{}, map[string]bool{}
		for _, e := range c.Environment {
			given[str(e.Name)] = true
		}
		for j, r := range c.Secrets {
			at, ref := td.At("containerDefinitions", i, "secrets", j), review.ParseSecretRef(str(r.ValueFrom))
			if str(r.Name) == "" || str(r.ValueFrom) == "" {
				out = append(out, review.Failed(at, "container %s: a secret has no name or no valueFrom", "コンテナ %s: name か valueFrom のないシークレットがある", str(c.Name)))
				continue
			}
			switch first := whole[ref.ID]; {
			case given[str(r.Name)]:
				out = append(out, review.Failed(at, "container %s: %s is given twice; one name stands once in environment and secrets", "コンテナ %s: %s が重複している(environment と secrets で名前は一意)", str(c.Name), str(r.Name)))
			case ref.Broken != "":
				out = append(out, review.Failed(at, "container %s: nobody resolves %s: %s", "コンテナ %s: %s の参照は解決できない: %s", str(c.Name), str(r.Name), ref.Broken))
			case ref.Store == "ssm":
				out = append(out, review.Passed(at, "container %s: %s is a parameter, which is one value", "コンテナ %s: %s はパラメータで、値は一つ", str(c.Name), str(r.Name)))
			case ref.Key != "":
				out = append(out, review.Passed(at, "container %s: %s takes the key %s", "コンテナ %s: %s はキー %s を取る", str(c.Name), str(r.Name), ref.Key))
			case first != "" && secret.Name(first) != secret.Name(str(r.Name)): // two names of one password are an alias
				out = append(out, review.Failed(at, "container %[1]s: %[2]s and %[3]s both get the whole of one secret", "コンテナ %[1]s: %[2]s と %[3]s が同じシークレットの全体を受け取る", str(c.Name), first, str(r.Name)))
			default:
				whole[ref.ID] = str(r.Name)
				out = append(out, review.Passed(at, "container %s: %s takes the whole secret; what is in it is asked of the store", "コンテナ %s: %s はシークレット全体を取る(中身はストア側で確認)", str(c.Name), str(r.Name)))
			}
			given[str(r.Name)] = true
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions"), "no container uses secrets", "secrets を使うコンテナはない"))
	}
	return out
}
