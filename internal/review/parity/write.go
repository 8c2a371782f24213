package parity

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/hatoba/hatoba/internal/review"
)

// Verdict of a comparison: alike is ready, a difference in shape or image is
// not, and a tag that both use leaves it unknown.
func Verdict(all []Difference) review.Verdict {
	verdict := review.Ready
	for _, d := range all {
		switch d.Class {
		case Shape, Image:
			return review.NotReady
		case Unproven:
			verdict = review.Unknown
		}
	}
	return verdict
}

// Text writes the differences for a person.
func Text(w io.Writer, all []Difference, lang review.Lang) error {
	sections := []struct {
		class Class
		title review.Text
	}{
		{Image, review.Say("Another image runs: what was tested is not what is deployed (IMG-34)", "動くイメージが違う: テストしたものとデプロイするものが別 (IMG-34)")},
		{Shape, review.Say("The shape differs (RLS-03)", "構成が違う (RLS-03)")},
		{Unproven, review.Say("The same tag: name the digest to prove that it is the same image (IMG-34)", "同じタグ: 同じイメージだと示すにはダイジェストで指定する (IMG-34)")},
		{Expected, review.Say("Differs, as environments do (CFG-18)", "環境による違い (CFG-18)")},
	}
	for _, s := range sections {
		first := true
		for _, d := range all {
			if d.Class != s.class {
				continue
			}
			if first {
				if _, err := fmt.Fprintf(w, "%s\n", s.title.In(lang)); err != nil {
					return err
				}
				first = false
			}
			if _, err := fmt.Fprintf(w, "  %s\n    A %s\n    B %s\n", d.Path, side(d.A, d.PlaceA, lang), side(d.B, d.PlaceB, lang)); err != nil {
				return err
			}
		}
	}
	last := map[review.Verdict]review.Text{
		review.Ready:    review.Say("alike: the same image, the same shape", "同等: 同じイメージ、同じ構成"),
		review.NotReady: review.Say("not alike", "同等ではない"),
		review.Unknown:  review.Say("nobody can tell: the images are named by tags", "判定できない: イメージがタグで指定されている"),
	}[Verdict(all)]
	_, err := fmt.Fprintln(w, last.In(lang))
	return err
}

func side(text string, place review.Place, lang review.Lang) string {
	if place.File == "" {
		return review.Say("(not there)", "(なし)").In(lang)
	}
	return fmt.Sprintf("%s  (%s)", text, place)
}

// JSON writes the differences for a program.
func JSON(w io.Writer, all []Difference) error {
	if all == nil {
		all = []Difference{}
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(struct {
		Version     int            `json:"version"`
		Verdict     review.Verdict `json:"verdict"`
		Differences []Difference   `json:"differences"`
	}{1, Verdict(all), all})
}
