package rules

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/hatoba/hatoba/internal/review"
)

var img01 = review.Rule{
	ID:       "IMG-01",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Dependencies, review.BuildReleaseRun},
	Severity: review.High,
	Sources:  []string{"S0:14", "S0:17", "S1:7"},
	Title: review.Text{
		EN: "Everything needed is in the image: nothing is installed or downloaded at start",
		JA: "必要なものはすべてイメージに入れ、起動時にインストールやダウンロードをしない",
	},
	Why: review.Text{
		EN: "A start that fetches something fails when the other side does, takes longer each time the service scales, and runs what nobody tested.",
		JA: "起動時に何かを取得すると、相手の障害で起動できなくなり、スケールアウトのたびに遅く、テストしていないものが動きます。",
	},
	Todo: review.Text{
		EN: "Move the step into a RUN of the Dockerfile. What differs per environment comes as environment variables or secrets.",
		JA: "その手順を Dockerfile の RUN に移してください。環境ごとに違うものは環境変数か secrets で渡します。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartDockerfile}, Run: img01Dockerfile},
		{Needs: []review.Part{review.PartImage}, Run: img01Image},
		{Needs: []review.Part{review.PartTaskDef}, Run: img01TaskDef},
	},
}

func img01Calls(at review.Place, calls []call) (out []review.Outcome) {
	for _, c := range calls {
		if what := fetches(c); what != "" {
			out = append(out, review.Failed(at, "the start calls %s", "起動時に %s を実行している", what))
		}
	}
	return out
}

// startOf are the final ENTRYPOINT and CMD, where they stand.
func startOf(d *review.Dockerfile) (out []instructions.Command, lines []instructions.ShellDependantCmdLine) {
	var entrypoint, cmd instructions.Command
	eachCommand(d, func(c instructions.Command, _ vars) {
		switch c.(type) {
		case *instructions.EntrypointCommand:
			entrypoint, cmd = c, nil // a CMD before it is no longer taken
		case *instructions.CmdCommand:
			cmd = c
		}
	})
	if e, ok := entrypoint.(*instructions.EntrypointCommand); ok {
		out, lines = append(out, e), append(lines, e.ShellDependantCmdLine)
	}
	if c, ok := cmd.(*instructions.CmdCommand); ok {
		out, lines = append(out, c), append(lines, c.ShellDependantCmdLine)
	}
	return out, lines
}

func img01Dockerfile(s *review.Subject) (out []review.Outcome) {
	d := s.Dockerfile.Value
	commands, lines := startOf(d)
	for n, c := range commands {
		calls := lineCalls(lines[n])
		out = append(out, img01Calls(d.At(c.Location()), calls)...)
		for _, call := range calls {
			out = append(out, img01Script(s, d.At(c.Location()), call)...)
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(review.Place{File: d.File}, "ENTRYPOINT and CMD install and download nothing", "ENTRYPOINT と CMD は何もインストール・ダウンロードしない"))
	}
	return out
}

// img01Script looks into the start script, if the source has it. One that comes
// with the base image is the base image's.
func img01Script(s *review.Subject, at review.Place, c call) (out []review.Outcome) {
	script := scriptOf(c)
	if script == "" || !copied(s.Dockerfile.Value, path.Base(script)) || !s.Source.OK && s.Image.OK { // the image has it
		return nil
	}
	if !s.Source.OK {
		return []review.Outcome{review.Unexamined(at, review.Say("give --source, the folder that holds it", "そのスクリプトがあるフォルダーを --source で指定してください"),
			"the start script %s was not given", "起動スクリプト %s が与えられていない", script)}
	}
	for _, f := range s.Source.Value.Files {
		if path.Base(f.Path) != path.Base(script) {
			continue
		}
		scriptCalls(f.Text, func(line int, calls []call) {
			out = append(out, img01Calls(s.Source.Value.Place(f.Path, line), calls)...)
		})
	}
	return out
}

// scriptOf is the script that a call runs, if it is one.
func scriptOf(c call) string {
	for _, w := range c {
		if strings.HasSuffix(w, ".sh") {
			return w
		}
	}
	return ""
}

// copied reports whether the Dockerfile itself brings a file of that name.
func copied(d *review.Dockerfile, base string) (found bool) {
	eachCommand(d, func(command instructions.Command, _ vars) {
		if c, ok := command.(*instructions.CopyCommand); ok && c.From == "" {
			found = found || slices.ContainsFunc(c.SourcePaths, func(p string) bool { return path.Base(p) == base })
		}
	})
	return found
}

func img01Image(s *review.Subject) []review.Outcome {
	i := s.Image.Value
	calls := append(execCalls(i.Config.Config.Entrypoint), execCalls(i.Config.Config.Cmd)...)
	out := img01Calls(i.At(), calls)
	for _, c := range calls {
		script := scriptOf(c)
		if !path.IsAbs(script) {
			script = path.Join(i.Config.Config.WorkingDir, script)
		}
		f := visibleFile(i, strings.TrimPrefix(path.Clean(script), "/"))
		if f == nil {
			continue
		}
		scriptCalls(string(f.Content), func(line int, calls []call) {
			for _, o := range img01Calls(i.At(), calls) {
				o.Observed = review.Say("%[1]s, line %[2]d: %[3]s", "%[1]s の %[2]d 行目: %[4]s", script, line, o.Observed.EN, o.Observed.JA)
				out = append(out, o)
			}
		})
	}
	if len(out) > 0 {
		return out
	}
	return []review.Outcome{review.Passed(i.At(), "the image's entrypoint and command install and download nothing", "イメージの entrypoint と cmd は何もインストール・ダウンロードしない")}
}

func img01TaskDef(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	for i, c := range td.ContainerDefinitions {
		out = append(out, img01Calls(td.At("containerDefinitions", i, "entryPoint"), execCalls(c.EntryPoint))...)
		out = append(out, img01Calls(td.At("containerDefinitions", i, "command"), execCalls(c.Command))...)
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions"), "no container's command installs or downloads anything", "コンテナの command は何もインストール・ダウンロードしない"))
	}
	return out
}
