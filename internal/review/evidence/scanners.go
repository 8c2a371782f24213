package evidence

import (
	"encoding/json"
	"fmt"

	"github.com/hatoba/hatoba/internal/review"
)

// readTrivy reads trivy --format json, schema 2: of an image, a file system or a
// repository. A vulnerability without a fixed version is told and does not fail.
func readTrivy(r *report, text []byte) error {
	type cause struct {
		StartLine int
	}
	var t struct {
		SchemaVersion int
		ArtifactName  string
		Results       []struct {
			Target          string
			Vulnerabilities []struct {
				VulnerabilityID, PkgName, PkgPath, InstalledVersion, FixedVersion, Title, Severity, PrimaryURL string
			}
			Misconfigurations []struct {
				ID, AVDID, Title, Description, Message, Resolution, Severity, Status string
				CauseMetadata                                                        cause
			}
			Secrets []struct {
				RuleID, Category, Title, Severity string
				StartLine                         int
			}
			Licenses []struct{ Name, PkgName, FilePath, Severity, Category string }
		}
	}
	if err := json.Unmarshal(text, &t); err != nil {
		return err
	}
	if t.SchemaVersion != 2 {
		return fmt.Errorf("trivy's schema %d is not known; 2 is", t.SchemaVersion)
	}
	r.tool, r.of = "Trivy", t.ArtifactName
	for _, target := range t.Results {
		at := review.Place{File: first(target.Target, t.ArtifactName)}
		for _, v := range target.Vulnerabilities {
			f := vulnerability(v.VulnerabilityID, v.PkgName, v.InstalledVersion, v.FixedVersion, v.Severity, at)
			f.title, f.why = first(v.Title, v.VulnerabilityID), first(v.Title, v.VulnerabilityID)+" "+v.PrimaryURL
			if v.PkgPath != "" {
				f.said += " in " + v.PkgPath
			}
			r.add(f)
		}
		for _, m := range target.Misconfigurations {
			if m.Status != "FAIL" && m.Status != "" {
				continue
			}
			where := at
			where.Line = max(m.CauseMetadata.StartLine, 0)
			r.add(finding{id: first(m.AVDID, m.ID), title: m.Title, why: m.Description, todo: m.Resolution, said: first(m.Message, m.Title),
				severity: rated(m.Severity), pillar: review.Security, outcome: review.Fail, at: where})
		}
		for _, s := range target.Secrets { // the match itself is never shown
			where := at
			where.Line = max(s.StartLine, 0)
			r.add(finding{id: s.RuleID, title: s.Title, said: "a secret is found: " + first(s.Title, s.Category),
				todo:     "take it out of the file and of its history, and change it: it has been seen",
				severity: rated(s.Severity), pillar: review.Security, outcome: review.Fail, at: where})
		}
		for _, l := range target.Licenses {
			r.add(finding{id: "LICENSE-" + l.Name, title: "license " + l.Name, said: first(l.PkgName, l.FilePath) + ": license " + l.Name + " (" + l.Category + ")",
				severity: rated(l.Severity), pillar: review.Operations, outcome: licenseStatus(l.Severity), at: at})
		}
	}
	return nil
}

// licenseStatus: Trivy lists every license; those that it minds are not LOW.
func licenseStatus(severity string) review.Status {
	if rated(severity) >= review.Medium {
		return review.Fail
	}
	return review.Pass
}

// vulnerability is a finding of a package's version.
func vulnerability(id, name, installed, fixed, severity string, at review.Place) finding {
	f := finding{id: id, severity: rated(severity), pillar: review.Security, outcome: review.Fail, at: at,
		said: name + " " + installed + ": " + id + " (" + first(severity, "severity unknown") + ", fixed in " + fixed + ")",
		todo: "upgrade " + name + " to " + fixed}
	if fixed == "" {
		f.outcome, f.todo = review.Pass, "wait for a fixed version of "+name
		f.said = name + " " + installed + ": " + id + " (" + first(severity, "severity unknown") + ", no fix yet)"
	}
	return f
}

// readGrype reads grype -o json.
func readGrype(r *report, text []byte) error {
	var g struct {
		Matches []struct {
			Vulnerability struct {
				ID, Severity, Description, DataSource string
				Fix                                   struct{ Versions []string }
			}
			Artifact struct {
				Name, Version string
				Locations     []struct{ Path string }
			}
		}
		Source struct {
			Target json.RawMessage
		}
		Descriptor struct{ Name string }
	}
	if err := json.Unmarshal(text, &g); err != nil {
		return err
	}
	if g.Descriptor.Name != "grype" {
		return fmt.Errorf("written by %q: not known", g.Descriptor.Name)
	}
	r.tool, r.of = "Grype", grypeTarget(g.Source.Target)
	for _, m := range g.Matches {
		fixed := ""
		if len(m.Vulnerability.Fix.Versions) > 0 {
			fixed = m.Vulnerability.Fix.Versions[0]
		}
		at := review.Place{File: first(r.of, r.file)}
		f := vulnerability(m.Vulnerability.ID, m.Artifact.Name, m.Artifact.Version, fixed, m.Vulnerability.Severity, at)
		f.why = first(m.Vulnerability.Description, m.Vulnerability.DataSource)
		if len(m.Artifact.Locations) > 0 {
			f.said += " in " + m.Artifact.Locations[0].Path
		}
		r.add(f)
	}
	return nil
}

// grypeTarget is an image's description or a folder's name.
func grypeTarget(raw json.RawMessage) string {
	var name string
	if json.Unmarshal(raw, &name) == nil {
		return name
	}
	var image struct{ UserInput string }
	if json.Unmarshal(raw, &image) == nil {
		return image.UserInput
	}
	return ""
}
