package report

import (
	"fmt"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

// outcomes shows those of a status, and behind each run of the same advice that
// advice once.
func (t *terminal) outcomes(res review.Result, status review.Status) {
	shown, last := 0, review.Text{}
	advise := func() {
		if status != review.Pass && !last.IsZero() && res.Waived == nil {
			t.para("      → ", "        ", last.In(t.Lang))
		}
	}
	total := 0
	for _, o := range res.Outcomes {
		if o.Status != status {
			continue
		}
		if total++; shown >= maxOutcomes && !t.Verbose {
			continue
		}
		if how := todo(res, o); how != last {
			advise()
			last = how
		}
		shown++
		t.outcome(res, o)
	}
	if total > shown {
		fmt.Fprintf(t, "      %s\n", word("more", t.Lang, total-shown))
	}
	advise()
}

func (t *terminal) outcome(res review.Result, o review.Outcome) {
	text := o.Observed.In(t.Lang)
	if o.Waived != nil && res.Waived == nil {
		text += " [" + waivedUntil(o.Waived, t.Lang) + "]"
	}
	if at := o.Place.String(); at != "" {
		t.para("      ", "        ", at+"  "+text)
		return
	}
	t.para("      ", "        ", text)
}

func (t *terminal) gaps(r *review.Report) {
	all := gaps(r.Results)
	if len(all) == 0 {
		return
	}
	t.head(word("gaps", t.Lang))
	for _, g := range all {
		t.para("  "+t.paint(yellow, "?")+" ", "    ", g.Why.In(t.Lang))
		t.para("    ", "    ", strings.Join(g.Rules, " "))
		if how := g.How.In(t.Lang); how != "" {
			t.para("    → ", "      ", how)
		}
	}
}
