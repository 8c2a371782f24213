package drills

import (
	"context"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

// Drill is one thing that is done to a service.
type Drill struct {
	ID    string
	Title review.Text
	Does  review.Text // to the service, in plain words
	Takes string      // about
	Rules []string    // that it proves
	// act does it and judges what was measured. An error means that it could not
	// be done: then nothing is known of its rules.
	act func(ctx context.Context, s *stage) ([]review.Proof, error)
}

// All are the drills in the order they are run: those that only look first.
func All() []Drill {
	return []Drill{dr13, dr11, dr02, dr01, dr03, dr05}
}

// Find is the drill of an id.
func Find(id string) (Drill, bool) {
	for _, d := range All() {
		if d.ID == id {
			return d, true
		}
	}
	return Drill{}, false
}

// IDs are the ids of all drills, by number.
func IDs() (out []string) {
	for _, d := range All() {
		out = append(out, d.ID)
	}
	slices.Sort(out)
	return out
}

// chosen are the drills of ids, in the order they are run; none named is all.
func chosen(ids []string) (out []Drill, unknown string) {
	for _, d := range All() {
		if len(ids) == 0 || slices.Contains(ids, d.ID) {
			out = append(out, d)
		}
	}
	for _, id := range ids {
		if _, ok := Find(id); !ok {
			return nil, id
		}
	}
	return out, ""
}

// gaps are the proofs of a drill that was not done: why, for each of its rules.
func (d Drill) gaps(at review.Place, why, how review.Text) (out []review.Proof) {
	for _, rule := range d.Rules {
		out = append(out, review.Of(rule, review.Outcome{Status: review.NotExamined, Place: at, Observed: why, Todo: how}))
	}
	return out
}

// notAsked is why a drill could not be done, and what would let it.
type notAsked struct{ why, how review.Text }

func (e *notAsked) Error() string { return e.why.EN }

func cannot(why, how review.Text) error { return &notAsked{why, how} }

// again is the advice to run a drill.
func again(ids ...string) review.Text {
	list := strings.Join(ids, ",")
	return review.Say("hatoba review --service NAME --drill=%s", "hatoba review --service 名前 --drill=%s", list)
}
