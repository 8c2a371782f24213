package vulns

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// debian compares as dpkg does: epoch, upstream version, revision.
func debian(a, b string) int {
	ae, au, ar := debianParts(a)
	be, bu, br := debianParts(b)
	return cmp.Or(number(ae, be), debianPart(au, bu), debianPart(ar, br))
}

func debianParts(s string) (epoch, upstream, revision string) {
	epoch, rest, ok := strings.Cut(strings.TrimSpace(s), ":")
	if !ok {
		epoch, rest = "0", epoch
	}
	if i := strings.LastIndexByte(rest, '-'); i >= 0 {
		return epoch, rest[:i], rest[i+1:]
	}
	return epoch, rest, ""
}

// debianPart compares runs of other things and runs of digits in turn. A tilde
// is before the end, letters are before everything else.
func debianPart(a, b string) int {
	for a != "" || b != "" {
		var x, y string
		x, a = span(a, func(c byte) bool { return !digit(c) })
		y, b = span(b, func(c byte) bool { return !digit(c) })
		for i := range max(len(x), len(y)) {
			if c := cmp.Compare(debianRank(x, i), debianRank(y, i)); c != 0 {
				return c
			}
		}
		x, a = span(a, digit)
		y, b = span(b, digit)
		if c := number(x, y); c != 0 {
			return c
		}
	}
	return 0
}

func debianRank(s string, i int) int {
	switch {
	case i >= len(s):
		return 0
	case s[i] == '~':
		return -1
	case letter(s[i]):
		return int(s[i])
	}
	return int(s[i]) + 256
}

// rpm compares EPOCH:VERSION-RELEASE. A release that one of them does not name
// is not compared.
func rpm(a, b string) int {
	ae, av, ar := debianParts(a)
	be, bv, br := debianParts(b)
	c := cmp.Or(number(ae, be), rpmPart(av, bv))
	if c != 0 || ar == "" || br == "" {
		return c
	}
	return rpmPart(ar, br)
}

// rpmPart compares runs of digits and of letters; what stands between does not
// count. A tilde is before the end, a caret after it.
func rpmPart(a, b string) int {
	other := func(c byte) bool { return !digit(c) && !letter(c) && c != '~' && c != '^' }
	for {
		_, a = span(a, other)
		_, b = span(b, other)
		mark := rpmMark(a) + rpmMark(b)
		switch {
		case mark == "~~", mark == "^^":
			a, b = a[1:], b[1:]
			continue
		case rpmMark(a) == "~", rpmMark(b) == "~":
			return truth(rpmMark(b) == "~", rpmMark(a) == "~")
		case mark == "^" && (a == "" || b == ""):
			return truth(b == "", a == "")
		case mark == "^":
			return truth(rpmMark(b) == "^", rpmMark(a) == "^")
		case a == "" || b == "":
			return truth(b == "", a == "")
		}
		if digit(a[0]) != digit(b[0]) { // numbers are newer than letters
			return truth(digit(a[0]), digit(b[0]))
		}
		var x, y string
		if digit(a[0]) {
			x, a = span(a, digit)
			y, b = span(b, digit)
			if c := number(x, y); c != 0 {
				return c
			}
			continue
		}
		x, a = span(a, letter)
		y, b = span(b, letter)
		if c := strings.Compare(x, y); c != 0 {
			return c
		}
	}
}

// rpmMark is the tilde or caret that a part starts with.
func rpmMark(s string) string {
	if s != "" && (s[0] == '~' || s[0] == '^') {
		return s[:1]
	}
	return ""
}

// apkVersion is a version of Alpine's: 1.2.3a_rc1-r4.
type apkVersion struct {
	numbers  []string
	letter   string
	suffixes []apkSuffix
	release  string
}

type apkSuffix struct {
	rank   int
	number string
}

var (
	apkForm = regexp.MustCompile(`^(\d+(?:\.\d+)*)([a-z]?)((?:_[a-z]+\d*)*)(?:~[0-9a-f]+)?(?:-r(\d+))?$`)
	apkPart = regexp.MustCompile(`_([a-z]+)(\d*)`)
	// apkRanks orders suffixes; the empty one is no suffix.
	apkRanks = []string{"alpha", "beta", "pre", "rc", "", "cvs", "svn", "git", "hg", "p"}
)

func parseAPK(s string) (v apkVersion, ok bool) {
	m := apkForm.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return v, false
	}
	v = apkVersion{numbers: strings.Split(m[1], "."), letter: m[2], release: m[4]}
	for _, p := range apkPart.FindAllStringSubmatch(m[3], -1) {
		rank := slices.Index(apkRanks, p[1])
		if rank < 0 {
			return v, false
		}
		v.suffixes = append(v.suffixes, apkSuffix{rank, p[2]})
	}
	return v, true
}

func (v apkVersion) compare(w apkVersion) int {
	for i := range min(len(v.numbers), len(w.numbers)) {
		x, y := v.numbers[i], w.numbers[i]
		c := number(x, y)
		if i > 0 && (x[0] == '0' || y[0] == '0') { // a fraction: 1.05 is before 1.1
			c = strings.Compare(x, y)
		}
		if c != 0 {
			return c
		}
	}
	if c := cmp.Or(cmp.Compare(len(v.numbers), len(w.numbers)), strings.Compare(v.letter, w.letter)); c != 0 {
		return c
	}
	none := apkSuffix{rank: slices.Index(apkRanks, "")}
	for i := range max(len(v.suffixes), len(w.suffixes)) {
		x, y := none, none
		if i < len(v.suffixes) {
			x = v.suffixes[i]
		}
		if i < len(w.suffixes) {
			y = w.suffixes[i]
		}
		if c := cmp.Or(cmp.Compare(x.rank, y.rank), number(x.number, y.number)); c != 0 {
			return c
		}
	}
	return number(v.release, w.release)
}
