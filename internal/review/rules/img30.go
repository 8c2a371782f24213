package rules

import (
	"regexp"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/hatoba/hatoba/internal/review"
)

var img30 = review.Rule{
	ID:       "IMG-30",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Dependencies},
	Severity: review.Medium,
	Sources:  []string{"S1:65"},
	Title: review.Text{
		EN: "The base image's version is pinned",
		JA: "ベースイメージのバージョンを固定する",
	},
	Why: review.Text{
		EN: "Without a version the same Dockerfile builds something else tomorrow: a new major release arrives with a rebuild that was to fix a typo.",
		JA: "バージョンがないと、同じ Dockerfile が明日は別物になります。誤字を直すための再ビルドで、新しいメジャーバージョンが入ります。",
	},
	Todo: review.Text{
		EN: "Name a version tag, best with its digest: FROM alpine:3.22@sha256:…",
		JA: "バージョンのタグを書き、できればダイジェストも付けてください: FROM alpine:3.22@sha256:…",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartDockerfile}, Run: img30Dockerfile},
	},
}

// codenames are releases that go by a name instead of a number.
var codenames = regexp.MustCompile(`(?i)\b(buster|bullseye|bookworm|trixie|forky|bionic|focal|jammy|noble)\b`)

func img30Dockerfile(s *review.Subject) (out []review.Outcome) {
	d := s.Dockerfile.Value
	for i := range d.Stages {
		if b, ok := stageBase(d, i); ok {
			out = append(out, pinned(b))
		}
		for _, command := range d.Stages[i].Commands {
			c, ok := command.(*instructions.CopyCommand)
			if !ok || c.From == "" || !strings.ContainsAny(c.From, "/:.") { // a stage, by name or number
				continue
			}
			if _, own := instructions.HasStage(d.Stages, c.From); !own {
				ref, known := buildVars(d).expand(c.From)
				out = append(out, pinned(base{ref: ref, known: known, at: d.At(c.Location())}))
			}
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(review.Place{File: d.File}, "no image from elsewhere is used", "外部のイメージは使っていない"))
	}
	return out
}

func pinned(b base) review.Outcome {
	repository, tag, digest := splitRef(b.ref)
	switch {
	case b.ref == "scratch":
		return review.Passed(b.at, "scratch has no versions", "scratch にバージョンはない")
	case digest != "":
		return review.Passed(b.at, "%s is pinned by its digest", "%s はダイジェストで固定されている", repository)
	case !b.known:
		return review.Unexamined(b.at, review.Say("give the ARG a default", "ARG に既定値を付けてください"), "%s: a variable has no default", "%s: 変数に既定値がない", b.ref)
	case tag == "":
		return review.Failed(b.at, "%s has no tag, which means latest", "%s にタグがない(latest の意味)", b.ref)
	case tag == "latest":
		return review.Failed(b.at, "%s follows the latest release", "%s は常に最新版を指す", b.ref)
	case !strings.ContainsAny(b.ref[strings.LastIndexByte(b.ref, '/')+1:], "0123456789") && !codenames.MatchString(tag):
		return review.Failed(b.at, "%s names no version", "%s にバージョンがない", b.ref)
	}
	return review.Passed(b.at, "%s names a version", "%s はバージョンを指定している", b.ref)
}
