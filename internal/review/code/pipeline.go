package code

import (
	"regexp"

	"github.com/hatoba/hatoba/internal/review"
)

var pipeline = regexp.MustCompile(`(^|/)(\.github/workflows/[^/]+\.ya?ml|buildspec[^/]*\.ya?ml|\.gitlab-ci\.ya?ml|\.circleci/config\.ya?ml|Jenkinsfile|bitbucket-pipelines\.ya?ml|cloudbuild\.ya?ml|azure-pipelines\.ya?ml)$`)

// Pipelines are the files that say what runs on a push, without comments.
func Pipelines(s *review.Source) (out []review.SourceFile) {
	for _, f := range s.Files {
		if pipeline.MatchString(f.Path) {
			f.Text = Uncomment(Shell, f.Text)
			out = append(out, f)
		}
	}
	return out
}
