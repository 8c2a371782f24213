// Package code looks at source text as far as careful regular expressions go:
// what they cannot tell is left open, and no file is run or compiled.
package code

import (
	"path"
	"regexp"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

// Language is a programming language.
type Language string

const (
	Go         Language = "Go"
	JavaScript Language = "JavaScript" // and TypeScript
	Python     Language = "Python"
	Ruby       Language = "Ruby"
	JVM        Language = "Java" // and Kotlin
	PHP        Language = "PHP"
	Rust       Language = "Rust"
	Shell      Language = "shell"
	CSharp     Language = "C#"
)

var languages = map[string]Language{
	".go": Go, ".js": JavaScript, ".mjs": JavaScript, ".cjs": JavaScript, ".jsx": JavaScript,
	".ts": JavaScript, ".tsx": JavaScript, ".mts": JavaScript, ".cts": JavaScript, ".py": Python, ".rb": Ruby,
	".java": JVM, ".kt": JVM, ".php": PHP, ".rs": Rust, ".sh": Shell, ".cs": CSharp,
}

// File is a code file without its comments; lines keep their numbers.
type File struct {
	Path     string
	Language Language
	Lines    []string
}

// aside folders and names hold what does not run in production.
var (
	asideDir  = regexp.MustCompile(`(?i)(^|/)(tests?|__tests__|__mocks__|spec|specs|e2e|testdata|fixtures?|mocks?|examples?|samples?|docs?|benchmarks?|stories|\.github|\.storybook|node_modules|cypress|playwright)/`)
	asideName = regexp.MustCompile(`(?i)(_test\.go|\.(test|spec|stories|e2e)\.[cm]?[jt]sx?|(^|/)(test_[^/]*|[^/]*_test|conftest)\.py|_(spec|test)\.rb|(Tests?|IT|Spec)\.(java|kt|cs|php)|\.d\.ts|\.min\.js|\.config\.[cm]?[jt]s)$`)
)

// Aside reports whether a path is a test, a fixture, an example or a document.
func Aside(name string) bool { return asideDir.MatchString(name) || asideName.MatchString(name) }

// Files are the code files that run in production, without comments.
func Files(s *review.Source) (out []File) {
	for _, f := range s.Files {
		language, ok := languages[strings.ToLower(path.Ext(f.Path))]
		if !ok || f.Text == "" || Aside(f.Path) {
			continue
		}
		out = append(out, File{Path: f.Path, Language: language, Lines: strings.Split(Uncomment(language, f.Text), "\n")})
	}
	return out
}

// Hit is a line that matches.
type Hit struct {
	Path string
	Line int
	Text []string // the expression's groups
}

// Grep finds an expression in code.
func Grep(files []File, re *regexp.Regexp) (out []Hit) {
	for _, f := range files {
		for i, line := range f.Lines {
			for _, m := range re.FindAllStringSubmatch(line, -1) {
				out = append(out, Hit{Path: f.Path, Line: i + 1, Text: m})
			}
		}
	}
	return out
}
