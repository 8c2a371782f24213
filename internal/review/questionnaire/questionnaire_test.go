package questionnaire

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/review"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestQuestionsAreWhole(t *testing.T) {
	want := strings.Fields("RLS-05 RLS-06 RLS-13 LOG-05 LOG-24 SCL-15 SEC-07 GOV-06 GOV-07 GOV-09 GOV-15 GOV-16 GOV-17 GOV-18 GOV-20")
	var got []string
	for _, q := range questions() {
		got = append(got, q.rule.ID)
		for name, text := range map[string]review.Text{"question": q.ask, "title": q.rule.Title, "why": q.rule.Why, "todo": q.rule.Todo} {
			if text.EN == "" || text.JA == "" || text.EN == text.JA {
				t.Errorf("%s: %s wants both languages", q.rule.ID, name)
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

// The template is read as a file in which nothing is answered.
func TestTemplate(t *testing.T) {
	for _, lang := range []review.Lang{review.English, review.Japanese} {
		var b bytes.Buffer
		if err := Template(&b, lang); err != nil {
			t.Fatal(err)
		}
		answers, err := Parse(Name, b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range review.Run(&review.Subject{Now: now}, Rules(answers), review.Options{}) {
			if r.Status != review.NotExamined {
				t.Errorf("%s: %s", r.Rule.ID, r.Status)
			}
		}
	}
}

func TestJudge(t *testing.T) {
	for answer, want := range map[string]string{
		`"answer":"yes","owner":"mei","date":"2026-11-01"`:                      "pass q.json:1:13 mei answered yes on 2026-11-01",
		`"answer":"yes","owner":"mei","date":"2026-05-25"`:                      "pass q.json:1:13 mei answered yes on 2026-05-25",
		`"answer":"yes","owner":"mei","date":"2026-05-24"`:                      "not-examined q.json:1:13 stale: yes of 2026-05-24 is older than 180 days (mei)",
		`"answer":"no","owner":"mei","date":"2026-11-01","note":"in work"`:      "fail q.json:1:13 mei answered no on 2026-11-01: in work",
		`"answer":"n/a","owner":"mei","date":"2026-11-01","note":"one account"`: "pass q.json:1:13 mei: does not apply (2026-11-01): one account",
		`"answer":"yes","owner":"mei","date":"2027-11-01"`:                      "not-examined q.json:1:13 the answer is dated 2027-11-01, which is yet to come",
		`"answer":""`: "not-examined q.json:1:13 nobody has answered this question",
	} {
		answers, err := Parse("q.json", []byte(`{"answers":[{"id":"GOV-07",`+answer+`}]}`))
		if err != nil {
			t.Errorf("%s: %v", answer, err)
			continue
		}
		o := review.Run(&review.Subject{Now: now}, Rules(answers), review.Options{Only: []string{"GOV-07"}})[0].Outcomes[0]
		if got := string(o.Status) + " " + o.Place.String() + " " + o.Observed.EN; !strings.HasPrefix(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", answer, got, want)
		}
	}
	for _, r := range review.Run(&review.Subject{Now: now}, Rules(nil), review.Options{}) {
		if r.Status != review.NotExamined || r.Outcomes[0].Todo.EN == "" {
			t.Errorf("%s without a file: %+v", r.Rule.ID, r)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{}`: `q.json:1:1: "answers" is missing`,
		`{"answers":[{"id":"GOV-99","answer":""}]}`:                                      "there is no question GOV-99",
		`{"answers":[{"id":"GOV-07","answer":"maybe","owner":"o","date":"2026-11-01"}]}`: `q.json:1:37: an answer is "yes", "no" or "n/a"`,
		`{"answers":[{"id":"GOV-07","answer":"yes","date":"2026-11-01"}]}`:               "an answer has an owner",
		`{"answers":[{"id":"GOV-07","answer":"yes","owner":"o"}]}`:                       "an answer has a date",
		`{"answers":[{"id":"GOV-07","answer":"n/a","owner":"o","date":"2026-11-01"}]}`:   "n/a has a note",
		`{"answers":[{"id":"GOV-07","answer":""},{"id":"GOV-07","answer":""}]}`:          "q.json:1:41: GOV-07 is answered twice",
		`{"answers":[{"id":"GOV-07","answer":true}]}`:                                    "a string is asked for",
		`{"answers":[{"id":"GOV-07","answer":"","when":""}]}`:                            `"when" is not known here`,
	} {
		if _, err := Parse("q.json", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want %s, got %v", text, want, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"answers":[{"id":"GOV-07","answer":"yes","owner":"o","date":"2026-11-01"}]}`))
	f.Add([]byte(`{"answers":[null,7,{"answer":{}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if a, err := Parse("q.json", text); err == nil {
			review.Run(&review.Subject{Now: now}, Rules(a), review.Options{})
		}
	})
}
