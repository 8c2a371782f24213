package review

import (
	"strings"
	"testing"
	"time"
)

// A result speaks of the revision and the digests that ran, for a season.
func TestDrillsExpire(t *testing.T) {
	at := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		now      time.Time
		revision string
		digest   string
		stale    string
	}{
		"fresh":            {at.AddDate(0, 1, 0), "arn/web:1", "sha256:a", ""},
		"nothing runs now": {at, "arn/web:1", "", ""},
		"not known":        {at, "", "", ""},
		"revision":         {at, "arn/web:2", "sha256:a", "it was of web:1, and the service runs web:2"},
		"image":            {at, "arn/web:1", "sha256:b", "container app ran sha256:a, and now runs sha256:b"},
		"old":              {at.AddDate(0, 4, 0), "arn/web:1", "sha256:a", "it is older than 90 days"},
	} {
		d := &Drills{Results: []Drilled{{Drill: "DR01", At: at, Revision: "arn/web:1", Digests: map[string]string{"app": "sha256:a"}, Proofs: []Proof{Of("DSP-03", Passed(Place{}, "all answered", "応答"))}}}}
		d.Expire(c.now, c.revision, map[string]string{"app": c.digest})
		got := d.Outcomes("DSP-03")
		if len(got) != 1 || (got[0].Status == Pass) != (c.stale == "") || !strings.Contains(got[0].Observed.EN, c.stale) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestDrillsMerge(t *testing.T) {
	d := &Drills{Results: []Drilled{{Drill: "DR01", Revision: "1"}, {Drill: "DR02", Revision: "1"}}}
	d.Merge([]Drilled{{Drill: "DR02", Revision: "2"}, {Drill: "DR05", Revision: "2"}})
	got := ""
	for _, r := range d.Results {
		got += r.Drill + "@" + r.Revision + " "
	}
	if got != "DR01@1 DR02@2 DR05@2 " {
		t.Error(got)
	}
}

// What only adds is not asked without its parts, and what settles makes up for
// parts that the others lack.
func TestExtraHalves(t *testing.T) {
	look := func(status Status) func(*Subject) []Outcome {
		return func(*Subject) []Outcome { return []Outcome{{Status: status, Observed: Say("x", "x")}} }
	}
	rule := &Rule{ID: "DSP-01", Checks: []Check{{Needs: []Part{PartDockerfile}, Run: look(Pass)}, {Needs: []Part{PartDrill}, Extra: true, Settles: true, Run: look(Pass)}}}
	without := &Subject{}
	if got := Run(without, []*Rule{rule}, Options{}); got[0].Status != NotExamined || len(got[0].Outcomes) != 1 {
		t.Errorf("%+v", got[0])
	}
	with := &Subject{Drills: Have(&Drills{})}
	if got := Run(with, []*Rule{rule}, Options{}); got[0].Status != Pass || len(got[0].Outcomes) != 1 {
		t.Errorf("%+v", got[0])
	}
	rule.Checks[1].Run = look(Fail)
	if got := Run(with, []*Rule{rule}, Options{}); got[0].Status != Fail || len(got[0].Outcomes) != 2 {
		t.Errorf("%+v", got[0])
	}
	rule.Checks[1].Run = func(*Subject) []Outcome { return nil }
	if got := Run(with, []*Rule{rule}, Options{Scope: []Part{PartDrill}}); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}
