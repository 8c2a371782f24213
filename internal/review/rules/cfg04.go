package rules

import (
	"path"
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
		EN: "Every environment variable that the code needs is given, and every one given is read",
		JA: "コードが必要とする環境変数はすべて定義し、定義したものはすべて読まれる",
	},
	Why: review.Text{
		EN: "A variable that is missing shows only when the code comes to it, in production; one that nobody reads makes people believe a setting works.",
		JA: "変数の不足は、本番でそのコードに達して初めて分かります。誰も読まない変数は、設定が効いていると誤解させます。",
	},
	Todo: review.Text{
		EN: "Add the variable to environment, secrets or an environment file, or give it a default in the code; take out what nobody reads.",
		JA: "environment、secrets、環境ファイルのいずれかに変数を加えるか、コードで既定値を与えてください。読まれない変数は削除してください。",
	},
	Checks: []review.Check{{Needs: []review.Part{review.PartTaskDef, review.PartSource}, Run: cfg04Source}},
}

// wellKnown variables are set by the platform, or read by runtimes and
// libraries whose code is not in the folder.
var wellKnown = regexp.MustCompile(`(?i)^(PATH|HOME|HOSTNAME|USER|SHELL|PWD|TMP|TEMP|TMPDIR|TZ|LANG|LC_.*|TERM|CI|DEBUG|NO_COLOR|NODE_.*|NPM_.*|AWS_.*|ECS_.*|(HTTPS?|NO|ALL)_PROXY|SSL_CERT_.*|GO[A-Z]+|PYTHON.*|JAVA_.*|JDK_.*|_JAVA_OPTIONS|MALLOC_.*|LD_.*|RUST_.*|RUBY.*|RAILS_.*|RACK_.*|BUNDLE_.*|PHP_.*|APACHE_.*|SPRING_.*|SERVER_.*|LOGGING_.*|MANAGEMENT_.*|ASPNETCORE_.*|DOTNET_.*|.*__.*|OTEL_.*|DD_.*|NEW_RELIC_.*|SENTRY_.*|GUNICORN_.*|WEB_CONCURRENCY|UVICORN_.*|DJANGO_SETTINGS_MODULE|FLASK_.*|PG[A-Z]+|UV_.*|NEXT_.*|VITE_.*|REACT_APP_.*|JEST_.*|GITHUB_.*)$`)

var (
	envLine  = regexp.MustCompile(`(?m)^\s*(?:export\s+)?([A-Za-z_]\w*)=`)
	imageEnv = regexp.MustCompile(`(?mi)^\s*(?:ENV\s+)?([A-Za-z_]\w*)[= ]\S`)
	// noReading are files whose mention of a name is no reading.
	noReading = regexp.MustCompile(`(?i)(^|/)\.env[^/]*$|\.(md|adoc|rst|tf|tfvars|env)$|compose[^/]*\.ya?ml$`)
)

func cfg04Source(s *review.Subject) (out []review.Outcome) {
	td, src := s.TaskDef.Value, s.Source.Value
	reads, open := code.Environment(code.Files(src))
	given, unread := givenNames(s)
	said, read := map[string]bool{}, map[string]bool{}
	for _, r := range reads {
		read[r.Name] = true
		if given[r.Name] || r.Default || wellKnown.MatchString(r.Name) || said[r.Name] {
			continue
		}
		said[r.Name] = true
		at := src.Place(r.Path, r.Line)
		if unread != "" {
			out = append(out, review.Unexamined(at, review.Say("keep a copy of the environment file in the source folder, or look into it", "環境ファイルの写しをソースフォルダに置くか、中身を確認してください"),
				"%s is read here; it may stand in %s, which was not read", "%s をここで読む。%s にあるかもしれないが、そのファイルは読んでいない", r.Name, unread))
			continue
		}
		out = append(out, review.Failed(at, "%s is read here without a default, and no container is given it", "%s をここで既定値なしに読むが、どのコンテナにも渡されていない", r.Name))
	}
	for i, c := range td.ContainerDefinitions {
		names := map[string][]any{}
		for j, e := range c.Environment {
			names[str(e.Name)] = []any{"containerDefinitions", i, "environment", j}
		}
		for j, e := range c.Secrets {
			names[str(e.Name)] = []any{"containerDefinitions", i, "secrets", j}
		}
		ours := false // a container is this source's if the source reads something of it
		for name := range names {
			ours = ours || read[name]
		}
		if !ours || open {
			continue // a sidecar; or code that reads by names the text does not tell
		}
		for _, name := range sortedKeys(names) {
			if name != "" && !read[name] && !wellKnown.MatchString(name) && !mentioned(src, name) {
				out = append(out, review.Failed(td.At(names[name]...), "container %s: %s is given, and nothing in the source reads it", "コンテナ %s: %s を渡しているが、ソースのどこも読まない", str(c.Name), name))
			}
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions"), "%d variables read in the code: each is given or has a default", "コードが読む変数 %d 個は、渡されているか既定値がある", len(read)))
	}
	return out
}

// givenNames are the variables that any container has; unread is an
// environment file that nobody could look into.
func givenNames(s *review.Subject) (given map[string]bool, unread string) {
	given = map[string]bool{}
	add := func(re *regexp.Regexp, text string) {
		for _, m := range re.FindAllStringSubmatch(text, -1) {
			given[m[1]] = true
		}
	}
	src := s.Source.Value
	for _, c := range s.TaskDef.Value.ContainerDefinitions {
		for _, e := range c.Environment {
			given[str(e.Name)] = true
		}
		for _, e := range c.Secrets {
			given[str(e.Name)] = true
		}
		for _, f := range c.EnvironmentFiles {
			_, key, _ := strings.Cut(str(f.Value), ":::")
			copied := false
			for _, file := range src.Files {
				if key != "" && path.Base(file.Path) == path.Base(key) {
					copied = true
					add(envLine, file.Text)
				}
			}
			if !copied {
				unread = str(f.Value)
			}
		}
	}
	if s.Image.OK {
		add(envLine, strings.Join(s.Image.Value.Config.Config.Env, "\n"))
	}
	if s.Dockerfile.OK {
		add(imageEnv, strings.Join(s.Dockerfile.Value.Lines, "\n"))
	}
	for _, f := range src.Files {
		if strings.Contains(path.Base(f.Path), "Dockerfile") {
			add(imageEnv, f.Text)
		}
	}
	return given, unread
}

// mentioned reports whether a name stands in a file that may read it: a
// template, a framework's configuration, a start script.
func mentioned(src *review.Source, name string) bool {
	word := regexp.MustCompile(`\b` + regexp.QuoteMeta(name) + `\b`)
	for _, f := range src.Files {
		if !noReading.MatchString(f.Path) && !strings.Contains(f.Text, "containerDefinitions") && word.MatchString(f.Text) {
			return true
		}
	}
	return false
}
