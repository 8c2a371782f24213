package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

// maxOutcomes is how many places of one finding are shown at once.
const maxOutcomes = 10

// Colours by what is said; never the only sign of it.
const (
	red, green, yellow, blue, dim, bold = "31", "32", "33", "34", "2", "1"
)

type terminal struct {
	bytes.Buffer
	Options
}

func writeTerminal(w io.Writer, r *review.Report, opt Options) error {
	t := &terminal{Options: opt}
	t.verdict(r)
	t.inputs(r)
	for _, c := range chapters(r.Results) {
		t.chapter(r, c)
	}
	t.gaps(r)
	for _, n := range r.Notes {
		t.head(n.Title.In(t.Lang))
		for _, line := range n.Lines {
			t.para("  ", "  ", line.In(t.Lang))
		}
	}
	t.WriteByte('\n')
	t.verdict(r)
	if n := next(r); !n.IsZero() {
		t.para(word("next", t.Lang)+": ", "  ", n.In(t.Lang))
	}
	_, err := w.Write(t.Bytes())
	return err
}

func (t *terminal) paint(colour, s string) string {
	if !t.Color {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}

// para writes a text behind a first prefix, and its further lines behind the
// other. Prefixes are ours, the text may be anybody's.
func (t *terminal) para(first, rest, text string) {
	width := 0
	if t.Width > 0 {
		width = max(t.Width-columns(rest), 20)
	}
	for i, line := range wrap(printable(text), width) {
		if i == 0 {
			fmt.Fprintf(t, "%s%s\n", first, line)
		} else {
			fmt.Fprintf(t, "%s%s\n", rest, line)
		}
	}
}

func (t *terminal) head(s string) { fmt.Fprintf(t, "\n%s\n", t.paint(bold, printable(s))) }

func (t *terminal) verdict(r *review.Report) {
	colour := map[review.Verdict]string{review.Ready: green, review.NotReady: red, review.Unknown: yellow}[r.Verdict]
	fmt.Fprintf(t, "%s — %s\n", t.paint(bold+";"+colour, word(string(r.Verdict), t.Lang)), counts(r.Count, t.Lang))
}

func (t *terminal) inputs(r *review.Report) {
	for _, i := range r.Inputs {
		name := i.Name
		if !i.Read {
			if name != "" {
				name += ": "
			}
			if name += i.Why.In(t.Lang); name == "" {
				name = word("notgiven", t.Lang)
			}
		}
		t.para("  "+t.paint(dim, pad(string(i.Part), 11)), strings.Repeat(" ", 13), name)
	}
	if len(r.Scope) > 0 {
		fmt.Fprintf(t, "  %s: %s\n", word("scope", t.Lang), strings.Trim(fmt.Sprint(r.Scope), "[]"))
	}
}

func (t *terminal) chapter(r *review.Report, c chapter) {
	t.head(c.Pillar.Name().In(t.Lang))
	passes, waiting := 0, 0
	for _, res := range c.Results {
		switch {
		case finding(res):
			t.finding(r, res)
		case res.Waived != nil:
			t.line(yellow, "~", "waived", res)
			t.para("      ", "      ", waivedUntil(res.Waived, t.Lang))
			t.outcomes(res, review.Fail)
		case res.Status == review.NotExamined:
			waiting++
			if t.Verbose {
				t.line(yellow, "?", "unexamined", res)
				t.outcomes(res, review.NotExamined)
				t.outcomes(res, review.Pass)
			}
		default:
			passes++
			if t.Verbose {
				t.line(green, "✓", "pass", res)
				t.outcomes(res, review.Pass)
			}
		}
	}
	if !t.Verbose && passes > 0 {
		fmt.Fprintf(t, "  %s %d %s\n", t.paint(green, "✓"), passes, word("passed", t.Lang))
	}
	if !t.Verbose && waiting > 0 {
		fmt.Fprintf(t, "  %s %d %s\n", t.paint(yellow, "?"), waiting, word("unexamined", t.Lang))
	}
}

func (t *terminal) line(colour, sign, status string, res review.Result) {
	t.para(fmt.Sprintf("  %s %s %s  ", t.paint(colour, sign), t.paint(colour, pad(word(status, t.Lang), 12)), t.paint(bold, res.Rule.ID)),
		strings.Repeat(" ", 19+columns(res.Rule.ID)), res.Rule.Title.In(t.Lang))
}

func (t *terminal) finding(r *review.Report, res review.Result) {
	colour := map[review.Severity]string{review.High: red, review.Medium: yellow, review.Low: blue, review.Info: dim}[res.Severity]
	t.line(colour, "✗", res.Severity.String(), res)
	if res.Severity < r.FailOn {
		fmt.Fprintf(t, "      %s\n", word("below", t.Lang, word(r.FailOn.String(), t.Lang)))
	}
	t.outcomes(res, review.Fail)
	if page := res.Rule.Page(); page != "" {
		fmt.Fprintf(t, "      %s\n", t.paint(dim, page))
	}
}
