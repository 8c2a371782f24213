package rules

import (
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/hatoba/hatoba/internal/review"
)

var img10 = review.Rule{
	ID:       "IMG-10",
	Pillar:   review.Security,
	Factors:  []review.Factor{review.Dependencies},
	Severity: review.Low,
	Sources:  []string{"S0:16", "S0:19"},
	Title: review.Text{
		EN: "Recommended packages are not installed along",
		JA: "推奨パッケージを一緒に入れない",
	},
	Why: review.Text{
		EN: "apt brings what a package recommends for a desktop or a server with people on it: more to transfer, more to patch, more to misuse.",
		JA: "apt は人が使うマシン向けの推奨パッケージも入れます。転送量、修正すべき脆弱性、悪用される道具が増えます。",
	},
	Todo: review.Text{
		EN: "Write apt-get install -y --no-install-recommends and name what the service really needs.",
		JA: "apt-get install -y --no-install-recommends とし、本当に必要なパッケージを書いてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartDockerfile}, Run: img10Dockerfile},
	},
}

func img10Dockerfile(s *review.Subject) (out []review.Outcome) {
	d := s.Dockerfile.Value
	set, installs := false, 0 // set: apt's own configuration says no
	imageRuns(d, func(run *instructions.RunCommand, calls []call) {
		text := strings.Join(run.CmdLine, " ")
		for _, f := range run.Files {
			text += f.Data
		}
		set = set || strings.Contains(text, "APT::Install-Recommends")
		for _, p := range packageCalls(calls) {
			if p.family != "apt" || p.verb != "install" {
				continue
			}
			installs++
			if !set && !p.has("--no-install-recommends", "-R", "--without-recommends") {
				out = append(out, review.Failed(d.At(run.Location()), "%s install without --no-install-recommends", "%s install に --no-install-recommends がない", p.name()))
			}
		}
	})
	if len(out) == 0 {
		out = append(out, review.Passed(review.Place{File: d.File}, "apt installs in the stages of the image: %d, none with recommended packages", "イメージになるステージの apt install は %d 個で、推奨パッケージは入れていない", installs))
	}
	return out
}
