package vulns

import (
	"math"
	"strings"
)

// cvss3 is the base score of a CVSS 3.0 or 3.1 vector, by the equations of its
// specification (section 7.1).
func cvss3(vector string) (float64, bool) {
	if !strings.HasPrefix(vector, "CVSS:3.") {
		return 0, false
	}
	m := map[string]string{}
	for part := range strings.SplitSeq(vector, "/") {
		name, value, _ := strings.Cut(part, ":")
		m[name] = value
	}
	changed := m["S"] == "C"
	privileges := map[string]float64{"N": 0.85, "L": 0.62, "H": 0.27}
	if changed {
		privileges = map[string]float64{"N": 0.85, "L": 0.68, "H": 0.5}
	}
	impacts := map[string]float64{"H": 0.56, "L": 0.22, "N": 0}
	known := true
	of := func(name string, table map[string]float64) float64 {
		v, ok := table[m[name]]
		known = known && ok
		return v
	}
	exploitability := 8.22 * of("AV", map[string]float64{"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2}) *
		of("AC", map[string]float64{"L": 0.77, "H": 0.44}) * of("PR", privileges) * of("UI", map[string]float64{"N": 0.85, "R": 0.62})
	iss := 1 - (1-of("C", impacts))*(1-of("I", impacts))*(1-of("A", impacts))
	if !known || m["S"] != "U" && m["S"] != "C" {
		return 0, false
	}
	impact := 6.42 * iss
	if changed {
		impact = 7.52*(iss-0.029) - 3.25*math.Pow(iss-0.02, 15)
	}
	if impact <= 0 {
		return 0, true
	}
	score := impact + exploitability
	if changed {
		score *= 1.08
	}
	return roundUp(math.Min(score, 10)), true
}

// roundUp is the specification's, safe against what binary fractions do.
func roundUp(score float64) float64 {
	n := int(math.Round(score * 100_000))
	if n%10_000 == 0 {
		return float64(n) / 100_000
	}
	return float64(n/10_000+1) / 10
}
