package waiver

import (
	"strings"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/review"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const whole = `{
  "waivers": [
    {"rule": "IMG-16", "scope": "app", "reason": "binds port 80", "owner": "web team", "expires": "2027-01-31"}
  ],
  "severity": {"IMG-08": "info"},
  "rules": [{"id": "ACME-1", "title": "t", "severity": "low", "pillar": "OE", "needs": ["taskdef"], "expression": "true", "message": "m"}],
  "questionnaire": "answers.json"
}`

func TestParse(t *testing.T) {
	f, err := Parse("r.json", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Waivers) != 1 || LastDay(f.Waivers[0]) != "2027-01-31" || f.Waivers[0].Place.String() != "r.json:3:5" ||
		f.Severity["IMG-08"] != review.Info || len(f.Rules) != 1 || f.Questionnaire != "answers.json" {
		t.Errorf("%+v", f)
	}
	known := func(id string) bool { return strings.HasPrefix(id, "IMG-") }
	if err := f.Check(known); err != nil {
		t.Error(err)
	}
	err = f.Check(func(string) bool { return false })
	for _, want := range []string{"r.json:3:5: there is no rule IMG-16", "r.json:5:26: there is no rule IMG-08"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
	if err := f.Check(func(string) bool { return true }); err == nil || !strings.Contains(err.Error(), "ACME-1 is a rule of Hatoba") {
		t.Errorf("a user's rule does not take the name of ours: %v", err)
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{`:                   "r.json: line 1, column 2",
		`[]`:                  "r.json:1:1: an object is asked for",
		`{"wavers":[]}`:       `r.json:1:2: "wavers" is not known here; known are $schema, `,
		`{"skip":["IMG-16"]}`: "r.json:1:9: rules are not skipped in silence",
		`{"waivers":[{"rule":"X","owner":"o","expires":"2027-01-31"}]}`:                         `r.json:1:13: "reason" is missing`,
		`{"waivers":[{"rule":"X","owner":"o","reason":" ","expires":"2027-01-31"}]}`:            "r.json:1:46: it is empty",
		`{"waivers":[{"rule":"X","reason":"r","expires":"2027-01-31"}]}`:                        `"owner" is missing`,
		`{"waivers":[{"rule":"X","reason":"r","owner":"o"}]}`:                                   `"expires" is missing`,
		`{"waivers":[{"rule":"X","reason":"r","owner":"o","expires":"never"}]}`:                 `expires is a day`,
		`{"waivers":[{"rule":"X","rule":"Y","reason":"r","owner":"o","expires":"2027-01-31"}]}`: `"rule" stands here twice`,
		`{"severity":{"X":"fatal"}}`:                                                            "r.json:1:18: a severity is info, low, medium or high",
		`{"severity":["X"]}`:                                                                    "an object is asked for",
		`{"questionnaire":7}`:                                                                   "a string is asked for",
	} {
		if _, err := Parse("r.json", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want %s, got %v", text, want, err)
		}
	}
}

func fail(at, observed string) review.Outcome {
	return review.Outcome{Status: review.Fail, Place: review.Place{File: at}, Observed: review.Text{EN: observed, JA: observed}}
}

