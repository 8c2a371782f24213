package rules

import (
	"path"
	"regexp"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/code"
)

var mon23 = review.Rule{
	ID:       "MON-23",
	Pillar:   review.Operations,
	Severity: review.Info,
	Sources:  []string{"S3-Trace"},
	Title: review.Text{
		EN: "Traces are made with OpenTelemetry, not with one vendor's SDK",
		JA: "トレースはベンダー固有の SDK でなく OpenTelemetry で取る",
	},
	Why: review.Text{
		EN: "A vendor's SDK in every file is what keeps one from changing the vendor.",
		JA: "ベンダーの SDK が各所に入ると、ベンダーを変えられなくなります。",
	},
	Todo: review.Text{
		EN: "Use the OpenTelemetry SDK and a collector; the collector knows the vendor.",
		JA: "OpenTelemetry の SDK と Collector を使い、ベンダーの違いは Collector で吸収してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartSource}, Run: mon23Source},
	},
}

var (
	vendorTrace = regexp.MustCompile(`aws-xray-sdk|aws_xray_sdk|com\.amazonaws\.xray|dd-trace|ddtrace|newrelic|elastic-apm`)
	openTrace   = regexp.MustCompile(`(?i)opentelemetry|go\.opentelemetry\.io|otel`)
)

func mon23Source(s *review.Subject) []review.Outcome {
	src := s.Source.Value
	open := false
	for _, f := range src.Files {
		if !code.Product(f.Path) && !manifest(f.Path) {
			continue
		}
		if m := vendorTrace.FindString(f.Text); m != "" {
			return []review.Outcome{review.Failed(src.Place(f.Path, 1+strings.Count(f.Text[:strings.Index(f.Text, m)], "\n")), "%s", "%s", m)}
		}
		open = open || openTrace.MatchString(f.Text)
	}
	if open {
		return []review.Outcome{review.Passed(review.Place{File: src.Root}, "OpenTelemetry is used", "OpenTelemetry を使っている")}
	}
	return []review.Outcome{review.Passed(review.Place{File: src.Root}, "no vendor's tracing SDK is used", "ベンダー固有のトレース SDK は使われていない")}
}

// manifest reports whether a file names libraries.
func manifest(file string) bool {
	switch path.Base(file) {
	case "package.json", "go.mod", "requirements.txt", "pyproject.toml", "Gemfile", "pom.xml", "build.gradle", "build.gradle.kts", "Cargo.toml", "composer.json":
		return true
	}
	return strings.HasSuffix(file, ".csproj")
}
