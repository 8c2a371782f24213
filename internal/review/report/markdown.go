package report

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

// maxComment is a little less than what code hosts take as one comment.
const maxComment = 60_000

// writeMarkdown writes a comment for a pull request: the verdict and the
// findings to be seen, the rest to be opened.
func writeMarkdown(w io.Writer, r *review.Report, opt Options) error {
	var b bytes.Buffer
	sign := map[review.Verdict]string{review.Ready: "✅", review.NotReady: "❌", review.Unknown: "❔"}[r.Verdict]
	fmt.Fprintf(&b, "## %s hatoba review: %s\n\n%s\n", sign, word(string(r.Verdict), opt.Lang), counts(r.Count, opt.Lang))
	for _, c := range chapters(r.Results) {
		headed := false
		for i, res := range c.Results {
			if !finding(res) {
				continue
			}
			if b.Len() > maxComment {
				fmt.Fprintf(&b, "\n%s\n", word("more", opt.Lang, countFindings(c.Results[i:])))
				break
			}
			if !headed {
				fmt.Fprintf(&b, "\n### %s\n", c.Pillar.Name().In(opt.Lang))
				headed = true
			}
			markdownFinding(&b, r, res, opt.Lang)
		}
	}
	for _, section := range []func(*bytes.Buffer, *review.Report, Options){markdownGaps, markdownWaived, markdownPasses, markdownNotes} {
		var s bytes.Buffer
		if section(&s, r, opt); b.Len()+s.Len() <= maxComment {
			b.Write(s.Bytes())
		}
	}
	if n := next(r); !n.IsZero() {
		fmt.Fprintf(&b, "\n**%s**: %s\n", word("next", opt.Lang), code(n.In(opt.Lang)))
	}
	_, err := w.Write(b.Bytes())
	return err
}

func countFindings(results []review.Result) (n int) {
	for _, r := range results {
		if finding(r) {
			n++
		}
	}
	return n
}

func markdownFinding(b *bytes.Buffer, r *review.Report, res review.Result, lang review.Lang) {
	id := "**" + markdownText(res.Rule.ID) + "**"
	if page := res.Rule.Page(); page != "" {
		id = "[" + id + "](" + page + ")"
	}
	fmt.Fprintf(b, "\n- %s %s · %s", id, word(res.Severity.String(), lang), markdownText(res.Rule.Title.In(lang)))
	if res.Severity < r.FailOn {
		fmt.Fprintf(b, " _(%s)_", word("below", lang, word(r.FailOn.String(), lang)))
	}
	b.WriteByte('\n')
	n := 0
	var advice []string
	for _, o := range res.Outcomes {
		if o.Status != review.Fail {
			continue
		}
		if n++; n > maxOutcomes {
			continue
		}
		b.WriteString("  - ")
		if at := o.Place.String(); at != "" {
			fmt.Fprintf(b, "%s ", code(at))
		}
		b.WriteString(markdownText(o.Observed.In(lang)))
		if o.Waived != nil {
			fmt.Fprintf(b, " _(%s)_", markdownText(waivedUntil(o.Waived, lang)))
		}
		b.WriteByte('\n')
		if how := todo(res, o).In(lang); how != "" && (len(advice) == 0 || advice[len(advice)-1] != how) {
			advice = append(advice, how)
		}
	}
	if n > maxOutcomes {
		fmt.Fprintf(b, "  - %s\n", word("more", lang, n-maxOutcomes))
	}
	for _, how := range advice {
		fmt.Fprintf(b, "  - → %s\n", markdownText(how))
	}
}

// fold writes a part that is opened by a click.
func fold(b *bytes.Buffer, title string, body string) {
	if body != "" {
		fmt.Fprintf(b, "\n<details><summary>%s</summary>\n\n%s\n</details>\n", title, body)
	}
}

func markdownGaps(b *bytes.Buffer, r *review.Report, opt Options) {
	var s strings.Builder
	for _, g := range gaps(r.Results) {
		fmt.Fprintf(&s, "- %s\n  - %s\n", markdownText(g.Why.In(opt.Lang)), strings.Join(g.Rules, ", "))
		if how := g.How.In(opt.Lang); how != "" {
			fmt.Fprintf(&s, "  - → %s\n", markdownText(how))
		}
	}
	fold(b, fmt.Sprintf("%s (%d)", word("unexamined", opt.Lang), r.Count.NotExamined), s.String())
}

func markdownWaived(b *bytes.Buffer, r *review.Report, opt Options) {
	var s strings.Builder
	for _, res := range r.Results {
		if res.Waived != nil {
			fmt.Fprintf(&s, "- %s %s\n  - %s\n", markdownText(res.Rule.ID), markdownText(res.Rule.Title.In(opt.Lang)), markdownText(waivedUntil(res.Waived, opt.Lang)))
		}
	}
	fold(b, fmt.Sprintf("%s (%d)", word("waived", opt.Lang), r.Count.Waived), s.String())
}

func markdownPasses(b *bytes.Buffer, r *review.Report, opt Options) {
	var s strings.Builder
	for _, res := range r.Results {
		if res.Status != review.Pass {
			continue
		}
		fmt.Fprintf(&s, "- %s %s\n", markdownText(res.Rule.ID), markdownText(res.Rule.Title.In(opt.Lang)))
		for _, o := range res.Outcomes {
			if opt.Verbose {
				fmt.Fprintf(&s, "  - %s\n", markdownText(strings.TrimSpace(o.Place.String()+" "+o.Observed.In(opt.Lang))))
			}
		}
	}
	fold(b, fmt.Sprintf("%s (%d)", word("passed", opt.Lang), r.Count.Pass), s.String())
}

func markdownNotes(b *bytes.Buffer, r *review.Report, opt Options) {
	for _, n := range r.Notes {
		var s strings.Builder
		for _, line := range n.Lines {
			fmt.Fprintf(&s, "- %s\n", markdownText(line.In(opt.Lang)))
		}
		fold(b, html.EscapeString(printable(n.Title.In(opt.Lang))), s.String())
	}
}

// escaped are the characters that mean something in Markdown.
var escaped = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "|", `\|`, "~", `\~`, "#", `\#`,
	"!", `\!`, "<", "&lt;", ">", "&gt;", "&", "&amp;", "@", "@\u200b") // nobody is called by a name in a file

// markdownText is plain text as Markdown.
func markdownText(s string) string { return escaped.Replace(printable(s)) }

// code is a code span whatever the text has in it.
func code(s string) string {
	s = printable(s)
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		return fence + " " + s + " " + fence
	}
	return fence + s + fence
}
