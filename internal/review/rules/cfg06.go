package rules

import (
	"maps"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

var cfg06 = review.Rule{
	ID:       "CFG-06",
	Pillar:   review.Security,
	Factors:  []review.Factor{review.Config},
	Severity: review.High,
	Sources:  []string{"S1:72"},
	Title: review.Text{
		EN: "No value of the secret store shows up in an environment or a log",
		JA: "シークレットストアの値が環境変数やログに現れない",
	},
	Why: review.Text{
		EN: "A secret that is also written elsewhere is read by everyone who may describe a task definition or read the log; the store then protects nothing.",
		JA: "ストアの値が別の場所にも書かれていると、タスク定義やログを参照できる全員に見え、ストアに入れた意味がなくなります。",
	},
	Todo: review.Text{
		EN: "Take the value out of the place named, and change it in the store: it has been seen.",
		JA: "示された場所から値を取り除き、すでに見えているのでストアの値も変更してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartLive}, Run: cfg06Live},
		proven("CFG-06"),
	},
}

func cfg06Live(s *review.Subject) (out []review.Outcome) {
	l := s.Live.Value
	owner := map[string]string{} // by fingerprint: whose value it is
	for _, from := range slices.Sorted(maps.Keys(l.Secrets)) {
		switch g := l.Secrets[from]; {
		case !g.OK:
			out = append(out, unread(g, liveAt(s), from))
		case g.Value.Exists && !g.Value.Readable:
			out = append(out, unread(review.Missing[int](g.Value.Unread, review.Say("allow the review to read the values of secrets; they are only compared, by fingerprint",
				"シークレットの値の読み取りを許可してください。値はフィンガープリントの比較だけに使います")), liveAt(s), from))
		}
		for _, print := range l.Secrets[from].Value.Prints {
			owner[print] = from
		}
	}
	if len(l.Secrets) == 0 {
		return []review.Outcome{review.Passed(liveAt(s), "the task refers to no secret", "タスクが参照するシークレットはない")}
	}
	if len(owner) == 0 {
		if len(out) == 0 {
			out = append(out, review.Passed(liveAt(s), "no secret has a value long enough to be told from chance", "偶然と区別できる長さの値を持つシークレットはない"))
		}
		return out
	}
	values, found := cfg06Environment(s, owner)
	lines, logged := cfg06Logs(s, owner)
	out = append(append(out, found...), logged...)
	if len(found)+len(logged) == 0 {
		out = append(out, review.Passed(liveAt(s), "%d secret values were looked for in %d environment values and %d log lines; none is there",
			"シークレットの値 %d 個を環境変数の値 %d 個とログ %d 行で探したが、どこにもない", len(owner), values, lines))
	}
	return out
}

func cfg06Environment(s *review.Subject, owner map[string]string) (values int, out []review.Outcome) {
	defs := s.Live.Value.Definitions
	if !defs.OK {
		out = append(out, unread(defs, liveAt(s), ""))
	}
	for _, d := range defs.Value {
		for _, c := range d.ContainerDefinitions {
			for _, e := range c.Environment {
				values++
				for _, part := range append(valueTokens(str(e.Value)), str(e.Value)) {
					if from, ok := owner[s.Print(part)]; ok {
						out = append(out, review.Failed(review.Place{File: str(d.TaskDefinitionArn)}, "container %s: %s in environment holds a value of %s (fingerprint %s)",
							"コンテナ %s: environment の %s に %s の値がある(フィンガープリント %s)", str(c.Name), str(e.Name), from, s.Print(part)))
						break
					}
				}
			}
		}
	}
	return values, out
}

func cfg06Logs(s *review.Subject, owner map[string]string) (lines int, out []review.Outcome) {
	all := s.Live.Value.LogLines
	for _, container := range slices.Sorted(maps.Keys(all)) {
		if !all[container].OK {
			out = append(out, unread(all[container], liveAt(s), "container "+container))
			continue
		}
		told := map[string]bool{} // one finding per secret, not per line
		for _, line := range all[container].Value {
			lines++
			for _, token := range valueTokens(line) {
				if from, ok := owner[s.Print(token)]; ok && !told[from] {
					told[from] = true
					out = append(out, review.Failed(liveAt(s), "container %s: a log line holds a value of %s (fingerprint %s)",
						"コンテナ %s: ログに %s の値が出ている(フィンガープリント %s)", container, from, s.Print(token)))
				}
			}
		}
	}
	return lines, out
}

// valueTokens splits text as secrets stand in it: alone, quoted, behind a name
// or inside a URL. Both the coarse and the fine pieces count, since a secret
// may itself hold a separator.
func valueTokens(text string) []string {
	coarse := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n\"'`=", r) })
	fine := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n\"'`=:/@?&;,{}[]()<>|", r) })
	tokens := append(coarse, fine...)
	slices.Sort(tokens)
	return slices.DeleteFunc(slices.Compact(tokens), func(t string) bool { return len(t) < 8 }) // shorter ones have no fingerprint
}
