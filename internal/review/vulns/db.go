// Package vulns matches packages against a vulnerability database that the
// operator points at: OSV records, or the database of Trivy. It fetches nothing.
package vulns

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/inventory"
)

// DB is an opened database.
type DB struct {
	name    string
	records records
}

// records are one format's advisories.
type records interface {
	// match adds to each item what is known of it, and gives the date of the data.
	match(items []*item) (time.Time, error)
	close() error
}

// item is a package to be matched.
type item struct {
	from review.Part
	pkg  inventory.Package

	covered bool // the database knows its ecosystem
	odd     int  // advisories that could not be compared with its version
	hits    []hit
}

// hit is one advisory that speaks of a package's version.
type hit struct {
	id       string
	fixed    string
	severity string
}

// version is what advisories of its ecosystem compare: in distributions that
// build several packages from one source, the source's.
func (i *item) version() string {
	if (i.pkg.Type == inventory.Deb || i.pkg.Type == inventory.APK) && i.pkg.SourceVersion != "" {
		return i.pkg.SourceVersion
	}
	return i.pkg.Version
}

// name is what advisories call the package.
func (i *item) name() string {
	switch i.pkg.Type {
	case inventory.Deb, inventory.APK:
		return cmp.Or(i.pkg.Source, i.pkg.Name)
	case inventory.PyPI:
		return inventory.PythonName(i.pkg.Name)
	case inventory.Composer:
		return strings.ToLower(i.pkg.Name)
	}
	return i.pkg.Name
}

// Open opens OSV records (a folder or a zip of them, or one file) or Trivy's
// database (trivy.db, or the folder that has it and its metadata.json).
func Open(path string) (*DB, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("vulnerability database: %w", err)
	}
	db := &DB{name: path}
	for _, inner := range []string{"trivy.db", "db/trivy.db"} {
		if file := filepath.Join(path, inner); info.IsDir() && exists(file) {
			db.records, err = openTrivy(file)
			return db, err
		}
	}
	switch ext := filepath.Ext(path); {
	case info.IsDir(), ext == ".zip", ext == ".json":
		db.records = &osv{path: path, dir: info.IsDir()}
		return db, nil
	case ext == ".db":
		db.records, err = openTrivy(path)
		return db, err
	}
	return nil, fmt.Errorf("vulnerability database %s: neither OSV records (.json, .zip, a folder) nor Trivy's trivy.db; unpack an archive first", path)
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// Close gives the database back.
func (db *DB) Close() error { return db.records.close() }

// Listed are the packages of one part of the subject.
type Listed struct {
	From     review.Part // image or source
	Packages []inventory.Package
	Gaps     []inventory.Gap
}

// Scan matches packages. What is not matched is in the scan, with why.
func (db *DB) Scan(parts ...Listed) (*review.VulnScan, error) {
	scan := &review.VulnScan{DB: db.name}
	var items []*item
	for _, part := range parts {
		scan.Looked = append(scan.Looked, part.From)
		for _, p := range part.Packages {
			items = append(items, &item{from: part.From, pkg: p})
		}
		for _, g := range part.Gaps {
			scan.Packages = append(scan.Packages, unlisted(part.From, g, parts))
		}
	}
	date, err := db.records.match(items)
	if err != nil {
		return nil, fmt.Errorf("vulnerability database %s: %w", db.name, err)
	}
	scan.Date = date
	scan.Packages = append(counts(items), scan.Packages...)
	for _, i := range items {
		scan.Vulns = append(scan.Vulns, i.vulns()...)
	}
	slices.SortStableFunc(scan.Vulns, func(a, b review.Vuln) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Package, b.Package), cmp.Compare(a.Installed, b.Installed),
			cmp.Compare(a.Place.File, b.Place.File), cmp.Compare(a.Place.Line, b.Place.Line), cmp.Compare(a.ID, b.ID))
	})
	return scan, nil
}

// unlisted tells of what the inventory could not list. Versions that the source
// leaves open are no gap where the image's own packages are matched.
func unlisted(from review.Part, g inventory.Gap, parts []Listed) review.Scanned {
	out := review.Scanned{From: from, Type: g.Type, OS: inventory.OS(g.Type), Place: review.Place{File: g.Path}}
	for _, part := range parts {
		if g.Loose && part.From == review.PartImage && slices.ContainsFunc(part.Packages, func(p inventory.Package) bool { return p.Type == g.Type }) {
			out.Note = review.Text{EN: g.Path + " " + g.Why.EN + "; the " + g.Type + " packages of the image are matched instead",
				JA: g.Path + ": " + g.Why.JA + "。代わりにイメージの " + g.Type + " パッケージを照合した"}
			return out
		}
	}
	out.Why = review.Text{EN: g.Path + " " + g.Why.EN, JA: g.Path + ": " + g.Why.JA}
	if g.Loose {
		out.How = review.Say("write a lock file, or give the built image with --image", "ロックファイルを作るか、ビルドしたイメージを --image で指定してください")
	} else {
		out.How = review.Say("give another tool's result with --evidence", "他のツールの結果を --evidence で指定してください")
	}
	return out
}

// vulns are an item's hits, each vulnerability once: several sources tell of it
// under their own names.
func (i *item) vulns() (out []review.Vuln) {
	known := map[string]int{}
	for _, h := range i.hits {
		if at, again := known[h.id]; again {
			out[at].Fixed, out[at].Severity = cmp.Or(out[at].Fixed, h.fixed), cmp.Or(out[at].Severity, h.severity)
			continue
		}
		known[h.id] = len(out)
		out = append(out, review.Vuln{ID: h.id, From: i.from, Type: i.pkg.Type, OS: inventory.OS(i.pkg.Type), Package: i.pkg.Name,
			Installed: i.pkg.Version, Fixed: h.fixed, Severity: h.severity, Place: review.Place{File: i.pkg.Path, Line: i.pkg.Line}})
	}
	return out
}
