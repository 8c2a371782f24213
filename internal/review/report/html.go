package report

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"io"

	"github.com/hatoba/hatoba/internal/review"
)

// The page is one file: it asks for nothing, and its policy allows nothing but
// its own style and script. Both languages are in it; a switch, not a reload,
// changes them.
//
//go:embed page
var pageFiles embed.FS

type htmlPage struct {
	*review.Report
	Lang          review.Lang
	Style, Script template.HTML
	Policy        string
	Sign          string
	Bar           []htmlBar
	Factors       []htmlFactor
	Matrix        []htmlRow
	Chapters      []htmlChapter
	Gaps          []gap
	Next          review.Text
}

func writeHTML(w io.Writer, r *review.Report, opt Options) error {
	read := func(name string) (string, error) {
		b, err := pageFiles.ReadFile("page/" + name)
		return string(b), err
	}
	style, err := read("style.css")
	if err != nil {
		return err
	}
	script, err := read("script.js")
	if err != nil {
		return err
	}
	lang := opt.Lang
	if lang != review.Japanese {
		lang = review.English
	}
	p := htmlPage{Report: r, Lang: lang, Bar: bar(r.Count), Factors: htmlFactors(), Gaps: gaps(r.Results), Next: next(r),
		Style: template.HTML("<style>" + style + "</style>"), Script: template.HTML("<script>" + script + "</script>"),
		Policy: "default-src 'none'; style-src '" + hash(style) + "'; script-src '" + hash(script) + "'; base-uri 'none'; form-action 'none'",
		Sign:   map[review.Verdict]string{review.Ready: "✓", review.NotReady: "✗", review.Unknown: "?"}[r.Verdict]}
	p.Matrix, p.Chapters = matrix(r), htmlChapters(r)
	t, err := template.New("page.html").Funcs(template.FuncMap{
		"t":     bilingual,
		"w":     func(key string) template.HTML { return bilingual(said[key]) },
		"clean": printable,
		"text":  func(en, ja string) review.Text { return review.Text{EN: en, JA: ja} },
		"waiver": func(w *review.Waiver) template.HTML {
			return bilingual(review.Text{EN: waivedUntil(w, review.English), JA: waivedUntil(w, review.Japanese)})
		},
		"counts": func(n review.Count) template.HTML {
			return bilingual(review.Text{EN: counts(n, review.English), JA: counts(n, review.Japanese)})
		},
		"below": func(bar review.Severity) template.HTML {
			return bilingual(review.Text{EN: word("below", review.English, word(bar.String(), review.English)),
				JA: word("below", review.Japanese, word(bar.String(), review.Japanese))})
		},
		"severity": func(s review.Severity) template.HTML { return bilingual(said[s.String()]) },
	}).ParseFS(pageFiles, "page/page.html")
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// bilingual is a text in both languages, escaped; the style shows one.
func bilingual(t review.Text) template.HTML {
	en, ja := template.HTMLEscapeString(printable(t.EN)), template.HTMLEscapeString(printable(t.JA))
	if en == ja || ja == "" {
		return template.HTML(en)
	}
	return template.HTML(`<span class="en" lang="en">` + en + `</span><span class="ja" lang="ja">` + ja + `</span>`)
}
