package rules

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

var mon19 = review.Rule{
	ID:       "MON-19",
	Pillar:   review.Operations,
	Severity: review.Low,
	Sources:  []string{"S0:43"},
	Title: review.Text{
		EN: "Requests are traced",
		JA: "リクエストがトレースされている",
	},
	Why: review.Text{
		EN: "When one request passes through several services, only a trace tells which of them was slow or failed.",
		JA: "一つのリクエストが複数のサービスを通るとき、どこが遅く、どこで失敗したかはトレースでしか分かりません。",
	},
	Todo: review.Text{
		EN: "Add the OpenTelemetry SDK, or its automatic instrumentation, to the program.",
		JA: "プログラムに OpenTelemetry SDK か自動計装を組み込んでください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartSource}, Run: mon19Source},
	},
}

func mon19Source(s *review.Subject) []review.Outcome {
	if sign, at := tracing(s); sign != "" {
		return []review.Outcome{review.Passed(at, "tracing is used: %s", "トレースを使用: %s", sign)}
	}
	return []review.Outcome{review.Failed(review.Place{File: s.Source.Value.Root}, "no tracing library, agent or setting was found in what was given", "与えられた中に、トレースのライブラリ、エージェント、設定が見つからない")}
}

var (
	tracingSDK     = regexp.MustCompile(`(?i)opentelemetry|aws-xray-sdk|aws_xray_sdk|dd-?trace|newrelic|elastic-apm|elasticapm|jaeger-client|brave-instrumentation|micrometer-tracing|sentry-opentelemetry|cloud-trace|applicationinsights|honeycomb`)
	tracingSetting = regexp.MustCompile(`^(OTEL_|AWS_XRAY_|DD_(TRACE|AGENT|SERVICE)|NEW_RELIC_|ELASTIC_APM_)|javaagent:`)
	manifests      = []string{"go.mod", "package.json", "requirements.txt", "pyproject.toml", "Pipfile", "setup.py", "pom.xml", "build.gradle", "build.gradle.kts", "libs.versions.toml",
		"Gemfile", "composer.json", "Cargo.toml", "mix.exs", "build.sbt", "Package.swift", "deno.json"}
)

// tracing finds what makes the program trace: a library in a manifest, an
// agent in the Dockerfile, or a setting of one in the definition.
func tracing(s *review.Subject) (sign string, at review.Place) {
	if s.Source.OK {
		for _, f := range s.Source.Value.Files {
			if name := path.Base(f.Path); !slices.Contains(manifests, name) && !strings.HasSuffix(name, ".csproj") {
				continue
			}
			for i, line := range strings.Split(f.Text, "\n") {
				// What a library drags in is not what the program does.
				if m := tracingSDK.FindString(line); m != "" && !strings.Contains(line, "// indirect") {
					return m, s.Source.Value.Place(f.Path, i+1)
				}
			}
		}
	}
	if s.Dockerfile.OK {
		for i, line := range s.Dockerfile.Value.Lines {
			if m := tracingSDK.FindString(line); m != "" && !strings.HasPrefix(strings.TrimSpace(line), "#") {
				return m, review.Place{File: s.Dockerfile.Value.File, Line: i + 1}
			}
		}
	}
	if s.TaskDef.OK {
		for i, c := range s.TaskDef.Value.ContainerDefinitions {
			for j, e := range c.Environment {
				if tracingSetting.MatchString(str(e.Name)) || strings.Contains(str(e.Value), "-javaagent:") {
					return str(e.Name), s.TaskDef.Value.At("containerDefinitions", i, "environment", j)
				}
			}
		}
	}
	return "", review.Place{}
}
