package rules

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/secret"
)

var cfg03 = review.Rule{
	ID:       "CFG-03",
	Pillar:   review.Security,
	Factors:  []review.Factor{review.Config},
	Severity: review.High,
	Sources:  []string{"S0:6", "S1:71"},
	Title: review.Text{
		EN: "No secret is baked into the image",
		JA: "イメージに秘密情報を焼き込まない",
	},
	Why: review.Text{
		EN: "Everyone who can pull the image can read it: ENV and build arguments stand in its history, and a file that a later layer deletes is still in the layer before.",
		JA: "イメージを pull できる人は全員それを読めます。ENV とビルド引数は履歴に残り、後のレイヤーで消したファイルも前のレイヤーに残っています。",
	},
	Todo: review.Text{
		EN: "Give secrets to the build with RUN --mount=type=secret, to the container with secrets[].valueFrom. Change the value: it has been seen.",
		JA: "ビルドには RUN --mount=type=secret で、コンテナには secrets[].valueFrom で渡してください。値はすでに見えているので変更してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartDockerfile}, Run: cfg03Dockerfile},
		{Needs: []review.Part{review.PartImage}, Run: cfg03Image},
	},
}

func cfg03Dockerfile(s *review.Subject) (out []review.Outcome) {
	d := s.Dockerfile.Value
	literal := func(c instructions.Command, name, value string) {
		value = strings.Trim(value, `"'`)
		if kind := secret.Looks(name, value); kind != secret.None {
			out = append(out, review.Failed(d.At(c.Location()), "%s %s looks like %s (fingerprint %s)", "%s %s は秘密情報に見える(%s、フィンガープリント %s)",
				strings.ToUpper(c.Name()), name, kind, s.Print(value)))
		}
	}
	for i := range d.Args {
		for _, a := range d.Args[i].Args {
			literal(&d.Args[i], a.Key, a.ValueString())
		}
	}
	for _, stage := range d.Stages { // a literal is in the file, whatever becomes of its stage
		for _, command := range stage.Commands {
			switch c := command.(type) {
			case *instructions.EnvCommand:
				for _, e := range c.Env {
					literal(c, e.Key, e.Value)
				}
			case *instructions.ArgCommand:
				for _, a := range c.Args {
					literal(c, a.Key, a.ValueString())
				}
			case *instructions.LabelCommand:
				for _, l := range c.Labels {
					literal(c, l.Key, l.Value)
				}
			case *instructions.RunCommand:
				for _, call := range runCalls(c) {
					for _, word := range call {
						if kind := secret.Value(word); kind != secret.None {
							out = append(out, review.Failed(d.At(c.Location()), "a word of %s looks like %s (fingerprint %s)", "%s の引数は秘密情報に見える(%s、フィンガープリント %s)", call.name(), kind, s.Print(word)))
						}
					}
				}
			}
		}
	}
	out = append(out, cfg03Given(d)...)
	slices.SortStableFunc(out, func(a, b review.Outcome) int { return a.Place.Line - b.Place.Line })
	if len(out) == 0 {
		out = append(out, review.Passed(review.Place{File: d.File}, "no ENV, ARG, LABEL, RUN or COPY brings a secret", "ENV・ARG・LABEL・RUN・COPY に秘密情報はない"))
	}
	return out
}

// cfg03Given finds what the build is given from outside and keeps in the image.
func cfg03Given(d *review.Dockerfile) (out []review.Outcome) {
	args := map[string]*instructions.ArgCommand{} // with a secret's name and no value
	eachCommand(d, func(command instructions.Command, _ vars) {
		switch c := command.(type) {
		case *instructions.ArgCommand:
			for _, a := range c.Args {
				if a.ValueString() == "" && secret.Name(a.Key) {
					args[a.Key] = c
				}
			}
		case *instructions.RunCommand: // its line in the history names every argument given
			for _, name := range sortedKeys(args) {
				out = append(out, review.Failed(d.At(args[name].Location()), "ARG %s: the value given to it stays in the image's history, with the RUN of line %d",
					"ARG %s: 渡した値は %d 行目の RUN とともにイメージの履歴に残る", name, d.At(c.Location()).Line))
				delete(args, name)
			}
		case *instructions.EnvCommand:
			for _, e := range c.Env {
				name := strings.Trim(e.Value, "${}\"")
				if args[name] != nil && secret.Name(e.Key) {
					out = append(out, review.Failed(d.At(c.Location()), "ENV %s takes the build argument %s into the image", "ENV %s がビルド引数 %s をイメージに焼き込む", e.Key, name))
				}
			}
		case *instructions.CopyCommand:
			if c.From == "" {
				out = append(out, cfg03Copy(d, c, c.SourcePaths)...)
			}
		case *instructions.AddCommand:
			out = append(out, cfg03Copy(d, c, c.SourcePaths)...)
		}
	})
	return out
}

func cfg03Copy(d *review.Dockerfile, c instructions.Command, sources []string) (out []review.Outcome) {
	for _, source := range sources {
		base := path.Base(source)
		if secretEnvFile(base) || slices.Contains([]string{"id_rsa", "id_ed25519", "id_ecdsa", "id_dsa", ".netrc", ".git-credentials", ".pgpass"}, base) || strings.HasSuffix(source, ".aws/credentials") {
			out = append(out, review.Failed(d.At(c.Location()), "%s takes %s into the image", "%s が %s をイメージに入れている", strings.ToUpper(c.Name()), source))
		}
	}
	return out
}
