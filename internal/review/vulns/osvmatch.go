package vulns

import (
	"errors"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/review/inventory"
)

// against asks one record about one package.
func (r *osvRecord) against(a *osvAffected, i *item) {
	affected, fixed, err := a.affects(i.pkg.Type, i.version())
	switch {
	case err != nil:
		i.odd++
	case affected:
		i.hits = append(i.hits, hit{id: r.name(), fixed: fixed, severity: r.severity(a)})
	}
}

// name is the CVE if the record is of exactly one, else the record's own.
func (r *osvRecord) name() string {
	var cve []string
	for _, id := range slices.Concat([]string{r.ID}, r.Aliases, r.Upstream) {
		if strings.HasPrefix(id, "CVE-") && !slices.Contains(cve, id) {
			cve = append(cve, id)
		}
	}
	if len(cve) == 1 {
		return cve[0]
	}
	return r.ID
}

// affects evaluates versions and ranges as the OSV schema says. Ranges of commits
// say nothing of a version.
func (a *osvAffected) affects(kind, version string) (affected bool, fixed string, err error) {
	for _, v := range a.Versions {
		if v == version || kind == inventory.Go && strings.TrimPrefix(v, "v") == strings.TrimPrefix(version, "v") {
			affected = true
		}
	}
	for _, r := range a.Ranges {
		if r.Type == "GIT" {
			continue
		}
		in, mended, e := r.has(kind, version)
		err = errors.Join(err, e)
		if in {
			affected = true
		}
		if (in || affected) && fixed == "" {
			fixed = mended
		}
	}
	if affected {
		err = nil
	}
	return affected, fixed, err
}

// has walks a range's events in the order of versions; fixed is the next version
// that mends.
func (r *osvRange) has(kind, version string) (in bool, fixed string, err error) {
	type event struct{ what, at string }
	var events []event
	for _, e := range r.Events {
		for _, what := range []string{"introduced", "fixed", "last_affected"} {
			if at, ok := e[what]; ok {
				events = append(events, event{what, at})
			}
		}
	}
	order := func(x, y string) int {
		if x == "0" || y == "0" { // before every version
			return truth(x != "0", y != "0")
		}
		c, e := compare(kind, x, y)
		err = errors.Join(err, e)
		return c
	}
	slices.SortStableFunc(events, func(x, y event) int { return order(x.at, y.at) })
	for _, e := range events {
		c := order(version, e.at)
		switch {
		case e.what == "introduced" && c >= 0:
			in = true
		case e.what == "fixed" && c >= 0, e.what == "last_affected" && c > 0:
			in = false
		case e.what == "fixed" && fixed == "":
			fixed = e.at
		}
	}
	if err != nil {
		return false, "", err
	}
	return in, fixed, nil
}

// severity is the first of what the record, its database and its ecosystem say.
func (r *osvRecord) severity(a *osvAffected) string {
	for _, said := range []any{r.DatabaseSpecific.Severity, a.DatabaseSpecific.Severity, a.EcosystemSpecific.Severity, a.EcosystemSpecific.Urgency} {
		if s, ok := said.(string); ok {
			if known := rated(s); known != "" {
				return known
			}
		}
	}
	for _, s := range append(a.Severity, r.Severity...) {
		if score, ok := cvss3(s.Score); ok {
			return ratedScore(score)
		}
		if known := rated(s.Score); known != "" {
			return known
		}
	}
	return ""
}

// rated is a severity in the scan's words.
func rated(s string) string {
	switch strings.ToLower(s) {
	case "critical":
		return "critical"
	case "high", "important":
		return "high"
	case "medium", "moderate":
		return "medium"
	case "low", "negligible", "unimportant", "none":
		return "low"
	}
	return ""
}

// ratedScore is a CVSS score's severity.
func ratedScore(score float64) string {
	switch {
	case score >= 9:
		return "critical"
	case score >= 7:
		return "high"
	case score >= 4:
		return "medium"
	}
	return "low"
}
