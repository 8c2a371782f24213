package examine

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/inventory"
	"github.com/hatoba/hatoba/internal/review/vulns"
)

// bill is what is in the image and in the source, by package.
type bill struct {
	image, source    []inventory.Package
	gaps, sourceGaps []inventory.Gap
	digest           string
}

// scan matches the packages with the operator's database.
func scan(req Request, s *review.Subject, b *bill) error {
	if req.VulnDB == "" {
		return nil
	}
	db, err := vulns.Open(req.VulnDB)
	if err != nil {
		return err
	}
	defer db.Close()
	var parts []vulns.Listed
	if s.Image.OK {
		parts = append(parts, vulns.Listed{From: review.PartImage, Packages: b.image, Gaps: b.gaps})
	}
	if s.Source.OK {
		parts = append(parts, vulns.Listed{From: review.PartSource, Packages: b.source, Gaps: b.sourceGaps})
	}
	found, err := db.Scan(parts...)
	if err != nil {
		return err
	}
	s.Vulns = review.Have(found)
	return nil
}

// write writes the bill of materials: the image's, or the source's where no
// image was given.
func (b *bill) write(w io.Writer, req Request, s *review.Subject) error {
	of := inventory.Subject{Name: req.Source, Time: req.Now, Hatoba: req.Version}
	packages := b.source
	if s.Image.OK {
		of.Name, of.Version, of.Image, packages = req.Image, b.digest, true, b.image
	} else if !s.Source.OK {
		return fmt.Errorf("an inventory is asked for, and neither an image nor a source folder was read")
	}
	return inventory.CycloneDX(w, packages, of)
}

// note tells the inventory in numbers.
func (b *bill) note() []review.Note {
	var lines []review.Text
	for _, list := range []struct {
		en, ja   string
		packages []inventory.Package
		gaps     []inventory.Gap
	}{{"image", "イメージ", b.image, b.gaps}, {"source", "ソース", b.source, b.sourceGaps}} {
		counts := map[string]int{}
		for _, p := range list.packages {
			counts[p.Type]++
		}
		var words []string
		for _, kind := range slices.Sorted(maps.Keys(counts)) {
			words = append(words, fmt.Sprintf("%d %s", counts[kind], kind))
		}
		if len(words) > 0 {
			lines = append(lines, review.Text{EN: list.en + ": " + strings.Join(words, ", "), JA: list.ja + ": " + strings.Join(words, ", ")})
		}
		for _, g := range list.gaps {
			lines = append(lines, review.Text{EN: list.en + ": " + g.Path + " " + g.Why.EN, JA: list.ja + ": " + g.Path + " " + g.Why.JA})
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return []review.Note{{Title: review.Say("Packages", "パッケージ"), Lines: lines}}
}
