package review

import "time"

// Drills are what drills on the service have shown: those of this review, and
// stored ones of earlier runs.
type Drills struct {
	Results []Drilled `json:"results"` // in the order of drills, each drill once
}

// Drilled is what one drill did and measured. It speaks of one revision and the
// digests that ran, and of no others.
type Drilled struct {
	Drill    string            `json:"drill"` // DR01
	Title    Text              `json:"title"`
	At       time.Time         `json:"at"`
	Took     time.Duration     `json:"took"` // nanoseconds
	Live     bool              `json:"live"` // on the service itself, not on a copy
	Service  string            `json:"service"`
	Revision string            `json:"taskDefinition"` // ARN
	Digests  map[string]string `json:"digests"`        // by container, of what ran
	Did      []Text            `json:"did"`            // what it did and measured, in order
	Proofs   []Proof           `json:"proofs"`
	Stale    Text              `json:"-"` // set: why it says nothing of what runs now
}

// Proof is what a drill says of one rule.
type Proof struct {
	Rule string `json:"rule"`
	Outcome
}

// Of is what a drill says of a rule.
func Of(rule string, o Outcome) Proof { return Proof{Rule: rule, Outcome: o} }

// Outcomes are what drills say of a rule. What is stale says why, and proves
// nothing.
func (d *Drills) Outcomes(rule string) (out []Outcome) {
	for _, r := range d.Results {
		for _, p := range r.Proofs {
			switch {
			case p.Rule != rule:
			case !r.Stale.IsZero():
				out = append(out, Unexamined(p.Place, Say("run the drill again: hatoba review --service NAME --drill=%s", "ドリルを再実行してください: hatoba review --service 名前 --drill=%s", r.Drill),
					"%s of %s is stale: %s", "%s(%s)は古い: %s", r.Drill, r.At.UTC().Format(time.DateOnly), r.Stale))
			default:
				o := p.Outcome
				o.Observed = Text{EN: r.Drill + ": " + o.Observed.EN, JA: r.Drill + ": " + o.Observed.In(Japanese)}
				out = append(out, o)
			}
		}
	}
	return out
}

// Age is how long a drill's result counts: what surrounds a service changes,
// too.
const Age = 90 * 24 * time.Hour

// Expire marks the results that speak of something else than what runs now:
// another revision, another image, or another season. A digest that is not known
// is not held against a result.
func (d *Drills) Expire(now time.Time, revision string, digests map[string]string) {
	for i := range d.Results {
		r := &d.Results[i]
		r.Stale = Text{}
		switch {
		case revision != "" && r.Revision != revision:
			r.Stale = Say("it was of %s, and the service runs %s", "対象は %s だったが、サービスは %s を実行している", short(r.Revision), short(revision))
		case now.Sub(r.At) > Age:
			r.Stale = Say("it is older than %d days", "%d 日より前の結果", int(Age.Hours()/24))
		}
		for name, digest := range r.Digests {
			if is := digests[name]; r.Stale.IsZero() && is != "" && digest != "" && is != digest {
				r.Stale = Say("container %s ran %s, and now runs %s", "コンテナ %s は %s だったが、現在は %s", name, brief(digest), brief(is))
			}
		}
	}
}

// short is the last part of an ARN.
func short(arn string) string {
	for i := len(arn) - 1; i >= 0; i-- {
		if arn[i] == '/' {
			return arn[i+1:]
		}
	}
	return arn
}

// brief is the beginning of a digest.
func brief(digest string) string { return digest[:min(len(digest), len("sha256:")+12)] }

// Merge puts newer results in the place of older ones of the same drill.
func (d *Drills) Merge(newer []Drilled) {
	for _, n := range newer {
		at := len(d.Results)
		for i, r := range d.Results {
			if r.Drill == n.Drill {
				at = i
			}
		}
		if at == len(d.Results) {
			d.Results = append(d.Results, Drilled{})
		}
		d.Results[at] = n
	}
}
