package review

import "testing"

// A review with gaps is not ready, wherever the gap is.
func TestJudge(t *testing.T) {
	rule := &Rule{ID: "A-1"}
	pass, fail, gap := Outcome{Status: Pass}, Outcome{Status: Fail}, Outcome{Status: NotExamined}
	result := func(severity Severity, waived *Waiver, outcomes ...Outcome) Result {
		return Result{Rule: rule, Severity: severity, Status: Worst(outcomes), Outcomes: outcomes, Waived: waived}
	}
	w := &Waiver{}
	for name, c := range map[string]struct {
		results []Result
		verdict Verdict
		count   Count
	}{
		"nothing was asked":         {nil, Unknown, Count{}},
		"passes":                    {[]Result{result(High, nil, pass)}, Ready, Count{Pass: 1}},
		"a failure":                 {[]Result{result(Medium, nil, pass, fail, gap)}, NotReady, Count{Fail: 1}},
		"a small failure":           {[]Result{result(Low, nil, fail)}, Ready, Count{Fail: 1}},
		"a small failure and a gap": {[]Result{result(Low, nil, fail, gap)}, Unknown, Count{Fail: 1}},
		"a gap":                     {[]Result{result(Low, nil, pass, gap)}, Unknown, Count{NotExamined: 1}},
		"waived":                    {[]Result{result(High, w, fail)}, Ready, Count{Waived: 1}},
		"waived beside a gap":       {[]Result{result(High, w, fail, gap)}, Unknown, Count{Waived: 1}},
		"a gap and a failure":       {[]Result{result(High, nil, gap), result(High, nil, fail)}, NotReady, Count{NotExamined: 1, Fail: 1}},
	} {
		if verdict, count := Judge(c.results, Medium); verdict != c.verdict || count != c.count {
			t.Errorf("%s: %s %+v", name, verdict, count)
		}
	}
}

// A rule that breaks, or says nothing, has examined nothing.
func TestBrokenRule(t *testing.T) {
	for _, run := range []func(*Subject) []Outcome{
		func(*Subject) []Outcome { panic("x") },
		func(*Subject) []Outcome { return nil },
	} {
		got := Run(&Subject{}, []*Rule{{ID: "A-1", Checks: []Check{{Run: run}}}}, Options{})
		if len(got) != 1 || got[0].Status != NotExamined || len(got[0].Gaps()) != 1 {
			t.Errorf("%+v", got)
		}
	}
}

// A gap always says why, and how to close it.
func TestMissingPart(t *testing.T) {
	for _, p := range Parts() {
		r := &Rule{ID: "A-1", Checks: []Check{{Needs: []Part{p}, Run: func(*Subject) []Outcome { return nil }}}}
		o := Run(&Subject{}, []*Rule{r}, Options{})[0].Outcomes[0]
		if o.Status != NotExamined || o.Observed.IsZero() || o.Todo.IsZero() {
			t.Errorf("%s: %+v", p, o)
		}
	}
}
