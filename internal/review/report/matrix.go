package report

import "github.com/hatoba/hatoba/internal/review"

type htmlBar struct {
	Kind string
	X, W int // of a thousand
}

type htmlFactor struct {
	Number int // 0: the rules without a factor
	Roman  string
	Name   review.Text
}

type htmlRow struct {
	Pillar review.Pillar
	Name   review.Text
	Cells  []htmlCell
	Any    bool // it has results, and so a chapter
}

type htmlCell struct {
	Pillar                    review.Pillar
	Factor                    htmlFactor
	Fail, Gap, Waived, Passed int
}

// Kind is the worst there is in a cell.
func (c htmlCell) Kind() string {
	switch {
	case c.Fail > 0:
		return "fail"
	case c.Gap > 0:
		return "gap"
	case c.Waived > 0:
		return "waived"
	case c.Passed > 0:
		return "pass"
	}
	return "none"
}

type htmlChapter struct {
	chapter
	Name    review.Text
	Count   htmlCell
	Results []htmlResult
}

type htmlResult struct {
	review.Result
	Kind     string // fail, gap, waived, pass
	Below    bool   // a finding that does not count
	Outcomes []htmlOutcome
}

type htmlOutcome struct {
	review.Outcome
	Kind string
	Todo review.Text // empty where the one before says the same
}

func bar(n review.Count) (out []htmlBar) {
	total, x := n.Fail+n.NotExamined+n.Waived+n.Pass, 0
	for _, part := range []struct {
		kind string
		n    int
	}{{"fail", n.Fail}, {"gap", n.NotExamined}, {"waived", n.Waived}, {"pass", n.Pass}} {
		if part.n > 0 {
			w := part.n * 1000 / total
			out = append(out, htmlBar{part.kind, x, w})
			x += w
		}
	}
	return out
}

func htmlFactors() (out []htmlFactor) {
	for f := review.Codebase; f <= review.AdminProcesses; f++ {
		out = append(out, htmlFactor{int(f), f.Roman(), f.Name()})
	}
	return append(out, htmlFactor{0, "–", review.Text{EN: "No factor", JA: "該当なし"}})
}

func kind(r review.Result) string {
	switch {
	case r.Waived != nil:
		return "waived"
	case r.Status == review.Fail:
		return "fail"
	case r.Status == review.NotExamined:
		return "gap"
	}
	return "pass"
}

func (c *htmlCell) add(kind string) {
	switch kind {
	case "fail":
		c.Fail++
	case "gap":
		c.Gap++
	case "waived":
		c.Waived++
	default:
		c.Passed++
	}
}

// matrix counts the results by pillar and factor. A rule with two factors counts
// in both columns.
func matrix(r *review.Report) (out []htmlRow) {
	for _, p := range review.Pillars() {
		row := htmlRow{Pillar: p, Name: p.Name()}
		for _, f := range htmlFactors() {
			cell := htmlCell{Pillar: p, Factor: f}
			for _, res := range r.Results {
				if res.Rule.Pillar == p && has(res.Rule, f.Number) {
					cell.add(kind(res))
				}
			}
			row.Any = row.Any || cell.Kind() != "none"
			row.Cells = append(row.Cells, cell)
		}
		out = append(out, row)
	}
	return out
}

func has(r *review.Rule, factor int) bool {
	for _, f := range r.Factors {
		if int(f) == factor {
			return true
		}
	}
	return factor == 0 && len(r.Factors) == 0
}

func htmlChapters(r *review.Report) (out []htmlChapter) {
	for _, c := range chapters(r.Results) {
		h := htmlChapter{chapter: c, Name: c.Pillar.Name(), Count: htmlCell{Pillar: c.Pillar}}
		for _, res := range c.Results {
			one := htmlResult{Result: res, Kind: kind(res), Below: finding(res) && res.Severity < r.FailOn}
			h.Count.add(one.Kind)
			var last review.Text
			for _, o := range res.Outcomes {
				shown := htmlOutcome{Outcome: o, Kind: kind(review.Result{Status: o.Status, Waived: o.Waived})}
				if how := todo(res, o); o.Status != review.Pass && how != last {
					shown.Todo, last = how, how
				}
				one.Outcomes = append(one.Outcomes, shown)
			}
			h.Results = append(h.Results, one)
		}
		out = append(out, h)
	}
	return out
}
