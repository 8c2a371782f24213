package rules

import (
	"regexp"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/code"
)

var cfg04 = review.Rule{
	ID:       "CFG-04",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.Config},
	Severity: review.Medium,
	Sources:  []string{"S0:8", "S1:71"},
	Title: review.Text{
		EN: "Each variable the code reads is given, and each one given is read",
		JA: "コードが読む環境変数は定義され、定義した環境変数は読まれている",
	},
	Why: review.Text{
		EN: "A variable that is missing fails at the first request that needs it, not at the deployment; one that nobody reads is changed in vain one day.",
		JA: "足りない変数は、デプロイ時ではなく、それを使う最初のリクエストで失敗します。誰も読まない変数は、いつか無意味に変更されます。",
	},
	Todo: review.Text{
		EN: "Add the missing variable to environment or secrets, give it a default in the code, or remove what nobody reads.",
		JA: "足りない変数を environment か secrets に加えるかコードに既定値を与え、読まれない変数は削除してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef, review.PartSource}, Run: cfg04Both},
	},
}

// given by ECS, the runtime or the shell, or read by an SDK rather than by the
// code itself.
var wellKnown = regexp.MustCompile(`^(PATH|HOME|HOSTNAME|USER|PWD|SHELL|LANG|LC_.*|TZ|TMPDIR|TERM|DEBUG|CI|NO_COLOR|NODE_ENV|NODE_OPTIONS|PORT|AWS_.*|ECS_.*|OTEL_.*|JAVA_.*|JDK_.*|PYTHON.*|GO[A-Z]+|RAILS_.*|RACK_ENV|SPRING_.*|LD_.*|SSL_CERT_.*|HTTPS?_PROXY|NO_PROXY|https?_proxy|no_proxy|DD_.*|SENTRY_.*|NEW_RELIC_.*|MALLOC_.*)$`)

func cfg04Both(s *review.Subject) (out []review.Outcome) {
	td, src := s.TaskDef.Value, s.Source.Value
	if code.Main(src) == "" {
		return []review.Outcome{review.Unexamined(review.Place{File: src.Root}, review.Say("point --source at the service's code", "--source でサービスのコードを指定してください"), "no code that we can read stands there", "読み取れる言語のコードがない")}
	}
	reads := code.EnvReads(src)
	own := ownContainer(s)
	if own < 0 {
		own = 0
	}
	given, files := map[string]bool{}, false
	for _, c := range td.ContainerDefinitions {
		for _, e := range c.Environment {
			given[str(e.Name)] = true
		}
		for _, e := range c.Secrets {
			given[str(e.Name)] = true
		}
		files = files || len(c.EnvironmentFiles) > 0
	}
	if s.Image.OK { // what the image sets is given, too
		for _, kv := range s.Image.Value.Config.Config.Env {
			name, _, _ := strings.Cut(kv, "=")
			given[name] = true
		}
	}
	read, told := map[string]bool{}, map[string]bool{}
	for _, r := range reads {
		read[r.Name] = true
		if r.Optional || given[r.Name] || wellKnown.MatchString(r.Name) || told[r.Name] {
			continue
		}
		told[r.Name] = true
		if files {
			out = append(out, review.Unexamined(src.Place(r.Path, r.Line), review.Say("see whether an environment file has it", "環境ファイルにあるか確認してください"), "%s is read and is not in the definition; an environment file may have it", "%s は定義にない。環境ファイルにあるかもしれない", r.Name))
			continue
		}
		out = append(out, review.Failed(src.Place(r.Path, r.Line), "%s is read, has no default, and the task definition does not give it", "%s は既定値なしで読まれるが、タスク定義にない", r.Name))
	}
	// What is given and not read is told of the service's own container only,
	// and only where reading is plain: a framework may read any name.
	c := td.ContainerDefinitions[own]
	for j, e := range c.Environment {
		if name := str(e.Name); len(reads) > 0 && !read[name] && !wellKnown.MatchString(name) && !mentioned(src, name) {
			out = append(out, review.Failed(td.At("containerDefinitions", own, "environment", j), "container %s: %s is given, and nothing reads it", "コンテナ %s: %s はどこからも読まれていない", str(c.Name), name))
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions", own, "environment"), "%d readings of environment variables, each of them given or with a default", "環境変数の読み取り %d か所は、定義されているか既定値がある", len(reads)))
	}
	return out
}

// mentioned reports whether a name stands anywhere in code or settings.
func mentioned(src *review.Source, name string) bool {
	for _, f := range src.Files {
		if (code.Product(f.Path) || config.MatchString(f.Path)) && !definition(f.Text) && strings.Contains(f.Text, name) {
			return true
		}
	}
	return false
}

// definition reports whether a file is a task definition itself.
func definition(text string) bool { return strings.Contains(text, "\"containerDefinitions\"") }
