package rules

import (
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/hatoba/hatoba/internal/review"
)

var img07 = review.Rule{
	ID:       "IMG-07",
	Pillar:   review.Performance,
	Severity: review.Low,
	Sources:  []string{"S0:16", "S0:18"},
	Title: review.Text{
		EN: "No needless layers: RUNs that belong together are one",
		JA: "不要なレイヤーを作らず、まとめられる RUN はまとめる",
	},
	Why: review.Text{
		EN: "A layer keeps what it once held: a file deleted or replaced by a later layer is still transferred with every pull.",
		JA: "レイヤーは一度入れたものを持ち続けます。後のレイヤーで消したり置き換えたりしたファイルも、pull のたびに転送されます。",
	},
	Todo: review.Text{
		EN: "Join the RUNs with &&, delete in the RUN that made the file, and set owners and modes with COPY --chown and --chmod.",
		JA: "RUN を && でつなぎ、ファイルは作った RUN の中で消し、所有者と権限は COPY --chown / --chmod で設定してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartDockerfile}, Run: img07Dockerfile},
		{Needs: []review.Part{review.PartImage}, Run: img07Image},
	},
}

// wasteOf is what hidden files may weigh, unpacked: below it nobody would feel
// the difference, and every package manager replaces its small databases.
const wasteOf = 10e6

func img07Dockerfile(s *review.Subject) (out []review.Outcome) {
	d := s.Dockerfile.Value
	var before []packageCall // of the instruction before, if it is a RUN
	var brought []string     // where COPY and ADD put files
	afterRun := false
	eachCommand(d, func(command instructions.Command, _ vars) {
		run, ok := command.(*instructions.RunCommand)
		if !ok {
			before, afterRun = nil, false
			switch c := command.(type) {
			case *instructions.CopyCommand:
				brought = append(brought, strings.TrimSuffix(c.DestPath, "/"))
			case *instructions.AddCommand:
				brought = append(brought, strings.TrimSuffix(c.DestPath, "/"))
			}
			return
		}
		calls := runCalls(run)
		packages := packageCalls(calls)
		at := d.At(run.Location())
		for _, p := range packages {
			if p.installs() && slices.ContainsFunc(before, func(b packageCall) bool { return b.family == p.family && b.installs() }) {
				out = append(out, review.Failed(at, "%s %s stands in a RUN of its own, right behind another", "%s %s が直前の RUN と分かれている", p.name(), p.verb))
				break
			}
		}
		if onlyDeletes(run, calls) && (afterRun || slices.ContainsFunc(brought, func(to string) bool { return removes(calls, to) })) {
			out = append(out, review.Failed(at, "this RUN only deletes: what it deletes stays in the layer before", "この RUN は削除だけをする: 消したものは前のレイヤーに残る"))
		}
		before, afterRun = packages, true
	})
	if len(out) == 0 {
		out = append(out, review.Passed(review.Place{File: d.File}, "no RUN of the image could be joined with the one before", "直前とまとめられる RUN はない"))
	}
	return out
}

// onlyDeletes reports whether a RUN does nothing else. With a mount it may
// delete what is in no layer.
func onlyDeletes(run *instructions.RunCommand, calls []call) bool {
	if len(calls) == 0 || len(mountsOf(run)) > 0 {
		return false
	}
	deletes := false
	for _, c := range calls {
		switch {
		case c.name() == "rm" || c.has("clean", "autoclean", "autoremove"):
			deletes = true
		case c.name() != "set" && c.name() != "true" && c.name() != "cd":
			return false
		}
	}
	return deletes
}

func img07Image(s *review.Subject) []review.Outcome {
	i := s.Image.Value
	var wasted int64
	var largest *review.File
	for n := range i.Files {
		if f := &i.Files[n]; f.Hidden {
			if wasted += f.Size; largest == nil || f.Size > largest.Size {
				largest = f
			}
		}
	}
	if wasted > wasteOf {
		return []review.Outcome{review.Failed(i.At(), "%s of files are hidden by later layers and transferred all the same; the largest is /%s, of layer %s",
			"後のレイヤーに隠れたまま転送されるファイルが %s。最大は /%s(レイヤー %s)", size(wasted), largest.Path, layerName(i, largest.Layer))}
	}
	return []review.Outcome{review.Passed(i.At(), "layers: %d; later ones hide %s of earlier ones", "レイヤー %d 枚。後のレイヤーに隠れたファイルは %s", len(i.Layers), size(wasted))}
}
