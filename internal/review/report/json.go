package report

import (
	"encoding/json"
	"io"
	"time"

	"github.com/hatoba/hatoba/internal/review"
)

// Schema names the shape of the JSON report, which docs/review-report.md
// describes. Members may be added to it; one that changes its meaning or goes
// makes it hatoba-review/2.
const Schema = "hatoba-review/1"

type jsonReport struct {
	Schema  string         `json:"schema"`
	Version string         `json:"version"`
	At      time.Time      `json:"at"`
	Verdict review.Verdict `json:"verdict"`
	FailOn  string         `json:"failOn"`
	Count   jsonCount      `json:"count"`
	Scope   []review.Part  `json:"scope"`
	Inputs  []jsonInput    `json:"inputs"`
	Results []jsonResult   `json:"results"`
	Notes   []jsonNote     `json:"notes"`
}

type jsonCount struct {
	Pass        int `json:"pass"`
	Fail        int `json:"fail"`
	NotExamined int `json:"notExamined"`
	Waived      int `json:"waived"`
}

type jsonInput struct {
	Part review.Part `json:"part"`
	Name string      `json:"name,omitempty"`
	Read bool        `json:"read"`
	Why  review.Text `json:"why,omitzero"`
	How  review.Text `json:"how,omitzero"`
}

type jsonResult struct {
	Rule     string          `json:"rule"`
	Status   review.Status   `json:"status"`
	Severity string          `json:"severity"`
	Pillar   review.Pillar   `json:"pillar"`
	Factors  []review.Factor `json:"factors"`
	Title    review.Text     `json:"title"`
	Todo     review.Text     `json:"todo,omitzero"`
	Page     string          `json:"page,omitempty"`
	Waiver   *jsonWaiver     `json:"waiver,omitempty"`
	Outcomes []jsonOutcome   `json:"outcomes"`
}

type jsonOutcome struct {
	review.Outcome
	Waiver *jsonWaiver `json:"waiver,omitempty"`
}

type jsonWaiver struct {
	Reason string `json:"reason"`
	Owner  string `json:"owner"`
	Until  string `json:"until"`
	Scope  string `json:"scope,omitempty"`
}

type jsonNote struct {
	Title review.Text   `json:"title"`
	Lines []review.Text `json:"lines"`
}

// writeJSON writes both languages, whatever the language asked for: machines
// should not have to ask twice.
func writeJSON(w io.Writer, r *review.Report, _ Options) error {
	out := jsonReport{
		Schema: Schema, Version: r.Version, At: r.At, Verdict: r.Verdict, FailOn: r.FailOn.String(), Count: jsonCount(r.Count),
		Scope: append([]review.Part{}, r.Scope...), Inputs: []jsonInput{}, Results: []jsonResult{}, Notes: []jsonNote{},
	}
	for _, i := range r.Inputs {
		out.Inputs = append(out.Inputs, jsonInput(i))
	}
	for _, res := range r.Results {
		j := jsonResult{Rule: res.Rule.ID, Status: res.Status, Severity: res.Severity.String(), Pillar: res.Rule.Pillar,
			Factors: append([]review.Factor{}, res.Rule.Factors...), Title: res.Rule.Title, Todo: res.Rule.Todo, Page: res.Rule.Page(),
			Waiver: waiverJSON(res.Waived), Outcomes: []jsonOutcome{}}
		for _, o := range res.Outcomes {
			j.Outcomes = append(j.Outcomes, jsonOutcome{o, waiverJSON(o.Waived)})
		}
		out.Results = append(out.Results, j)
	}
	for _, n := range r.Notes {
		out.Notes = append(out.Notes, jsonNote{n.Title, append([]review.Text{}, n.Lines...)})
	}
	return indented(w, out)
}

func waiverJSON(w *review.Waiver) *jsonWaiver {
	if w == nil {
		return nil
	}
	return &jsonWaiver{Reason: w.Reason, Owner: w.Owner, Until: lastDay(w), Scope: w.Scope}
}

func indented(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
