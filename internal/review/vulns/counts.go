package vulns

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/inventory"
)

// sort is one sort of packages; those of a distribution are its own.
type sort struct {
	from   review.Part
	kind   string
	distro inventory.Distro
}

// counts tells of each sort how many were matched and which were not, and why.
func counts(items []*item) (out []review.Scanned) {
	matched, unmatched, odd := map[sort]int{}, map[sort]int{}, map[sort][]string{}
	var sorts []sort
	for _, i := range items {
		s := sort{i.from, i.pkg.Type, i.pkg.Distro}
		if !slices.Contains(sorts, s) {
			sorts = append(sorts, s)
		}
		switch {
		case !i.covered:
			unmatched[s]++
		default:
			matched[s]++
		}
		if i.odd > 0 {
			odd[s] = append(odd[s], i.pkg.Name+" "+i.pkg.Version)
		}
	}
	slices.SortFunc(sorts, func(a, b sort) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.kind, b.kind), cmp.Compare(a.distro.ID, b.distro.ID), cmp.Compare(a.distro.Version, b.distro.Version))
	})
	for _, s := range sorts {
		base := review.Scanned{From: s.from, Type: s.kind, OS: inventory.OS(s.kind)}
		if n := matched[s]; n > 0 {
			yes := base
			yes.Count = n
			out = append(out, yes)
		}
		if n := unmatched[s]; n > 0 {
			no := base
			no.Count = n
			what := s.kind
			if no.OS {
				what = strings.TrimSpace(cmp.Or(s.distro.ID, "an unknown distribution") + " " + s.distro.Version)
			}
			no.Why = review.Say("%d packages: the database has nothing that Hatoba can match on %s", "%[1]d 個のパッケージ: データベースに %[2]s と照合できる情報がない", n, what)
			no.How = review.Say("give a database that covers it, or another tool's result with --evidence", "対応するデータベースか、他のツールの結果(--evidence)を指定してください")
			out = append(out, no)
		}
		if names := odd[s]; len(names) > 0 {
			no := base
			no.Count = len(names)
			shown := strings.Join(names[:min(len(names), 3)], ", ")
			if len(names) > 3 {
				shown += fmt.Sprintf(" +%d", len(names)-3)
			}
			no.Why = review.Say("advisories could not be compared with the versions of %d packages: %s", "%d 個のパッケージは、勧告とバージョンを比べられない: %s", len(names), shown)
			no.How = review.Say("look these up by hand, or give another tool's result with --evidence", "手で調べるか、他のツールの結果(--evidence)を指定してください")
			out = append(out, no)
		}
	}
	return out
}
