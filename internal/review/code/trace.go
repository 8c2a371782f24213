package code

import (
	"regexp"

	"github.com/hatoba/hatoba/internal/review"
)

// Tracer is a tracing library that a source uses.
type Tracer struct {
	Name   string
	Vendor bool // it speaks to one vendor only
	Path   string
	Line   int
}

var (
	tracers = []struct {
		name   string
		vendor bool
		re     *regexp.Regexp
	}{
		{"OpenTelemetry", false, regexp.MustCompile(`(?i)\bopentelemetry\b|go\.opentelemetry\.io|aws-otel`)},
		{"AWS X-Ray SDK", true, regexp.MustCompile(`(?i)aws[-_]xray[-_](sdk|recorder)|\bAWSXRayRecorder\b`)},
		{"Datadog", true, regexp.MustCompile(`\bdd-trace(-go|-java|-js)?\b|\bddtrace\b|dd-java-agent`)},
		{"New Relic", true, regexp.MustCompile(`\bnewrelic\b|newrelic_rpm`)},
		{"Elastic APM", true, regexp.MustCompile(`elastic-apm`)},
	}
	dependencies = regexp.MustCompile(`(^|/)(package\.json|requirements[^/]*\.txt|pyproject\.toml|Pipfile|Gemfile|pom\.xml|build\.gradle(\.kts)?|libs\.versions\.toml|Cargo\.toml|go\.mod|composer\.json|[^/]+\.csproj|Dockerfile)$`)
	indirect     = regexp.MustCompile(`// indirect`)
)

// Tracers finds tracing libraries where a source names what it depends on. A
// dependency of a dependency traces nothing by itself.
func Tracers(s *review.Source) (out []Tracer) {
	seen := map[string]bool{}
	for _, f := range s.Files {
		if !dependencies.MatchString(f.Path) || Aside(f.Path) {
			continue
		}
		for i, line := range regexp.MustCompile(`\r?\n`).Split(f.Text, -1) {
			for _, t := range tracers {
				if !seen[t.name] && !indirect.MatchString(line) && t.re.MatchString(line) {
					seen[t.name] = true
					out = append(out, Tracer{Name: t.name, Vendor: t.vendor, Path: f.Path, Line: i + 1})
				}
			}
		}
	}
	return out
}
