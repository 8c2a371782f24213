package evidence

import (
	"encoding/json"
	"errors"

	"github.com/hatoba/hatoba/internal/review"
)

// readHadolint reads hadolint --format json.
func readHadolint(r *report, text []byte) error {
	var all []struct {
		Line, Column               int
		Code, Message, File, Level string
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	r.tool = "hadolint"
	for _, h := range all {
		if h.Code == "" {
			return errors.New("a finding of hadolint without a code")
		}
		severity := map[string]review.Severity{"error": review.High, "warning": review.Medium, "info": review.Low}[h.Level]
		r.add(finding{id: h.Code, title: h.Message, said: h.Message, todo: "https://github.com/hadolint/hadolint/wiki/" + clean(h.Code),
			severity: severity, pillar: review.Operations, outcome: review.Fail, at: review.Place{File: h.File, Line: max(h.Line, 0), Col: max(h.Column, 0)}})
	}
	return nil
}

// readDockle reads dockle --format json.
func readDockle(r *report, text []byte) error {
	var d struct {
		Image   string
		Details []struct {
			Code, Title, Level string
			Alerts             []string
		}
	}
	if err := json.Unmarshal(text, &d); err != nil {
		return err
	}
	r.tool, r.of = "Dockle", d.Image
	for _, f := range d.Details {
		status, severity := review.Fail, rated(f.Level)
		switch f.Level {
		case "INFO":
			severity = review.Low
		case "SKIP":
			status = review.NotExamined
		case "PASS", "IGNORE":
			status = review.Pass
		}
		alerts := f.Alerts
		if len(alerts) == 0 {
			alerts = []string{f.Title}
		}
		for _, alert := range alerts {
			r.add(finding{id: f.Code, title: f.Title, said: alert, todo: "see " + f.Code + " of Dockle's checkpoints", severity: severity,
				pillar: review.Security, outcome: status, at: review.Place{File: first(d.Image, r.file)}})
		}
	}
	return nil
}
