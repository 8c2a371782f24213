package report

import (
	"io"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

// Drill is a drill as it is explained.
type Drill struct {
	ID          string
	Title, Does review.Text
	Takes       string
	Rules       []string
}

// ExplainDrill writes up what a drill does and what it proves.
func ExplainDrill(w io.Writer, d Drill, find func(id string) *review.Rule, opt Options) error {
	t := &terminal{Options: opt}
	t.para(t.paint(bold, d.ID)+"  ", "  ", d.Title.In(opt.Lang))
	t.WriteByte('\n')
	say := func(en, ja string) string { return review.Text{EN: en, JA: ja}.In(opt.Lang) }
	for _, row := range [][2]string{
		{say("takes", "所要時間"), d.Takes}, {say("run it", "実行"), "hatoba review --service NAME --drill=" + d.ID}, {say("page", "ページ"), "https://github.com/hatoba/hatoba/blob/main/docs/drills.md"},
	} {
		t.para("  "+t.paint(dim, pad(row[0], 14))+" ", strings.Repeat(" ", 17), row[1])
	}
	t.head(say("What it does", "何をするか"))
	t.para("  ", "  ", d.Does.In(opt.Lang))
	t.head(say("What it proves", "何を証明するか"))
	for _, id := range d.Rules {
		if r := find(id); r != nil {
			t.para("  "+t.paint(bold, pad(id, 8))+" ", strings.Repeat(" ", 11), r.Title.In(opt.Lang))
		}
	}
	_, err := w.Write(t.Bytes())
	return err
}
