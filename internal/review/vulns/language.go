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

// mavenToken is a piece of a Maven version and what stands before it.
type mavenToken struct {
	dash bool
	text string
}

// maven compares as Maven's resolver does.
func maven(a, b string) int {
	x, y := mavenTokens(a), mavenTokens(b)
	for i := range max(len(x), len(y)) {
		if c := mavenCompare(mavenAt(x, y, i), mavenAt(y, x, i)); c != 0 {
			return c
		}
	}
	return 0
}

// mavenAt is a token, or the padding that answers the other's.
func mavenAt(of, other []mavenToken, i int) mavenToken {
	if i < len(of) {
		return of[i]
	}
	if o := other[i]; o.dash || !digit(o.text[0]) {
		return mavenToken{o.dash, ""}
	}
	return mavenToken{false, "0"}
}

func mavenTokens(s string) (out []mavenToken) {
	s = strings.ToLower(strings.TrimSpace(s))
	dash := false
	for first := true; s != "" || first; first = false {
		in, rest := span(s, digit)
		if in == "" {
			in, rest = span(s, func(c byte) bool { return !digit(c) && c != '.' && c != '-' && c != '_' })
		}
		text := in
		if text == "" {
			text = "0"
		}
		if rest != "" && digit(rest[0]) { // a1 is alpha-1
			switch text {
			case "a":
				text = "alpha"
			case "b":
				text = "beta"
			case "m":
				text = "milestone"
			}
		}
		if dash {
			out = mavenTrim(out)
		}
		out = append(out, mavenToken{dash, text})
		switch {
		case rest == "":
			s = ""
		case rest[0] == '.':
			dash, s = false, rest[1:]
		case rest[0] == '-' || rest[0] == '_':
			dash, s = true, rest[1:]
		default: // from digits to letters, or back
			dash, s = true, rest
		}
	}
	return mavenTrim(out)
}

// mavenTrim takes off the last tokens that mean nothing.
func mavenTrim(t []mavenToken) []mavenToken {
	for len(t) > 0 {
		last := t[len(t)-1].text
		if strings.Trim(last, "0") != "" && mavenRank(last) != mavenRank("") {
			break
		}
		t = t[:len(t)-1]
	}
	return t
}

// mavenRank orders qualifiers; unknown ones come last and by name.
func mavenRank(s string) int {
	switch s {
	case "alpha":
		return 0
	case "beta":
		return 1
	case "milestone":
		return 2
	case "rc", "cr":
		return 3
	case "snapshot":
		return 4
	case "", "final", "ga", "release":
		return 5
	case "sp":
		return 6
	}
	return 7
}

func mavenCompare(a, b mavenToken) int {
	an, bn := a.text != "" && digit(a.text[0]), b.text != "" && digit(b.text[0])
	switch {
	case an && bn && a.dash == b.dash:
		return number(a.text, b.text)
	case an && bn: // -1 is before .1
		return truth(b.dash, a.dash)
	case an != bn:
		return truth(an, bn)
	}
	c := cmp.Compare(mavenRank(a.text), mavenRank(b.text))
	if c == 0 && mavenRank(a.text) == 7 {
		c = strings.Compare(a.text, b.text)
	}
	return c
}
