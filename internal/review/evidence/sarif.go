package evidence

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

// sarifRule is a reportingDescriptor.
type sarifRule struct {
	ID                                      string
	Name                                    string
	ShortDescription, FullDescription, Help sarifText
	HelpURI                                 string
	DefaultConfiguration                    struct{ Level string }
	Properties                              map[string]any
}

type sarifText struct{ Text string }

type sarifResult struct {
	RuleID    string
	RuleIndex *int
	Rule      struct {
		ID    string
		Index *int
	}
	Kind, Level, BaselineState string
	Message                    struct {
		Text, ID  string
		Arguments []string
	}
	Properties map[string]any
	Locations  []struct {
		PhysicalLocation struct {
			ArtifactLocation struct{ URI string }
			Region           struct{ StartLine, StartColumn int }
		}
	}
	Suppressions []struct{ Status, Justification string }
}

// readSARIF reads SARIF 2.1.0. What was suppressed, or is absent now, is told
// and does not fail.
func readSARIF(r *report, text []byte) error {
	var log struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name  string
					Rules []sarifRule
				}
			}
			Invocations []struct{ ExecutionSuccessful *bool }
			Results     []sarifResult
		}
	}
	if err := json.Unmarshal(text, &log); err != nil {
		return err
	}
	if !strings.HasPrefix(log.Version, "2.1") {
		return fmt.Errorf("SARIF %q is not known; 2.1.0 is", log.Version)
	}
	for _, run := range log.Runs {
		r.tool = first(strings.TrimSpace(run.Tool.Driver.Name), "SARIF")
		for _, i := range run.Invocations {
			if i.ExecutionSuccessful != nil && !*i.ExecutionSuccessful {
				r.add(finding{id: "RUN", title: "the tool did not finish", said: r.tool + " says that its run did not succeed: what it did not find is not known",
					todo: "run it again", severity: review.Medium, pillar: review.Security, outcome: review.NotExamined, at: review.Place{File: r.file}})
			}
		}
		for i := range run.Results {
			r.addSARIF(&run.Results[i], run.Tool.Driver.Rules)
		}
	}
	if len(log.Runs) == 0 {
		return fmt.Errorf("SARIF without runs: no tool ran")
	}
	return nil
}

func (r *report) addSARIF(s *sarifResult, rules []sarifRule) {
	rule := s.rule(rules)
	id := first(s.RuleID, s.Rule.ID, rule.ID, "UNNAMED")
	status := review.Fail
	said := first(s.Message.Text, rule.ShortDescription.Text, id)
	for n, argument := range s.Message.Arguments {
		said = strings.ReplaceAll(said, "{"+strconv.Itoa(n)+"}", argument)
	}
	switch s.Kind {
	case "pass", "notApplicable", "informational":
		status = review.Pass
	case "open", "review":
		status = review.NotExamined
	}
	if s.BaselineState == "absent" {
		status = review.Pass
	}
	for _, x := range s.Suppressions {
		if x.Status == "" || x.Status == "accepted" {
			status, said = review.Pass, said+" (suppressed: "+first(x.Justification, "no reason given")+")"
			break
		}
	}
	at := review.Place{File: r.file}
	if len(s.Locations) > 0 {
		if p := s.Locations[0].PhysicalLocation; p.ArtifactLocation.URI != "" {
			at = review.Place{File: fileOf(p.ArtifactLocation.URI), Line: max(p.Region.StartLine, 0), Col: max(p.Region.StartColumn, 0)}
		}
	}
	r.add(finding{id: id, title: first(rule.ShortDescription.Text, rule.Name, id), why: first(rule.FullDescription.Text, rule.ShortDescription.Text),
		todo: first(rule.HelpURI, rule.Help.Text), said: said, severity: s.severity(rule), pillar: review.Security, outcome: status, at: at})
}

// rule is the descriptor of a result; an empty one if there is none.
func (s *sarifResult) rule(rules []sarifRule) *sarifRule {
	for _, index := range []*int{s.RuleIndex, s.Rule.Index} {
		if index != nil && *index >= 0 && *index < len(rules) {
			return &rules[*index]
		}
	}
	for i := range rules {
		if rules[i].ID == first(s.RuleID, s.Rule.ID) {
			return &rules[i]
		}
	}
	return &sarifRule{}
}

// severity is by the score that security tools add, else by the level, which is
// "warning" where nothing is said.
func (s *sarifResult) severity(rule *sarifRule) review.Severity {
	for _, properties := range []map[string]any{s.Properties, rule.Properties} {
		if score, err := strconv.ParseFloat(fmt.Sprint(properties["security-severity"]), 64); err == nil {
			switch {
			case score >= 7:
				return review.High
			case score >= 4:
				return review.Medium
			case score > 0:
				return review.Low
			}
			return review.Info
		}
	}
	switch first(s.Level, rule.DefaultConfiguration.Level, "warning") {
	case "error":
		return review.High
	case "warning":
		return review.Medium
	case "note":
		return review.Low
	}
	return review.Info
}

// fileOf is a file's name out of a URI; of relative ones they stay as they are.
func fileOf(uri string) string {
	if u, err := url.Parse(uri); err == nil && u.Path != "" && (u.Scheme == "" || u.Scheme == "file") {
		return u.Path
	}
	return uri
}
