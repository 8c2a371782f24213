// Package evidence takes the results of other tools into the review: what they
// found stands beside the review's own findings, in their words.
package evidence

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

// maxSaid bounds what a tool may say about one thing.
const maxSaid = 400

// Read reads one result file: JSON of Trivy, Grype, hadolint or Dockle, or SARIF
// of any tool. Each kind of finding becomes a result of a rule EXT-TOOL-ID that
// only this report has; a tool that found nothing becomes a pass.
func Read(file string, text []byte) ([]review.Result, error) {
	text = []byte(strings.TrimPrefix(string(text), "\ufeff"))
	var whole any
	if err := json.Unmarshal(text, &whole); err != nil {
		return nil, fmt.Errorf("%s: no JSON: %w", file, err)
	}
	read, err := format(file, whole)
	if err != nil {
		return nil, err
	}
	r := &report{file: file, byID: map[string]*review.Result{}}
	if err := read(r, text); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r.results(), nil
}

// format tells by its form which tool wrote a file.
func format(file string, whole any) (func(*report, []byte) error, error) {
	switch v := whole.(type) {
	case []any:
		if len(v) == 0 && strings.Contains(strings.ToLower(path.Base(file)), "hadolint") {
			return readHadolint, nil
		}
		if len(v) > 0 {
			if first, ok := v[0].(map[string]any); ok && has(first, "code", "level", "line", "message") {
				return readHadolint, nil
			}
		}
		if len(v) == 0 {
			return nil, fmt.Errorf("%s: an empty list: name the file hadolint.json if that is what it is of", file)
		}
	case map[string]any:
		switch {
		case has(v, "runs") && (has(v, "version") || has(v, "$schema")):
			return readSARIF, nil
		case has(v, "SchemaVersion", "ArtifactName"):
			return readTrivy, nil
		case has(v, "matches", "descriptor"):
			return readGrype, nil
		case has(v, "summary", "details"):
			return readDockle, nil
		}
	}
	return nil, fmt.Errorf("%s: the form is not known; evidence is JSON of Trivy, Grype, hadolint or Dockle, or SARIF", file)
}

func has(v map[string]any, names ...string) bool {
	for _, name := range names {
		if _, ok := v[name]; !ok {
			return false
		}
	}
	return true
}

// report gathers a file's findings by rule, in the order they stand.
type report struct {
	file  string
	tool  string // as it names itself
	of    string // what it looked at
	order []string
	byID  map[string]*review.Result
}

// finding is one thing a tool says.
type finding struct {
	id       string // the tool's own
	title    string
	why      string
	todo     string
	severity review.Severity
	pillar   review.Pillar
	outcome  review.Status
	at       review.Place
	said     string
}

func (r *report) add(f finding) {
	id := "EXT-" + strings.ToUpper(clean(r.tool)) + "-" + clean(f.id)
	have := r.byID[id]
	if have == nil {
		title := first(f.title, f.id)
		have = &review.Result{Severity: f.severity, Status: review.Pass, Rule: &review.Rule{ID: id, Title: same(r.tool + ": " + title),
			Why: same(first(f.why, title)), Todo: same(first(f.todo, "see what "+r.tool+" says about "+f.id)),
			Pillar: f.pillar, Severity: f.severity, Sources: []string{r.tool}}}
		r.byID[id] = have
		r.order = append(r.order, id)
	}
	have.Severity = max(have.Severity, f.severity)
	have.Rule.Severity = have.Severity
	o := review.Outcome{Status: f.outcome, Place: f.at, Observed: same(first(f.said, f.title, f.id))}
	if f.outcome != review.Pass {
		o.Todo = same(f.todo)
	}
	have.Outcomes = append(have.Outcomes, o)
	if f.outcome == review.Fail || f.outcome == review.NotExamined && have.Status == review.Pass {
		have.Status = f.outcome
	}
}

// results lists what was found; of nothing found, that.
func (r *report) results() (out []review.Result) {
	for _, id := range r.order {
		out = append(out, *r.byID[id])
	}
	if len(out) > 0 {
		return out
	}
	said := review.Say("%s found nothing", "%s の検出なし", r.tool)
	if r.of != "" {
		said = review.Say("%s found nothing in %s", "%s は %s に何も検出しなかった", r.tool, r.of)
	}
	return []review.Result{{Status: review.Pass, Severity: review.Info, Rule: &review.Rule{ID: "EXT-" + strings.ToUpper(clean(r.tool)), Title: same(r.tool),
		Why: same("evidence of another tool"), Todo: same("nothing to do"), Pillar: review.Security, Sources: []string{r.tool}},
		Outcomes: []review.Outcome{{Status: review.Pass, Place: review.Place{File: r.file}, Observed: said}}}}
}

// same is a tool's own text: it has one language.
func same(s string) review.Text {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	if runes := []rune(s); len(runes) > maxSaid {
		s = string(runes[:maxSaid]) + "…"
	}
	return review.Text{EN: s, JA: s}
}

// clean makes an id of what a tool writes: letters, digits, dot, dash and
// underscore.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '.', r == '_', r == '-':
			return r
		}
		return '-'
	}, strings.TrimSpace(s))
	return first(strings.Trim(s[:min(len(s), 100)], "-"), "UNNAMED")
}

func first(of ...string) string {
	for _, s := range of {
		if s != "" {
			return s
		}
	}
	return ""
}

// rated maps the words that scanners use.
func rated(word string) review.Severity {
	switch strings.ToUpper(word) {
	case "CRITICAL", "HIGH", "FATAL":
		return review.High
	case "MEDIUM", "WARN":
		return review.Medium
	case "LOW":
		return review.Low
	}
	return review.Info
}
