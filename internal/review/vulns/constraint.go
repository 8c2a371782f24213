package vulns

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/review/inventory"
)

// affects reports whether an advisory of Trivy's is of the item's version, and
// what mends it.
func (a *trivyAdvisory) affects(i *item) (affected bool, fixed string, err error) {
	kind, version := i.pkg.Type, i.version()
	if inventory.OS(kind) {
		if a.AffectedVersion != "" { // the first that has it
			c, err := compare(kind, version, a.AffectedVersion)
			if err != nil || c < 0 {
				return false, "", err
			}
		}
		if a.FixedVersion == "" {
			return true, "", nil
		}
		c, err := compare(kind, version, a.FixedVersion)
		return err == nil && c < 0, a.FixedVersion, err
	}
	if len(a.VulnerableVersions) > 0 {
		in, err := satisfies(kind, version, a.VulnerableVersions)
		if err != nil || !in {
			return false, "", err
		}
	}
	secure := slices.DeleteFunc(slices.Concat(a.PatchedVersions, a.UnaffectedVersions), func(s string) bool { return s == "" })
	if len(secure) > 0 {
		in, err := satisfies(kind, version, secure)
		if err != nil || in {
			return false, "", err
		}
	}
	if len(a.VulnerableVersions) == 0 && len(secure) == 0 {
		return false, "", nil
	}
	return true, a.mends(), nil
}

// mends lists the versions that mend: those named, or the ends of the vulnerable
// ranges.
func (a *trivyAdvisory) mends() string {
	if len(a.PatchedVersions) > 0 {
		return strings.Join(a.PatchedVersions, ", ")
	}
	var out []string
	for _, alternative := range a.VulnerableVersions {
		for _, t := range terms(alternative) {
			if t.op == "<" {
				out = append(out, t.version)
			}
		}
	}
	return strings.Join(out, ", ")
}

// term is an operator and a version.
type term struct{ op, version string }

// terms splits ">=1.0.0, <1.2.3" and ">= 1.0.0 < 1.2.3".
func terms(constraint string) (out []term) {
	op := ""
	for _, word := range strings.FieldsFunc(constraint, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' }) {
		sign, version := span(word, func(c byte) bool { return strings.IndexByte("<>=!~^", c) >= 0 })
		op += sign
		if version == "" {
			continue
		}
		out = append(out, term{op, version})
		op = ""
	}
	return out
}

// satisfies reports whether a version is in one of several constraints.
func satisfies(kind, version string, either []string) (bool, error) {
	for _, constraints := range either {
		for alternative := range strings.SplitSeq(constraints, "||") {
			in, err := satisfiesAll(kind, version, terms(alternative))
			if err != nil || in {
				return in, err
			}
		}
	}
	return false, nil
}

func satisfiesAll(kind, version string, all []term) (bool, error) {
	for _, t := range all {
		if t.version == "*" {
			continue
		}
		if strings.HasSuffix(t.version, ".*") || strings.HasSuffix(t.version, ".x") {
			return false, fmt.Errorf("%s%s is not understood", t.op, t.version)
		}
		c, err := compare(kind, version, t.version)
		if err != nil {
			return false, err
		}
		ok := false
		switch t.op {
		case "", "=", "==":
			ok = c == 0
		case "!=":
			ok = c != 0
		case "<":
			ok = c < 0
		case "<=":
			ok = c <= 0
		case ">":
			ok = c > 0
		case ">=":
			ok = c >= 0
		case "~>", "~", "^", "~=":
			below, err := compare(kind, version, ceiling(t))
			if err != nil {
				return false, err
			}
			ok = c >= 0 && below < 0
		default:
			return false, fmt.Errorf("no operator %s", t.op)
		}
		if !ok {
			return false, nil
		}
	}
	return true, nil
}

// ceiling is the first version that ~>1.2.3 (below 1.3), ~1.2.3 (the same) and
// ^1.2.3 (below 2, and ^0.1.2 below 0.2) leave out.
func ceiling(t term) string {
	core, _, _ := strings.Cut(t.version, "-")
	part := strings.Split(core, ".")
	at := max(len(part)-2, 0)
	switch t.op {
	case "~":
		at = min(1, len(part)-1)
	case "^":
		at = 0
		for at < len(part)-1 && part[at] == "0" {
			at++
		}
	}
	return strings.Join(append(part[:at:at], increment(part[at])), ".")
}

// increment adds one to a number; what is none stays, and then nothing is below.
func increment(s string) string {
	n := 0
	if _, err := fmt.Sscanf(s, "%d", &n); err != nil {
		return s
	}
	return fmt.Sprint(n + 1)
}
