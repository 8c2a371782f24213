package rules

import (
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/hatoba/hatoba/internal/review"
)

// managers are package managers of distributions, and the family whose caches
// and options they share.
var managers = map[string]string{
	"apt-get": "apt", "apt": "apt", "aptitude": "apt",
	"yum": "yum", "dnf": "yum", "microdnf": "yum", "dnf5": "yum", "tdnf": "yum", "apk": "apk",
}

// valued are options that take the next word.
var valued = []string{"-o", "-c", "-t", "-X", "-p", "--virtual", "--repository", "--root", "--target-release", "--option", "--installroot", "--releasever", "--setopt", "--enablerepo", "--disablerepo", "--config"}

// packageCall is a call of a package manager: its family, what it is told to
// do, and to what.
type packageCall struct {
	call
	family, verb string
	packages     []string
}

func packageCalls(calls []call) (out []packageCall) {
	for _, c := range calls {
		family := managers[c.name()]
		if family == "" {
			continue
		}
		p := packageCall{call: c, family: family}
		for i := 1; i < len(c); i++ {
			switch w := c[i]; {
			case slices.Contains(valued, w):
				i++
			case strings.HasPrefix(w, "-") || strings.Contains(w, "::"): // -qqo Dpkg::Use-Pty=0
			case p.verb == "":
				p.verb = w
			default:
				p.packages = append(p.packages, w)
			}
		}
		out = append(out, p)
	}
	return out
}

// installs reports whether the call brings packages.
func (p packageCall) installs() bool {
	return slices.Contains([]string{"install", "add", "localinstall", "groupinstall", "build-dep", "reinstall"}, p.verb)
}

func (p packageCall) upgrades() bool {
	return slices.Contains([]string{"upgrade", "dist-upgrade", "full-upgrade", "distro-sync"}, p.verb) || p.family == "yum" && p.verb == "update"
}

// mount is a --mount of a RUN.
type mount struct{ kind, target string }

// mountsOf reads the flags of a RUN as written: buildkit parses them only when it
// expands variables, and that would change the Dockerfile.
func mountsOf(run *instructions.RunCommand) (out []mount) {
	for _, word := range strings.Fields(run.String())[1:] {
		if !strings.HasPrefix(word, "--") {
			break
		}
		options, ok := strings.CutPrefix(word, "--mount=")
		if !ok {
			continue
		}
		m := mount{kind: "bind"}
		for field := range strings.SplitSeq(options, ",") {
			switch key, value, _ := strings.Cut(strings.Trim(field, `"`), "="); strings.ToLower(key) {
			case "type":
				m.kind = value
			case "target", "dst", "destination":
				m.target = value
			}
		}
		out = append(out, m)
	}
	return out
}

// cached reports whether a RUN keeps a folder out of the layer by a mount.
func cached(run *instructions.RunCommand, folder string) bool {
	return slices.ContainsFunc(mountsOf(run), func(m mount) bool {
		target := strings.TrimSuffix(m.target, "/")
		return target != "" && (m.kind == "cache" || m.kind == "tmpfs") &&
			(target == folder || strings.HasPrefix(folder, target+"/") || strings.HasPrefix(target, folder+"/"))
	})
}

// removes reports whether one of the calls deletes a folder or what is in it.
func removes(calls []call, folder string) bool {
	return slices.ContainsFunc(calls, func(c call) bool {
		return (c.name() == "rm" || c.name() == "find") && slices.ContainsFunc(c[1:], func(w string) bool {
			w = strings.TrimRight(w, "/*")
			return w != "" && w[0] == '/' && (folder == w || strings.HasPrefix(folder, w+"/")) || strings.HasPrefix(w, folder+"/")
		})
	})
}

// imageRuns visits the RUNs whose layers the image has.
func imageRuns(d *review.Dockerfile, visit func(run *instructions.RunCommand, calls []call)) {
	eachCommand(d, func(c instructions.Command, _ vars) {
		if run, ok := c.(*instructions.RunCommand); ok {
			visit(run, runCalls(run))
		}
	})
}

// allRuns visits the RUNs of every stage.
func allRuns(d *review.Dockerfile, visit func(stage int, run *instructions.RunCommand, calls []call)) {
	for i := range d.Stages {
		for _, c := range d.Stages[i].Commands {
			if run, ok := c.(*instructions.RunCommand); ok {
				visit(i, run, runCalls(run))
			}
		}
	}
}
