package rules

import (
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/hatoba/hatoba/internal/review"
)

var img18 = review.Rule{
	ID:       "IMG-18",
	Pillar:   review.Security,
	Factors:  []review.Factor{review.BuildReleaseRun},
	Severity: review.Low,
	Sources:  []string{"S0:16", "S0:21", "S1:85", "S1:86"},
	Title: review.Text{
		EN: "What is built is built in a stage of its own",
		JA: "ビルドは専用のステージで行う",
	},
	Why: review.Text{
		EN: "Without a second stage the compiler, the source and every development dependency are delivered with the program.",
		JA: "ステージを分けないと、コンパイラ、ソース、開発用の依存がプログラムと一緒に配られます。",
	},
	Todo: review.Text{
		EN: "Name the stage that builds (FROM … AS build), start anew from a small base and COPY --from=build only the result.",
		JA: "ビルド用ステージに名前を付け(FROM … AS build)、小さなベースから始め直し、COPY --from=build で成果物だけを取り出してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartDockerfile}, Run: img18Dockerfile},
	},
}

// buildSteps are commands that make a program out of source.
var buildSteps = []string{"go build", "go install", "cargo build", "cargo install", "mvn package", "mvn install", "mvn verify", "gradle build", "gradlew build", "gradle bootJar", "gradlew bootJar",
	"dotnet publish", "dotnet build", "npm run build", "yarn build", "yarn run build", "pnpm build", "pnpm run build", "swift build", "sbt assembly", "mix release"}

// buildStep is the first call that builds; empty if there is none.
func buildStep(calls []call) string {
	for _, c := range calls {
		name := strings.TrimPrefix(c.name(), "./")
		if slices.Contains([]string{"make", "cmake", "gcc", "g++", "cc", "javac", "tsc", "rustc"}, name) && !c.has("--version") {
			return name
		}
		var words []string
		for _, w := range c[1:] {
			if !strings.HasPrefix(w, "-") {
				words = append(words, w)
			}
		}
		for n := 1; n <= min(2, len(words)); n++ {
			if step := name + " " + strings.Join(words[:n], " "); slices.Contains(buildSteps, step) {
				return step
			}
		}
		if (name == "mvn" || name == "mvnw") && c.has("package", "install", "verify") {
			return "mvn package"
		}
	}
	return ""
}

func img18Dockerfile(s *review.Subject) (out []review.Outcome) {
	d := s.Dockerfile.Value
	imageRuns(d, func(run *instructions.RunCommand, calls []call) {
		if step := buildStep(calls); step != "" {
			out = append(out, review.Failed(d.At(run.Location()), "%s runs in a stage that becomes the image", "%s がイメージになるステージで動く", step))
		}
	})
	switch {
	case len(out) > 0:
	case len(d.Stages) > 1:
		out = append(out, review.Passed(d.At(d.Final().Location), "stages: %d; what becomes the image builds nothing", "ステージは %d 個で、イメージになるステージではビルドしていない", len(d.Stages)))
	default:
		out = append(out, review.Passed(d.At(d.Final().Location), "one stage, and it builds nothing", "ステージは一つで、ビルドはしていない"))
	}
	return out
}
