package waiver

import (
	"time"

	"github.com/hatoba/hatoba/internal/review"
)

// The ids of the rules about waivers themselves.
const (
	ExpiredID = "WVR-01"
	IdleID    = "WVR-02"
)

var expired = review.Rule{
	ID:       ExpiredID,
	Pillar:   review.Operations,
	Severity: review.Medium,
	Sources:  []string{"S2-Ops"},
	Title:    review.Text{EN: "No waiver has expired", JA: "期限切れの免除がない"},
	Why: review.Text{
		EN: "A finding was borne until a day that has passed. Nobody has looked again since, and the finding is still there.",
		JA: "期限付きで受け入れた指摘の期限が過ぎました。その後だれも見直しておらず、指摘は残ったままです。",
	},
	Todo: review.Text{
		EN: "Mend the finding and remove the waiver, or have its owner decide anew and write a new day into expires.",
		JA: "指摘を直して免除を消すか、担当者が改めて判断して expires に新しい日付を書いてください。",
	},
}

var idle = review.Rule{
	ID:       IdleID,
	Pillar:   review.Operations,
	Severity: review.Low,
	Sources:  []string{"S2-Ops"},
	Title:    review.Text{EN: "Every waiver bears a finding", JA: "どの免除にも対応する指摘がある"},
	Why: review.Text{
		EN: "A waiver that bears nothing is either mended, and then it hides the next mistake, or misspelt, and then its finding stands.",
		JA: "何にも対応しない免除は、すでに直っていて次の誤りを隠すか、書き間違いで指摘が残っているかのどちらかです。",
	},
	Todo: review.Text{
		EN: "Remove the waiver, or correct its scope.",
		JA: "免除を消すか、scope を直してください。",
	},
}

// Rules are the rules about waivers, for the list and the pages.
func Rules() []*review.Rule { return []*review.Rule{&expired, &idle} }

// Apply applies the file's waivers, and its severities to the rules about them.
func (f *File) Apply(results []review.Result, now time.Time) []review.Result {
	out := Apply(results, f.Waivers, now)
	for i := range out[len(results):] {
		r := &out[len(results)+i]
		if severity, ok := f.Severity[r.Rule.ID]; ok {
			r.Severity = severity
		}
	}
	return out
}

// Apply marks the failures that waivers bear. A result is waived only if each of
// its failures is. What is wrong with the waivers themselves comes behind as
// results of its own.
func Apply(results []review.Result, waivers []review.Waiver, now time.Time) []review.Result {
	out := make([]review.Result, len(results))
	for i, r := range results {
		r.Outcomes = append([]review.Outcome(nil), r.Outcomes...)
		out[i] = r
	}
	var old, unused []review.Outcome
	for i := range waivers {
		w := &waivers[i]
		if !now.Before(w.Expires) {
			old = append(old, review.Failed(w.Place, "the waiver of %s (%s) ended on %s: %s",
				"%s の免除(担当 %s)は %s で終わった: %s", w.Rule, w.Owner, LastDay(*w), w.Reason))
			continue
		}
		old = append(old, review.Passed(w.Place, "the waiver of %s (%s) holds until %s",
			"%s の免除(担当 %s)は %s まで有効", w.Rule, w.Owner, LastDay(*w)))
		if o, told := bear(out, w); told {
			unused = append(unused, o)
		}
	}
	for i := range out {
		out[i].Waived = borne(out[i])
	}
	for _, own := range []struct {
		rule     *review.Rule
		outcomes []review.Outcome
	}{{&expired, old}, {&idle, unused}} {
		if len(own.outcomes) > 0 {
			out = append(out, review.Result{Rule: own.rule, Severity: own.rule.Severity,
				Status: review.Worst(own.outcomes), Outcomes: own.outcomes})
		}
	}
	return out
}

// bear marks what a waiver covers, and says how that went. Of a rule that was
// not asked this time there is nothing to say.
func bear(results []review.Result, w *review.Waiver) (said review.Outcome, told bool) {
	for i := range results {
		r := &results[i]
		if r.Rule.ID != w.Rule {
			continue
		}
		n := 0
		for k := range r.Outcomes {
			o := &r.Outcomes[k]
			if o.Status == review.Fail && covers(*w, *o) {
				n++
				if o.Waived == nil || w.Expires.Before(o.Waived.Expires) {
					o.Waived = w
				}
			}
		}
		switch {
		case n > 0:
			return review.Passed(w.Place, "the waiver of %s bears %d findings", "%s の免除は %d 件の指摘に対応", w.Rule, n), true
		case len(r.Gaps()) > 0:
			return review.Unexamined(w.Place,
				review.Say("have %s examined: its own gap says how", "%s を検査できるようにしてください(方法はその項目に表示)", w.Rule),
				"whether the waiver of %s bears anything: the rule was not examined", "%s の免除が要るかどうか: ルールが未検査", w.Rule), true
		}
		if w.Scope != "" {
			return review.Failed(w.Place, "the waiver of %s, scope %q, bears no finding", "%s の免除(scope %q)に対応する指摘がない", w.Rule, w.Scope), true
		}
		return review.Failed(w.Place, "the waiver of %s bears no finding", "%s の免除に対応する指摘がない", w.Rule), true
	}
	return review.Outcome{}, false
}

// borne is the waiver of a whole result: the one that ends first, if every
// failure has one.
func borne(r review.Result) (first *review.Waiver) {
	for _, o := range r.Outcomes {
		if o.Status != review.Fail {
			continue
		}
		if o.Waived == nil {
			return nil
		}
		if first == nil || o.Waived.Expires.Before(first.Expires) {
			first = o.Waived
		}
	}
	return first
}
