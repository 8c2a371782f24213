package review

import (
	"strings"
	"testing"
)

func rule(id string, severity Severity, checks ...Check) *Rule {
	return &Rule{ID: id, Severity: severity, Checks: checks}
}

func says(outcomes ...Outcome) func(*Subject) []Outcome {
	return func(*Subject) []Outcome { return outcomes }
}

func TestThreeAnswers(t *testing.T) {
	s := &Subject{TaskDef: Have(&TaskDef{}), Image: Missing[*Image](Say("no image given", ""), Say("--image", ""))}
	pass, fail := Passed(Place{}, "fine", ""), Failed(Place{}, "bad", "")
	on := func(run func(*Subject) []Outcome, parts ...Part) Check { return Check{Needs: parts, Run: run} }
	for name, tc := range map[string]struct {
		checks []Check
		want   Status
	}{
		"all halves hold":           {[]Check{on(says(pass), PartTaskDef)}, Pass},
		"one failure fails":         {[]Check{on(says(pass, fail, pass), PartTaskDef)}, Fail},
		"a gap is no pass":          {[]Check{on(says(pass), PartTaskDef), on(says(pass), PartImage)}, NotExamined},
		"a failure beside a gap":    {[]Check{on(says(fail), PartTaskDef), on(says(pass), PartImage)}, Fail},
		"a rule that breaks":        {[]Check{on(func(*Subject) []Outcome { panic("ouch") }, PartTaskDef)}, NotExamined},
		"a rule that says nothing":  {[]Check{on(says(), PartTaskDef)}, NotExamined},
		"both parts of a half miss": {[]Check{on(says(pass), PartTaskDef, PartImage)}, NotExamined},
	} {
		got := Run(s, []*Rule{rule("X-01", High, tc.checks...)}, Options{})
		if len(got) != 1 || got[0].Status != tc.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	gap := Run(s, []*Rule{rule("X-01", High, on(says(pass), PartImage))}, Options{})[0].Outcomes[0]
	if gap.Observed.EN != "no image given" || gap.Todo.EN != "--image" {
		t.Errorf("a gap says why and how: %+v", gap)
	}
	if got := Run(s, []*Rule{rule("X-01", High, on(says(pass), PartTaskDef), on(says(pass), PartImage))}, Options{Scope: []Part{PartTaskDef}}); got[0].Status != Pass {
		t.Errorf("the scope leaves out what it does not name: %+v", got)
	}
}

func TestVerdict(t *testing.T) {
	result := func(status Status, severity Severity) Result {
		return Result{Rule: rule("X", severity), Status: status, Severity: severity, Outcomes: []Outcome{{Status: status}}}
	}
	waived := result(Fail, High)
	waived.Waived = &Waiver{}
	for name, tc := range map[string]struct {
		results []Result
		failOn  Severity
		want    Verdict
	}{
		"all pass":             {[]Result{result(Pass, High)}, Info, Ready},
		"a finding":            {[]Result{result(NotExamined, High), result(Fail, Low)}, Info, NotReady},
		"a gap":                {[]Result{result(Pass, High), result(NotExamined, Low)}, Info, Unknown},
		"below the threshold":  {[]Result{result(Fail, Low)}, Medium, Ready},
		"borne by somebody":    {[]Result{waived}, Info, Ready},
		"nothing asked at all": {nil, Info, Unknown},
	} {
		if got, n := Judge(tc.results, tc.failOn); got != tc.want {
			t.Errorf("%s: %s %+v", name, got, n)
		}
	}
}

func TestPlaces(t *testing.T) {
	for _, tc := range []struct {
		place Place
		want  string
	}{{Place{File: "a.json", Line: 3, Col: 4}, "a.json:3:4"}, {Place{File: "a.json", Line: 3}, "a.json:3"}, {Place{File: "arn:x"}, "arn:x"}} {
		if tc.place.String() != tc.want {
			t.Error(tc.place.String())
		}
	}
	if !strings.Contains((&Rule{ID: "CFG-05"}).Page(), "CFG-05") {
		t.Error("a rule has a page")
	}
}