func TestApply(t *testing.T) {
	rule, other := &review.Rule{ID: "A-1"}, &review.Rule{ID: "A-2"}
	two := []review.Outcome{fail("taskdef.json", "container app: user is root"), fail("taskdef.json", "container app-worker: user is root")}
	day := func(s string) time.Time { d, _ := time.Parse(time.DateOnly, s); return d }
	w := func(rule, scope, expires string) review.Waiver {
		return review.Waiver{Rule: rule, Scope: scope, Reason: "r", Owner: "o", Expires: day(expires).AddDate(0, 0, 1)}
	}
	for name, c := range map[string]struct {
		waivers []review.Waiver
		waived  string // the last day of the result's waiver
		want    map[string]review.Status
	}{
		"none":           {nil, "", nil},
		"whole":          {[]review.Waiver{w("A-1", "", "2027-01-31")}, "2027-01-31", map[string]review.Status{ExpiredID: review.Pass, IdleID: review.Pass}},
		"today is borne": {[]review.Waiver{w("A-1", "", "2026-11-21")}, "2026-11-21", map[string]review.Status{ExpiredID: review.Pass, IdleID: review.Pass}},
		"expired":        {[]review.Waiver{w("A-1", "", "2026-11-20")}, "", map[string]review.Status{ExpiredID: review.Fail}},
		"half":           {[]review.Waiver{w("A-1", "app", "2027-01-31")}, "", map[string]review.Status{ExpiredID: review.Pass, IdleID: review.Pass}},
		"both halves":    {[]review.Waiver{w("A-1", "app", "2027-01-31"), w("A-1", "container app-worker", "2027-01-01")}, "2027-01-01", map[string]review.Status{ExpiredID: review.Pass, IdleID: review.Pass}},
		"matches none":   {[]review.Waiver{w("A-1", "db", "2027-01-31")}, "", map[string]review.Status{ExpiredID: review.Pass, IdleID: review.Fail}},
		"passes anyway":  {[]review.Waiver{w("A-2", "", "2027-01-31")}, "", map[string]review.Status{ExpiredID: review.Pass, IdleID: review.Fail}},
		"not asked":      {[]review.Waiver{w("A-3", "", "2027-01-31")}, "", map[string]review.Status{ExpiredID: review.Pass}},
		"not examined":   {[]review.Waiver{w("A-4", "", "2027-01-31")}, "", map[string]review.Status{ExpiredID: review.Pass, IdleID: review.NotExamined}},
	} {
		t.Run(name, func(t *testing.T) {
			results := []review.Result{
				{Rule: rule, Status: review.Fail, Outcomes: two, Severity: review.High},
				{Rule: other, Status: review.Pass, Outcomes: []review.Outcome{{Status: review.Pass}}},
				{Rule: &review.Rule{ID: "A-4"}, Status: review.NotExamined, Outcomes: []review.Outcome{{Status: review.NotExamined}}},
			}
			got := Apply(results, c.waivers, now)
			if results[0].Outcomes[0].Waived != nil {
				t.Error("what was given is changed")
			}
			waived := ""
			if got[0].Waived != nil {
				waived = LastDay(*got[0].Waived)
			}
			if waived != c.waived {
				t.Errorf("waived until %q, want %q", waived, c.waived)
			}
			own := map[string]review.Status{}
			for _, r := range got[3:] {
				own[r.Rule.ID] = r.Status
			}
			if len(own) != len(c.want) || own[ExpiredID] != c.want[ExpiredID] || own[IdleID] != c.want[IdleID] {
				t.Errorf("about the waivers: %v, want %v", own, c.want)
			}
		})
	}
}

// The file's severities hold for the rules about waivers, too.
func TestFileApply(t *testing.T) {
	f, err := Parse("r.json", []byte(`{"waivers": [{"rule":"A-1","reason":"r","owner":"o","expires":"2026-01-31"}], "severity": {"WVR-01": "high"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Apply(nil, now); len(got) != 1 || got[0].Severity != review.High || got[0].Status != review.Fail {
		t.Errorf("%+v", got)
	}
}

func TestWord(t *testing.T) {
	for _, c := range []struct {
		text, scope string
		want        bool
	}{
		{"container app: x", "app", true}, {"container app-worker: x", "app", false}, {"myapp, app", "app", true},
		{"taskdef.json:95:1", "taskdef.json:9", false}, {"taskdef.json:9:1", "taskdef.json:9", true},
		{"コンテナapp: x", "app", true}, {"aa-aa", "aa", false}, {"", "x", false}, {"環境変数FOOは", "変数", true},
	} {
		if word(c.text, c.scope) != c.want {
			t.Errorf("%q in %q: want %v", c.scope, c.text, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(`{"waivers":[{"rule":null}],"rules":[{"needs":[0]}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if got, err := Parse("r.json", text); err == nil {
			_ = got.Check(func(string) bool { return false })
		}
	})
}
