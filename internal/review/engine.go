package review

import (
	"fmt"
	"slices"
	"time"
)

// Result is a rule's answer.
type Result struct {
	Rule     *Rule
	Status   Status
	Severity Severity // the rule's, or what the user set
	Outcomes []Outcome
	Waived   *Waiver // set: every failure is known and borne; of several waivers, the first to expire
}

// Gaps are the outcomes that were not examined. A rule that fails can have
// some, too.
func (r Result) Gaps() (out []Outcome) {
	for _, o := range r.Outcomes {
		if o.Status == NotExamined {
			out = append(out, o)
		}
	}
	return out
}

// Waiver says that someone bears a finding, why, and until when.
type Waiver struct {
	Rule    string
	Scope   string // a word of the failure's place or observation; empty is the whole rule
	Reason  string
	Owner   string
	Expires time.Time // the day after the last one on which it is borne, at 0:00 UTC
	Place   Place     // where it is written
}

// Verdict is the review's one word.
type Verdict string

const (
	Ready    Verdict = "ready"
	NotReady Verdict = "not-ready" // findings
	Unknown  Verdict = "unknown"   // no findings, but gaps
)

// Options are what the user asked of a review.
type Options struct {
	Scope    []Part              // only these parts are asked about; empty is all
	Only     []string            // only these rules; empty is all
	Skip     []string            // not these rules
	Severity map[string]Severity // by rule id
}

// Run asks every rule. The order of results is the order of rules.
func Run(s *Subject, rules []*Rule, opt Options) []Result {
	var out []Result
	for _, r := range rules {
		if len(opt.Only) > 0 && !slices.Contains(opt.Only, r.ID) || slices.Contains(opt.Skip, r.ID) {
			continue
		}
		severity := r.Severity
		if set, ok := opt.Severity[r.ID]; ok {
			severity = set
		}
		outcomes, asked := ask(s, r, opt.Scope)
		if !asked {
			continue
		}
		out = append(out, Result{Rule: r, Status: Worst(outcomes), Severity: severity, Outcomes: outcomes})
	}
	return out
}

// ask runs the halves of a rule that the scope allows.
func ask(s *Subject, r *Rule, scope []Part) (outcomes []Outcome, asked bool) {
	for _, check := range r.Checks {
		if len(scope) > 0 && slices.ContainsFunc(check.Needs, func(p Part) bool { return !slices.Contains(scope, p) }) {
			continue
		}
		if check.Extra && slices.ContainsFunc(check.Needs, func(p Part) bool { ok, _, _ := s.has(p); return !ok }) {
			continue
		}
		found := half(s, r, check)
		if check.Settles && len(found) > 0 && Worst(found) == Pass {
			outcomes = slices.DeleteFunc(outcomes, func(o Outcome) bool { return o.lacks })
		}
		asked = asked || len(found) > 0
		outcomes = append(outcomes, found...)
	}
	return outcomes, asked
}

// half runs one half. A rule that breaks has examined nothing.
func half(s *Subject, r *Rule, check Check) (outcomes []Outcome) {
	for _, part := range check.Needs {
		if ok, why, how := s.has(part); !ok {
			return []Outcome{missing(part, why, how)}
		}
	}
	defer func() {
		if broken := recover(); broken != nil {
			outcomes = []Outcome{{Status: NotExamined,
				Observed: Say("the rule itself broke: %v", "ルール自体が壊れた: %v", broken),
				Todo:     Say("report this: it is a bug of Hatoba", "Hatoba のバグとして報告してください")}}
		}
	}()
	outcomes = check.Run(s)
	if len(outcomes) == 0 && !check.Extra {
		panic(fmt.Sprintf("%s looked and said nothing", r.ID))
	}
	return outcomes
}

// missing is the gap of a half that lacks a part. Nobody is left without a
// reason and a way on.
func missing(part Part, why, how Text) Outcome {
	if why.IsZero() {
		why = Say("%s: not given", "%s: 指定なし", part)
	}
	if how.IsZero() {
		flag := map[Part]string{PartTaskDef: "TASKDEF.json", PartService: "--service-def FILE", PartDockerfile: "--dockerfile FILE",
			PartImage: "--image REF", PartSource: "--source DIR", PartLive: "--profile NAME", PartDrill: "--service NAME --drill"}[part]
		how = Say("hatoba review … %s", "hatoba review … %s", flag)
	}
	return Outcome{Status: NotExamined, Observed: why, Todo: how, lacks: true}
}

// Count tells how many results have each answer; waived counts failures that
// someone bears.
type Count struct{ Pass, Fail, NotExamined, Waived int }

// Judge counts the results and gives the verdict. Failures below the given
// severity are shown and do not count against it. A gap beside a failure that is
// borne or small is still a gap: such a review is not ready.
func Judge(results []Result, failOn Severity) (Verdict, Count) {
	var n Count
	failed, gaps := false, len(results) == 0 // nothing asked, nothing known
	for _, r := range results {
		switch {
		case r.Waived != nil:
			n.Waived++
		case r.Status == Fail:
			n.Fail++
			failed = failed || r.Severity >= failOn
		case r.Status == NotExamined:
			n.NotExamined++
		default:
			n.Pass++
		}
		gaps = gaps || len(r.Gaps()) > 0
	}
	switch {
	case failed:
		return NotReady, n
	case gaps:
		return Unknown, n
	}
	return Ready, n
}
