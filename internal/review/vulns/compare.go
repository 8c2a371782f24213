package vulns

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/hatoba/hatoba/internal/review/inventory"
)

// compare orders two versions as their ecosystem does.
func compare(kind, a, b string) (int, error) {
	switch kind {
	case inventory.Deb:
		return debian(a, b), nil
	case inventory.RPM:
		return rpm(a, b), nil
	case inventory.APK:
		return both(a, b, parseAPK, apkVersion.compare)
	case inventory.PyPI:
		return both(a, b, parsePython, python.compare)
	case inventory.Maven:
		return maven(a, b), nil
	case inventory.Gem:
		return gem(a, b), nil
	}
	return both(a, b, parseSemver, semver.compare)
}

func both[T any](a, b string, parse func(string) (T, bool), compare func(T, T) int) (int, error) {
	x, ok := parse(a)
	if !ok {
		return 0, fmt.Errorf("%q is no version", a)
	}
	y, ok := parse(b)
	if !ok {
		return 0, fmt.Errorf("%q is no version", b)
	}
	return compare(x, y), nil
}

// number compares two runs of digits of any length.
func number(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

func digit(c byte) bool  { return '0' <= c && c <= '9' }
func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// span splits off the leading bytes that are of a class.
func span(s string, of func(byte) bool) (in, rest string) {
	i := 0
	for i < len(s) && of(s[i]) {
		i++
	}
	return s[:i], s[i:]
}

// semver is a version of npm, Go, Cargo and Composer: numbers, as many as there
// are, and a pre-release.
type semver struct{ numbers, pre []string }

func parseSemver(s string) (v semver, ok bool) {
	s = strings.TrimPrefix(strings.TrimSpace(s), "v")
	s, _, _ = strings.Cut(s, "+")
	core, pre, _ := strings.Cut(s, "-")
	for n := range strings.SplitSeq(core, ".") {
		in, rest := span(n, digit)
		if in == "" {
			return v, false
		}
		v.numbers = append(v.numbers, in)
		if rest != "" { // 1.22rc1, as Go itself has it
			pre = rest
			break
		}
	}
	if pre != "" {
		v.pre = strings.Split(pre, ".")
	}
	return v, true
}

func (v semver) compare(w semver) int {
	if c := numbers(v.numbers, w.numbers); c != 0 {
		return c
	}
	switch {
	case len(v.pre) == 0 || len(w.pre) == 0:
		return cmp.Compare(min(len(w.pre), 1), min(len(v.pre), 1))
	}
	for i := range min(len(v.pre), len(w.pre)) {
		a, b := v.pre[i], w.pre[i]
		_, aRest := span(a, digit)
		_, bRest := span(b, digit)
		c := strings.Compare(a, b)
		switch {
		case aRest == "" && bRest == "":
			c = number(a, b)
		case aRest == "":
			c = -1
		case bRest == "":
			c = 1
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(len(v.pre), len(w.pre))
}

// numbers compares lists of numbers; what is missing is 0.
func numbers(a, b []string) int {
	for i := range max(len(a), len(b)) {
		x, y := "", ""
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if c := number(x, y); c != 0 {
			return c
		}
	}
	return 0
}

// gem compares RubyGems versions: a segment with letters is a pre-release.
func gem(a, b string) int {
	x, y := gemSegments(a), gemSegments(b)
	for i := range max(len(x), len(y)) {
		s, t := "0", "0"
		if i < len(x) {
			s = x[i]
		}
		if i < len(y) {
			t = y[i]
		}
		c := 0
		switch sn, tn := digit(s[0]), digit(t[0]); {
		case sn && tn:
			c = number(s, t)
		case sn:
			c = 1
		case tn:
			c = -1
		default:
			c = strings.Compare(s, t)
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

func gemSegments(s string) (out []string) {
	s = strings.ReplaceAll(s, "-", ".pre.")
	for s != "" {
		in, rest := span(s, digit)
		if in == "" {
			in, rest = span(s, letter)
		}
		if in == "" {
			s = s[1:]
			continue
		}
		out, s = append(out, in), rest
	}
	return out
}
