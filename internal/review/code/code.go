// Package code tells what a source folder does, by careful patterns: which
// environment variables it reads, how it logs, what it calls. It does not
// compile anything; what it cannot tell it does not claim.
package code

import (
	"path"
	"regexp"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

// languages by file ending.
var languages = map[string]string{
	".go": "Go", ".js": "JavaScript", ".mjs": "JavaScript", ".cjs": "JavaScript", ".jsx": "JavaScript", ".ts": "TypeScript", ".tsx": "TypeScript",
	".py": "Python", ".rb": "Ruby", ".java": "Java", ".kt": "Kotlin", ".php": "PHP", ".rs": "Rust", ".cs": "C#", ".sh": "shell",
}

// Language is the language of a file, empty if it is no code we read.
func Language(file string) string { return languages[path.Ext(file)] }

// test files and examples prove nothing of what runs.
var notProduct = regexp.MustCompile(`(^|/)(tests?|spec|__tests__|testdata|fixtures|examples?|mocks?|docs?)/|_test\.go$|\.(test|spec)\.[jt]sx?$|(^|/)(test_[^/]*|[^/]*_test|conftest)\.py$|_spec\.rb$|Test\.(java|kt)$|Tests?\.cs$`)

// Product reports whether a file is code that runs in the service.
func Product(file string) bool { return Language(file) != "" && !notProduct.MatchString(file) }

// Files are the product's code files.
func Files(s *review.Source) (out []review.SourceFile) {
	for _, f := range s.Files {
		if Product(f.Path) && f.Text != "" {
			out = append(out, f)
		}
	}
	return out
}

// Main is the language most of the code is in, shell aside; empty if there is
// none.
func Main(s *review.Source) string {
	size := map[string]int{}
	for _, f := range Files(s) {
		if l := Language(f.Path); l != "shell" {
			size[l] += len(f.Text)
		}
	}
	best := ""
	for l, n := range size {
		if best == "" || n > size[best] || n == size[best] && l < best {
			best = l
		}
	}
	return best
}

// Match is a place where a pattern was found.
type Match struct {
	Path string
	Line int
	Text string // the line, trimmed
	Sub  []string
}

// Find looks for a pattern in lines of the product's code that are no comments.
func Find(s *review.Source, re *regexp.Regexp) (out []Match) {
	for _, f := range Files(s) {
		for i, line := range strings.Split(f.Text, "\n") {
			if comment(line) {
				continue
			}
			for _, sub := range re.FindAllStringSubmatch(line, -1) {
				out = append(out, Match{Path: f.Path, Line: i + 1, Text: strings.TrimSpace(line), Sub: sub})
			}
		}
	}
	return out
}

// comment reports whether a whole line is one.
func comment(line string) bool {
	line = strings.TrimSpace(line)
	return strings.HasPrefix(line, "//") || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "*") || strings.HasPrefix(line, "/*")
}

// CI are the pipeline's files.
var ciFile = regexp.MustCompile(`^\.github/workflows/[^/]+\.ya?ml$|(^|/)buildspec[^/]*\.ya?ml$|^\.gitlab-ci\.ya?ml$|^\.circleci/config\.ya?ml$|(^|/)Jenkinsfile[^/]*$|^bitbucket-pipelines\.ya?ml$|(^|/)cloudbuild\.ya?ml$|^azure-pipelines\.ya?ml$|(^|/)appspec\.ya?ml$|^\.ci/[^/]+$`)

// CI lists the pipeline's files; comments are blanked, lines kept.
func CI(s *review.Source) (out []review.SourceFile) {
	for _, f := range s.Files {
		if !ciFile.MatchString(f.Path) {
			continue
		}
		lines := strings.Split(f.Text, "\n")
		for i, line := range lines {
			if comment(line) {
				lines[i] = ""
			}
		}
		f.Text = strings.Join(lines, "\n")
		out = append(out, f)
	}
	return out
}

// InCI finds the first line of the pipeline that a pattern matches.
func InCI(s *review.Source, re *regexp.Regexp) (Match, bool) {
	for _, f := range CI(s) {
		for i, line := range strings.Split(f.Text, "\n") {
			if re.MatchString(line) {
				return Match{Path: f.Path, Line: i + 1, Text: strings.TrimSpace(line)}, true
			}
		}
	}
	return Match{}, false
}
