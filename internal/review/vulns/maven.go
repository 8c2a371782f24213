package vulns

import (
	"cmp"
	"strings"
)

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
