package rules

import (
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/shell"

	"github.com/hatoba/hatoba/internal/review"
)

// imageStages are the stages whose layers the image has: the final one and
// those it is FROM, lowest first. What other stages leave behind never reaches
// the image.
func imageStages(d *review.Dockerfile) []*instructions.Stage {
	var out []*instructions.Stage
	for i := len(d.Stages) - 1; i >= 0; {
		out = append([]*instructions.Stage{&d.Stages[i]}, out...)
		base, _ := buildVars(d).expand(d.Stages[i].BaseName)
		next, ok := instructions.HasStage(d.Stages[:i], base)
		if !ok {
			break
		}
		i = next
	}
	return out
}

// vars are the variables of a build, as NAME=VALUE, the latest last. An ARG
// without a default has no value here: --build-arg gives it.
type vars []string

// buildVars are the ARGs before the first FROM, and those that buildkit sets: as
// in a build for the platform that a review looks at when nobody says another.
func buildVars(d *review.Dockerfile) vars {
	v := vars{"TARGETOS=linux", "TARGETARCH=amd64", "TARGETPLATFORM=linux/amd64", "TARGETVARIANT=",
		"BUILDOS=linux", "BUILDARCH=amd64", "BUILDPLATFORM=linux/amd64", "BUILDVARIANT="}
	for i := range d.Args {
		v.args(&d.Args[i], nil)
	}
	return v
}

func (v *vars) set(name, value string) { *v = append(*v, name+"="+value) }

func (v *vars) args(c *instructions.ArgCommand, global vars) {
	for _, a := range c.Args {
		if a.Value != nil {
			if value, ok := v.expand(*a.Value); ok {
				v.set(a.Key, value)
			}
		} else if value, ok := global.expand("${" + a.Key + "}"); ok {
			v.set(a.Key, value)
		}
	}
}

// expand puts values in; it is not ok where one is missing.
func (v vars) expand(word string) (string, bool) {
	if !strings.Contains(word, "$") {
		return word, true
	}
	latest := map[string]string{}
	for _, pair := range v {
		name, value, _ := strings.Cut(pair, "=")
		latest[name] = value
	}
	var pairs []string
	for name, value := range latest {
		pairs = append(pairs, name+"="+value)
	}
	r, err := shell.NewLex('\\').ProcessWordWithMatches(word, shell.EnvsFromSlice(pairs))
	if err != nil || len(r.Unmatched) > 0 && !strings.Contains(word, ":-") {
		return word, false
	}
	return r.Result, true
}

// eachCommand walks the instructions of the image's stages in order, with the
// variables as they are there.
func eachCommand(d *review.Dockerfile, visit func(c instructions.Command, v vars)) {
	global := buildVars(d)
	var v vars
	for _, stage := range imageStages(d) {
		for _, command := range stage.Commands {
			visit(command, v)
			switch c := command.(type) {
			case *instructions.ArgCommand:
				v.args(c, global)
			case *instructions.EnvCommand:
				for _, e := range c.Env {
					if value, ok := v.expand(e.Value); ok {
						v.set(e.Key, value)
					}
				}
			}
		}
	}
}

// base is an image that a Dockerfile builds on or copies from.
type base struct {
	ref   string // as written, or with its variables put in
	known bool   // no variable of it is missing
	at    review.Place
}

// stageBase is what a stage is FROM; ok is false for a stage of the same file.
func stageBase(d *review.Dockerfile, i int) (b base, ok bool) {
	s := d.Stages[i]
	ref, known := buildVars(d).expand(s.BaseName)
	if _, own := instructions.HasStage(d.Stages[:i], ref); own {
		return base{}, false
	}
	return base{ref: ref, known: known, at: d.At(s.Location)}, true
}

// finalBase is the image at the bottom of the image's stages.
func finalBase(d *review.Dockerfile) base {
	lowest := imageStages(d)[0]
	for i := range d.Stages {
		if &d.Stages[i] == lowest {
			b, _ := stageBase(d, i)
			return b
		}
	}
	return base{}
}

// splitRef takes an image reference apart, without filling anything in.
func splitRef(ref string) (repository, tag, digest string) {
	ref, digest, _ = strings.Cut(ref, "@")
	if i := strings.LastIndexByte(ref, ':'); i > strings.LastIndexByte(ref, '/') {
		return ref[:i], ref[i+1:], digest
	}
	return ref, "", digest
}

// official is the short name of a Docker Official Image, wherever it is
// mirrored under its own name; empty for others.
func official(repository string) string {
	if _, name, ok := strings.Cut("/"+repository, "/library/"); ok { // of Docker Hub, ECR Public or a pull through cache
		return name
	}
	if strings.Contains(repository, "/") {
		return ""
	}
	return repository
}
