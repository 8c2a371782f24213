package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

// The part of SARIF 2.1.0 that a review has to say.
type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool        sarifTool         `json:"tool"`
	Invocations []sarifInvocation `json:"invocations"`
	ColumnKind  string            `json:"columnKind"`
	Results     []sarifResult     `json:"results"`
	Properties  map[string]any    `json:"properties"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name    string      `json:"name"`
	Version string      `json:"version,omitempty"`
	URI     string      `json:"informationUri"`
	Rules   []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID         string         `json:"id"`
	Short      sarifText      `json:"shortDescription"`
	Full       sarifText      `json:"fullDescription"`
	Help       sarifText      `json:"help"`
	HelpURI    string         `json:"helpUri,omitempty"`
	Default    sarifLevel     `json:"defaultConfiguration"`
	Properties map[string]any `json:"properties"`
}

type sarifText struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type sarifLevel struct {
	Level string `json:"level"`
}

type sarifInvocation struct {
	OK  bool   `json:"executionSuccessful"`
	End string `json:"endTimeUtc"`
}

type sarifResult struct {
	RuleID       string             `json:"ruleId"`
	RuleIndex    int                `json:"ruleIndex"`
	Kind         string             `json:"kind"`
	Level        string             `json:"level"`
	Message      sarifText          `json:"message"`
	Locations    []sarifLocation    `json:"locations"`
	Fingerprints map[string]string  `json:"partialFingerprints"`
	Suppressions []sarifSuppression `json:"suppressions"`
}

type sarifLocation struct {
	Physical sarifPhysical  `json:"physicalLocation"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   sarifRegion   `json:"region"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	Line int `json:"startLine"`
	Col  int `json:"startColumn,omitempty"`
}

type sarifLogical struct {
	Name string `json:"fullyQualifiedName"`
	Kind string `json:"kind"`
}

type sarifSuppression struct {
	Kind   string `json:"kind"`
	Status string `json:"status"`
	Reason string `json:"justification"`
}

// level is SARIF's word for a severity.
func level(s review.Severity) string {
	return map[review.Severity]string{review.High: "error", review.Medium: "warning", review.Low: "note", review.Info: "note"}[s]
}

// writeSARIF writes a result per failure and per gap; passes too, if verbose. A
// gap is of kind open, and as the standard wants it, of level none.
func writeSARIF(w io.Writer, r *review.Report, opt Options) error {
	run := sarifRun{
		Tool:        sarifTool{sarifDriver{Name: "hatoba review", Version: r.Version, URI: "https://github.com/hatoba/hatoba", Rules: []sarifRule{}}},
		Invocations: []sarifInvocation{{OK: true, End: r.At.UTC().Format("2006-01-02T15:04:05Z")}},
		ColumnKind:  "unicodeCodePoints",
		Results:     []sarifResult{},
		Properties:  map[string]any{"verdict": r.Verdict},
	}
	seen := map[string]int{}
	for i, res := range r.Results {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRuleOf(res, opt.Lang))
		for _, o := range res.Outcomes {
			if o.Status == review.Pass && !opt.Verbose {
				continue
			}
			s := sarifResultOf(r, res, o, opt)
			s.RuleIndex = i
			print := fingerprint(res.Rule.ID, s.Locations[0].Physical.Artifact.URI, o.Observed.EN)
			seen[print]++
			s.Fingerprints = map[string]string{"hatobaReview/v1": fmt.Sprintf("%s:%d", print, seen[print])}
			run.Results = append(run.Results, s)
		}
	}
	return indented(w, sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}})
}

// fingerprint leaves the line out: a finding stays the same when it moves.
func fingerprint(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

func sarifRuleOf(res review.Result, lang review.Lang) sarifRule {
	r := res.Rule
	tags := []string{"well-architected/" + string(r.Pillar)}
	for _, f := range r.Factors {
		tags = append(tags, "twelve-factor/"+f.Roman())
	}
	properties := map[string]any{"tags": tags, "precision": "high"}
	if r.Pillar == review.Security {
		tags = append(tags, "security")
		properties["tags"] = tags
		properties["security-severity"] = map[review.Severity]string{review.High: "8.0", review.Medium: "5.5", review.Low: "3.0", review.Info: "1.0"}[res.Severity]
	}
	help := strings.TrimSpace(r.Why.In(lang) + "\n\n" + r.Todo.In(lang))
	if help == "" {
		help = r.Title.In(lang)
	}
	full := r.Why.In(lang)
	if full == "" {
		full = r.Title.In(lang)
	}
	markdown := markdownText(help)
	if page := r.Page(); page != "" {
		markdown += "\n\n[" + r.ID + "](" + page + ")"
	}
	return sarifRule{ID: r.ID, Short: sarifText{Text: r.Title.In(lang)}, Full: sarifText{Text: full},
		Help: sarifText{Text: help, Markdown: markdown}, HelpURI: r.Page(),
		Default: sarifLevel{level(res.Severity)}, Properties: properties}
}

func sarifResultOf(r *review.Report, res review.Result, o review.Outcome, opt Options) sarifResult {
	s := sarifResult{RuleID: res.Rule.ID, Kind: "fail", Level: level(res.Severity), Suppressions: []sarifSuppression{}}
	text := o.Observed.In(opt.Lang)
	switch o.Status {
	case review.Pass:
		s.Kind, s.Level = "pass", "none"
	case review.NotExamined:
		s.Kind, s.Level = "open", "none"
		text = word("unexamined", opt.Lang) + ": " + text
	}
	if how := todo(res, o).In(opt.Lang); how != "" && o.Status != review.Pass {
		text += "\n→ " + how
	}
	at, file := locate(r, o.Place)
	location := sarifLocation{Physical: sarifPhysical{Artifact: sarifArtifact{uri(at.File, opt.Dir)}, Region: sarifRegion{max(at.Line, 1), at.Col}}}
	if !file && o.Place.File != "" {
		location.Logical = []sarifLogical{{Name: o.Place.String(), Kind: "resource"}}
		text = o.Place.String() + ": " + text
	}
	s.Message, s.Locations = sarifText{Text: text}, []sarifLocation{location}
	if o.Waived != nil {
		s.Suppressions = append(s.Suppressions, sarifSuppression{"external", "accepted", waivedUntil(o.Waived, opt.Lang)})
	}
	return s
}
