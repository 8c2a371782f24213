package code

import (
	"regexp"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

// Read is one reading of an environment variable.
type Read struct {
	Name     string
	Path     string
	Line     int
	Optional bool // it has a default, or its absence is looked after
}

// reading is how a language reads a variable: the first group is the name.
type reading struct {
	re *regexp.Regexp
	// optional, if it matches what follows the name on the line, is a default.
	optional *regexp.Regexp
	always   bool // this way of reading is for what may be absent
}

const name = `([A-Za-z_][A-Za-z0-9_]*)`

var (
	fallback = regexp.MustCompile(`^\s*[\])]?\s*(\|\||\?\?|\bor\b|\?:)`)
	second   = regexp.MustCompile(`^\s*,\s*[^)\s]`)
	unwrap   = regexp.MustCompile(`unwrap_or|\.ok\(\)|is_ok|if let`)
)

var readings = map[string][]reading{
	"Go": {{re: regexp.MustCompile(`os\.Getenv\("` + name + `"`)}, {re: regexp.MustCompile(`os\.LookupEnv\("` + name + `"`), always: true}},
	"JavaScript": {{re: regexp.MustCompile(`process\.env\.` + name), optional: fallback},
		{re: regexp.MustCompile(`process\.env\[["']` + name + `["']\]`), optional: fallback}},
	"Python": {{re: regexp.MustCompile(`os\.environ\[["']` + name + `["']\]`)},
		{re: regexp.MustCompile(`os\.environ\.get\(\s*["']` + name + `["']`), always: true},
		{re: regexp.MustCompile(`os\.getenv\(\s*["']` + name + `["']`), always: true}},
	"Ruby": {{re: regexp.MustCompile(`ENV\.fetch\(?\s*["']` + name + `["']`), optional: second},
		{re: regexp.MustCompile(`ENV\[["']` + name + `["']\]`), optional: fallback}},
	"Java":  {{re: regexp.MustCompile(`System\.getenv\("` + name + `"`)}, {re: regexp.MustCompile(`System\.getenv\(\)\.getOrDefault\("` + name + `"`), always: true}},
	"PHP":   {{re: regexp.MustCompile(`\bgetenv\(["']` + name + `["']`), optional: fallback}, {re: regexp.MustCompile(`\benv\(["']` + name + `["']`), optional: second}, {re: regexp.MustCompile(`\$_ENV\[["']` + name + `["']\]`), optional: fallback}},
	"Rust":  {{re: regexp.MustCompile(`env::var\("` + name + `"`), optional: unwrap}},
	"C#":    {{re: regexp.MustCompile(`Environment\.GetEnvironmentVariable\("` + name + `"`), optional: fallback}},
	"shell": {{re: regexp.MustCompile(`\$\{` + name + `:\?`)}, {re: regexp.MustCompile(`\$\{` + name + `:?[-+=]`), always: true}},
}

func readingsOf(language string) []reading {
	switch language {
	case "TypeScript":
		language = "JavaScript"
	case "Kotlin":
		language = "Java"
	}
	return readings[language]
}

// EnvReads lists the readings of environment variables, in the order of files
// and lines.
func EnvReads(s *review.Source) (out []Read) {
	for _, f := range Files(s) {
		lines := strings.Split(f.Text, "\n")
		for i, line := range lines {
			if comment(line) {
				continue
			}
			for _, r := range readingsOf(Language(f.Path)) {
				for _, at := range r.re.FindAllStringSubmatchIndex(line, -1) {
					rest := line[at[1]:]
					out = append(out, Read{Name: line[at[2]:at[3]], Path: f.Path, Line: i + 1,
						Optional: r.always || r.optional != nil && r.optional.MatchString(rest) || emptyChecked(line, lines[i+1:])})
				}
			}
		}
	}
	return out
}

var assigned = regexp.MustCompile(`([A-Za-z_][A-Za-z0-9_]*)\s*:?=\s*[^=]`)

// emptyChecked reports whether the lines that follow look after an absent
// value: port := os.Getenv("PORT"); if port == "" { port = "8080" }.
func emptyChecked(line string, next []string) bool {
	if strings.Contains(line, "cmp.Or(") {
		return true
	}
	m := assigned.FindStringSubmatch(line)
	if m == nil {
		return false
	}
	for _, l := range next[:min(len(next), 3)] {
		if strings.Contains(l, "if ") && regexp.MustCompile(`\b`+regexp.QuoteMeta(m[1])+`\b\s*(==|!=|is)\s*(""|''|null|None|nil)|!\s*`+regexp.QuoteMeta(m[1])+`\b|not\s+`+regexp.QuoteMeta(m[1])+`\b`).MatchString(l) {
			return true
		}
	}
	return false
}
