package rules

import (
	"regexp"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/code"
)

var img33 = review.Rule{
	ID:       "IMG-33",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Dependencies},
	Severity: review.Low,
	Sources:  []string{"S1:65"},
	Title: review.Text{
		EN: "The version of the build runtime is explicit",
		JA: "ビルドに使うランタイムのバージョンを明示する",
	},
	Why: review.Text{
		EN: "A build on whatever the runner has today breaks on the day the runner is upgraded.",
		JA: "ランナー任せのビルドは、ランナーが更新された日に壊れます。",
	},
	Todo: review.Text{
		EN: "Name the version in CI (go-version, node-version, runtime-versions, an image tag).",
		JA: "CI でバージョンを指定してください(go-version、node-version、runtime-versions、イメージのタグ)。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartSource}, Run: img33Source},
	},
}

var (
	runtimeVersion = regexp.MustCompile(`(?i)(go|node|python|java|ruby|php|dotnet|rust)-version(-file)?:|runtime-versions|^\s*(golang|nodejs|python|java|ruby|php|dotnet):\s*["']?[0-9]|image:\s*["']?[\w./-]+:[\w.-]*[0-9]|\.tool-versions|mise|asdf`)
	floating       = regexp.MustCompile(`(?i)(go|node|python|java|ruby|php|dotnet)-version:\s*["']?(latest|stable|lts(/\*)?|\*|current|node)["']?\s*$|image:\s*["']?[\w./-]+:latest`)
	buildsCode     = regexp.MustCompile(`(?i)\b(go (build|test|vet)|npm (ci|test|run|install)|yarn|pnpm|pip install|pytest|mvn|gradle|gradlew|bundle|cargo|dotnet (build|test)|composer)\b`)
)

func img33Source(s *review.Subject) []review.Outcome {
	src := s.Source.Value
	if at, line, ok := step(src, floating); ok {
		return []review.Outcome{review.Failed(at, "%s", "%s", line)}
	}
	if files := code.Pipelines(src); len(files) > 0 {
		if _, _, ok := step(src, buildsCode); !ok {
			return []review.Outcome{review.Passed(src.Place(files[0].Path, 1), "the pipeline builds in containers only", "パイプラインはコンテナの中でだけビルドする")}
		}
	}
	return inPipeline(s, runtimeVersion, review.Say("the pipeline builds with whatever runtime is there", "パイプラインのランタイムのバージョンが指定されていない"))
}
