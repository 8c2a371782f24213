package rules

import (
	"path"
	"regexp"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/code"
	"github.com/hatoba/hatoba/internal/review/secret"
)

var cfg02 = review.Rule{
	ID:       "CFG-02",
	Pillar:   review.Security,
	Factors:  []review.Factor{review.Config},
	Severity: review.High,
	Sources:  []string{"S0:6", "S1:71"},
	Title: review.Text{
		EN: "No secret stands in the source or in a plain configuration file",
		JA: "ソースコードや平文の設定ファイルに秘密情報を書かない",
	},
	Why: review.Text{
		EN: "A repository is copied to every developer and every build, and its history forgets nothing.",
		JA: "リポジトリはすべての開発者とビルド環境にコピーされ、履歴からは消えません。",
	},
	Todo: review.Text{
		EN: "Put the value into a secret store, let the task definition's secrets give it to the container, and change it: it has been seen.",
		JA: "値をシークレットストアに移し、タスク定義の secrets でコンテナに渡してください。すでに見えているので、値も変更してください。",
	},
	Checks: []review.Check{{Needs: []review.Part{review.PartSource}, Run: cfg02Source}},
}

var (
	settings = regexp.MustCompile(`(?i)(^|/)\.env[^/]*$|\.(env|json|ya?ml|properties|toml|ini|conf|cfg)$`)
	// notSettings are lists of packages, words for people, what only a
	// developer's machine uses, and what shows how a file would look.
	notSettings = regexp.MustCompile(`(?i)(package|composer|tsconfig|[^/]*lock|[^/]*schema)\.json$|lock\.ya?ml$|(cargo|pyproject)\.toml$|(docker-)?compose[^/]*\.ya?ml$|(i18n|locales?|translations?|messages|openapi|swagger)|example|sample|template|\.dist$|(^|[./_-])(test|dev|development|local)(\.|$)`)
	setting     = regexp.MustCompile(`^\s*(?:export\s+|-\s+)?["']?([A-Za-z_][\w.-]*)["']?\s*[:=]\s*["']?([^"'\s]+)["']?[,;]?\s*$`)
	assignment  = regexp.MustCompile(`([A-Za-z_]\w*)["']?\]?\s*(?::\s*\w+\s*)?(?::=|=>|=|:)\s*["'` + "`" + `]([^"'` + "`" + `\s]{6,})["'` + "`" + `]`)
	literal     = regexp.MustCompile(`["'` + "`" + `]([^"'` + "`" + `\s]{12,})["'` + "`" + `]`)
	pemBody     = regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----(?:\s|\\n|\\r)+[A-Za-z0-9+/=]{40}`)
	placeholder = regexp.MustCompile(`(?i)example|dummy|placeholder|your[_-]?|replace|todo|changeit|change[_-]me|xxx|localhost|127\.0\.0\.1|^[{\[<!&*%@]|process\.env|env\(|secrets?\.|^(string|str|text|number|object|array|boolean|integer|password|secret|token)$|\$\{|<%|%s|\{\}`)
	digit       = regexp.MustCompile(`[0-9]`)
	letter      = regexp.MustCompile(`[A-Za-z]`)
)

func cfg02Source(s *review.Subject) (out []review.Outcome) {
	src, seen := s.Source.Value, 0
	found := func(name string, line int, what, value string, kind secret.Kind) {
		out = append(out, review.Failed(src.Place(name, line), "%s looks like %s (fingerprint %s)",
			"%s は秘密情報に見える(%s、フィンガープリント %s)", what, kind, s.Print(value)))
	}
	ignored := ignoredByGit(src)
	for _, f := range src.Files {
		if f.Text == "" || code.Aside(f.Path) || notSettings.MatchString(f.Path) || ignored(f.Path) {
			continue
		}
		seen++
		if at := pemBody.FindStringIndex(f.Text); at != nil {
			found(f.Path, 1+strings.Count(f.Text[:at[0]], "\n"), "a block", f.Text[at[0]:at[1]], secret.PrivateKey)
		}
		if !settings.MatchString(f.Path) || strings.Contains(f.Text, "containerDefinitions") {
			continue // a task definition has rules of its own
		}
		for i, line := range strings.Split(f.Text, "\n") {
			m := setting.FindStringSubmatch(line)
			if m == nil || placeholder.MatchString(m[2]) {
				continue
			}
			if kind := secret.Looks(m[1], m[2]); kind != secret.None && (kind != secret.Password || len(m[2]) >= 6) {
				found(f.Path, i+1, m[1], m[2], kind)
			}
		}
	}
	for _, f := range code.Files(src) {
		for i, line := range f.Lines {
			name, value, kind := inCode(line)
			if kind != secret.None {
				found(f.Path, i+1, name, value, kind)
			}
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(review.Place{File: src.Root}, "%d files looked at, none holds what looks like a secret", "%d ファイルを確認、秘密情報に見える値はない", seen))
	}
	return out
}

// inCode finds a secret in a line of code. Code also names fields and routes
// (PASSWORD = "password_field"): a password by its name alone wants a digit.
func inCode(line string) (name, value string, kind secret.Kind) {
	for _, m := range assignment.FindAllStringSubmatch(line, -1) {
		kind := secret.Looks(m[1], m[2])
		if kind == secret.None || placeholder.MatchString(m[2]) {
			continue
		}
		if kind != secret.Password || len(m[2]) >= 8 && digit.MatchString(m[2]) && letter.MatchString(m[2]) {
			return m[1], m[2], kind
		}
	}
	for _, m := range literal.FindAllStringSubmatch(line, -1) {
		if kind := secret.Value(m[1]); kind != secret.None && kind != secret.PrivateKey && !placeholder.MatchString(m[1]) {
			return "a string", m[1], kind
		}
	}
	return "", "", secret.None
}

// ignoredByGit reports whether the folder's .gitignore keeps a file out of the
// repository, as far as plain names and patterns of the last part go.
func ignoredByGit(src *review.Source) func(string) bool {
	var patterns []string
	if f := src.Find(".gitignore"); f != nil {
		for _, line := range strings.Split(f.Text, "\n") {
			if line = strings.Trim(strings.TrimSpace(line), "/"); line != "" && line[0] != '#' && line[0] != '!' {
				patterns = append(patterns, line)
			}
		}
	}
	return func(name string) bool {
		for _, p := range patterns {
			base, _ := path.Match(p, path.Base(name))
			whole, _ := path.Match(p, name)
			if base || whole {
				return true
			}
		}
		return false
	}
}
