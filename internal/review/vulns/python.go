package vulns

import (
	"cmp"
	"regexp"
	"strings"
)

// python is a version as PEP 440 has it.
type python struct {
	epoch   string
	release []string
	// Ranks put 1.dev0 < 1a0.dev0 < 1a0 < 1rc0 < 1 < 1.post0.
	phase       int
	phaseNumber string
	post        bool
	postNumber  string
	dev         bool
	devNumber   string
	local       string
}

var pythonForm = regexp.MustCompile(`^v?(?:(\d+)!)?(\d+(?:\.\d+)*)` +
	`(?:[-_.]?(alpha|beta|preview|pre|rc|a|b|c)[-_.]?(\d*))?` +
	`(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?` +
	`(?:[-_.]?(dev)[-_.]?(\d*))?` +
	`(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$`)

const pythonFinal = 3

func parsePython(s string) (v python, ok bool) {
	m := pythonForm.FindStringSubmatch(strings.ToLower(strings.TrimSpace(s)))
	if m == nil {
		return v, false
	}
	v = python{epoch: m[1], release: strings.Split(m[2], "."), phase: pythonFinal, phaseNumber: m[4],
		post: m[5] != "" || m[6] != "", postNumber: m[5] + m[7], dev: m[8] != "", devNumber: m[9], local: m[10]}
	switch m[3] {
	case "a", "alpha":
		v.phase = 0
	case "b", "beta":
		v.phase = 1
	case "c", "rc", "pre", "preview":
		v.phase = 2
	case "":
		if v.dev && !v.post { // 1.dev0 is before 1a0
			v.phase = -1
		}
	}
	return v, true
}

func (v python) compare(w python) int {
	return cmp.Or(
		number(v.epoch, w.epoch),
		numbers(v.release, w.release),
		cmp.Compare(v.phase, w.phase), number(v.phaseNumber, w.phaseNumber),
		truth(v.post, w.post), number(v.postNumber, w.postNumber),
		truth(w.dev, v.dev), number(v.devNumber, w.devNumber),
		pythonLocal(v.local, w.local),
	)
}

func truth(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// pythonLocal compares what stands behind the plus. An advisory's 1.0 means
// 1.0+local too, but 1.0+local is not before it.
func pythonLocal(a, b string) int {
	split := func(c rune) bool { return c == '.' || c == '-' || c == '_' }
	x, y := strings.FieldsFunc(a, split), strings.FieldsFunc(b, split)
	for i := range min(len(x), len(y)) {
		xn, yn := digit(x[i][0]), digit(y[i][0])
		c := strings.Compare(x[i], y[i])
		if xn && yn {
			c = number(x[i], y[i])
		} else if xn != yn {
			c = truth(xn, yn)
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(len(x), len(y))
}
