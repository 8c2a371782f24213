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
		EN: "No secret stands in source or in a plain configuration file",
		JA: "ソースや平文の設定ファイルに秘密情報を書かない",
	},
	Why: review.Text{
		EN: "What was committed once is in every clone and in the history, whatever is deleted later.",
		JA: "一度コミットした値は、後で消しても、すべてのクローンと履歴に残ります。",
	},
	Todo: review.Text{
		EN: "Move the value into a secret store, change it, and keep the file out of the repository (.gitignore).",
		JA: "値をシークレットストアに移して変更し、ファイルは .gitignore でリポジトリから外してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartSource}, Run: cfg02Source},
	},
}

// literal is NAME=value, name: value, "name": "value" with a literal.
var literal = regexp.MustCompile(`["']?([A-Za-z_][A-Za-z0-9_.-]*)["']?\s*(?::=|=>|[:=])\s*["']([^"'\s]{4,})["']`)

// line of a .env or .properties file.
var setting = regexp.MustCompile(`^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*=\s*["']?([^"'#]+?)["']?\s*$`)

// samples name files whose values are examples by their own word.
var samples = regexp.MustCompile(`(?i)(example|sample|template|dist|test|fixture|mock|spec)`)

// config are endings of files that hold settings.
var config = regexp.MustCompile(`(?i)(^|/)\.env(\.[a-z]+)?$|\.(env|properties|ini|toml|ya?ml|json|conf|cfg|tfvars)$`)

func cfg02Source(s *review.Subject) (out []review.Outcome) {
	src, looked := s.Source.Value, 0
	for _, f := range src.Files {
		isConfig := config.MatchString(f.Path)
		if f.Text == "" || samples.MatchString(f.Path) || !isConfig && !code.Product(f.Path) || lockFile(f.Path) {
			continue
		}
		looked++
		for i, line := range strings.Split(f.Text, "\n") {
			for _, pair := range pairs(line, isConfig) {
				if kind := secret.Looks(pair[0], pair[1]); kind != secret.None && !placeholder(pair[1]) {
					out = append(out, review.Failed(src.Place(f.Path, i+1), "%s looks like %s (fingerprint %s)", "%s は秘密情報に見える(%s、フィンガープリント %s)", pair[0], kind, s.Print(pair[1])))
				}
			}
			if strings.Contains(line, "-----BEGIN") && strings.Contains(line, "PRIVATE KEY-----") && !strings.Contains(line, "strings.") {
				out = append(out, review.Failed(src.Place(f.Path, i+1), "a private key", "秘密鍵"))
			}
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(review.Place{File: src.Root}, "%d files of code and settings, and nothing in them looks like a secret", "コードと設定の %d ファイルに、秘密情報に見えるものはない", looked))
	}
	return out
}

// pairs are the names and literal values of a line.
func pairs(line string, isConfig bool) (out [][2]string) {
	if isConfig {
		if m := setting.FindStringSubmatch(line); m != nil {
			return [][2]string{{m[1], strings.TrimSpace(m[2])}}
		}
	}
	for _, m := range literal.FindAllStringSubmatch(line, -1) {
		out = append(out, [2]string{m[1], m[2]})
	}
	return out
}

// placeholder reports whether a value stands for one that is given elsewhere.
func placeholder(value string) bool {
	lower := strings.ToLower(value)
	for _, word := range []string{"example", "changeme", "change-me", "your-", "your_", "xxxx", "placeholder", "dummy", "secrets.", "{{", "${", "$(", "<", "process.env", "os.environ", "valuefrom", "todo"} {
		if strings.Contains(lower, word) {
			return true
		}
	}
	return false
}

// lockFile reports whether a file pins versions: hashes are no secrets.
func lockFile(file string) bool {
	switch base := path.Base(file); base {
	case "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "composer.lock", "go.sum", "Cargo.lock", "poetry.lock", "Gemfile.lock", "Pipfile.lock", "uv.lock":
		return true
	default:
		return strings.HasSuffix(base, ".lock")
	}
}
