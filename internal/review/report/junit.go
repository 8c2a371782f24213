package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name      string      `xml:"name,attr"`
	Tests     int         `xml:"tests,attr"`
	Failures  int         `xml:"failures,attr"`
	Errors    int         `xml:"errors,attr"`
	Skipped   int         `xml:"skipped,attr"`
	Timestamp string      `xml:"timestamp,attr"`
	Cases     []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string     `xml:"classname,attr"`
	Name    string     `xml:"name,attr"`
	File    string     `xml:"file,attr,omitempty"`
	Line    int        `xml:"line,attr,omitempty"`
	Failure *junitText `xml:"failure"`
	Skipped *junitText `xml:"skipped"`
	Out     string     `xml:"system-out,omitempty"`
}

type junitText struct {
	Type    string `xml:"type,attr,omitempty"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// writeJUnit writes a suite per pillar and a case per rule. What was not
// examined, or is waived, is skipped and says why; a finding below the level
// that counts is told in system-out and does not turn the pipeline red.
func writeJUnit(w io.Writer, r *review.Report, opt Options) error {
	all := junitSuites{Name: "hatoba review"}
	for _, c := range chapters(r.Results) {
		s := junitSuite{Name: c.Pillar.Name().In(opt.Lang), Timestamp: r.At.UTC().Format("2006-01-02T15:04:05")}
		for _, res := range c.Results {
			j := junitOf(r, res, opt.Lang)
			s.Tests++
			if j.Failure != nil {
				s.Failures++
			}
			if j.Skipped != nil {
				s.Skipped++
			}
			s.Cases = append(s.Cases, j)
		}
		all.Tests, all.Failures, all.Skipped = all.Tests+s.Tests, all.Failures+s.Failures, all.Skipped+s.Skipped
		all.Suites = append(all.Suites, s)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func junitOf(r *review.Report, res review.Result, lang review.Lang) junitCase {
	j := junitCase{Class: "hatoba.review." + string(res.Rule.Pillar), Name: res.Rule.ID + " " + res.Rule.Title.In(lang)}
	var lines []string
	first := ""
	for _, o := range res.Outcomes {
		text := strings.TrimSpace(o.Place.String() + " " + o.Observed.In(lang))
		if o.Status != review.Pass {
			if how := todo(res, o).In(lang); how != "" {
				text += "\n  → " + how
			}
		}
		if o.Status == res.Status && first == "" {
			first, j.Line = o.Observed.In(lang), o.Place.Line
			if j.Line > 0 {
				j.File = o.Place.File
			}
		}
		lines = append(lines, fmt.Sprintf("[%s] %s", word(string(o.Status), lang), text))
	}
	if page := res.Rule.Page(); page != "" && res.Status != review.Pass {
		lines = append(lines, page)
	}
	body := strings.Join(lines, "\n")
	switch {
	case res.Waived != nil:
		j.Skipped = &junitText{Message: waivedUntil(res.Waived, lang), Text: body}
	case res.Status == review.NotExamined:
		j.Skipped = &junitText{Message: word("unexamined", lang) + ": " + first, Text: body}
	case res.Status == review.Fail && res.Severity >= r.FailOn:
		j.Failure = &junitText{Type: res.Severity.String(), Message: first, Text: body}
	case res.Status == review.Fail:
		j.Out = word("finding", lang) + " (" + word("below", lang, word(r.FailOn.String(), lang)) + ")\n" + body
	default:
		j.Out = body
	}
	return j
}
