package vulns

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/inventory"
)

// Made-up records in the form of OSV.
var madeUp = map[string]string{
	"GHSA-aaaa.json": `{"id": "GHSA-aaaa", "modified": "2026-11-02T00:00:00Z", "aliases": ["CVE-2026-1"], "database_specific": {"severity": "MODERATE"},
 "affected": [{"package": {"ecosystem": "npm", "name": "left"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "2.0.0"}, {"fixed": "2.0.5"}, {"introduced": "0"}, {"fixed": "1.0.2"}]}]}]}`,
	"npm/GHSA-same.json": `{"id": "PYSEC-same", "modified": "2026-11-01T00:00:00Z", "aliases": ["CVE-2026-1"],
 "affected": [{"package": {"ecosystem": "npm", "name": "left"}, "versions": ["1.0.1"]}]}`,
	"GO-1.json": `{"id": "GO-2026-1", "modified": "2026-11-03T00:00:00Z", "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
 "affected": [{"package": {"ecosystem": "Go", "name": "stdlib"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.25.4"}, {"introduced": "1.26.0-0"}, {"fixed": "1.26.1"}]}]}]}`,
	"DEBIAN-1.json": `{"id": "DEBIAN-CVE-2026-2", "modified": "2026-11-03T00:00:00Z", "upstream": ["CVE-2026-2"],
 "affected": [{"package": {"ecosystem": "Debian:12", "name": "openssl"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.0.2-1"}]}]},
  {"package": {"ecosystem": "Debian:11", "name": "openssl"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]}]}`,
	"DEBIAN-2.json": `{"id": "DEBIAN-CVE-2026-3", "modified": "2026-11-03T00:00:00Z", "upstream": ["CVE-2026-3"],
 "affected": [{"package": {"ecosystem": "Debian:12", "name": "openssl"}, "ecosystem_specific": {"urgency": "unimportant"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]}]}`,
	"gone.json":    `{"id": "GHSA-gone", "modified": "2026-11-09T00:00:00Z", "withdrawn": "2026-11-09T00:00:00Z", "affected": [{"package": {"ecosystem": "npm", "name": "left"}, "versions": ["1.0.1"]}]}`,
	"PYSEC-1.json": `{"id": "PYSEC-1", "modified": "2026-11-03T00:00:00Z", "affected": [{"package": {"ecosystem": "PyPI", "name": "Acme.Lib"}, "ranges": [{"type": "GIT", "events": [{"introduced": "abc"}]}, {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"last_affected": "1.0"}]}]}]}`,
	"foreign.json": `{"no": "record"}`,
	"list.json":    `["neither"]`,
}

func image() Listed {
	debian := inventory.Distro{ID: "debian", Version: "12"}
	return Listed{From: review.PartImage, Packages: []inventory.Package{
		{Type: inventory.Deb, Name: "libssl3", Version: "3.0.1-1+b2", Source: "openssl", SourceVersion: "3.0.1-1", Distro: debian, Path: "var/lib/dpkg/status", Arch: "amd64"},
		{Type: inventory.Deb, Name: "tzdata", Version: "1", Source: "tzdata", SourceVersion: "1", Distro: debian, Path: "var/lib/dpkg/status"},
		{Type: inventory.Go, Name: "stdlib", Version: "1.25.3", Path: "app"},
		{Type: inventory.Go, Name: "stdlib", Version: "1.26.1", Path: "other"},
		{Type: inventory.PyPI, Name: "acme_lib", Version: "1.0", Path: "x/METADATA"},
		{Type: inventory.PyPI, Name: "acme_lib", Version: "made by hand", Path: "y/METADATA"},
		{Type: inventory.Gem, Name: "rack", Version: "3.0.0", Path: "Gemfile.lock"},
	}, Gaps: []inventory.Gap{{Type: inventory.RPM, Path: "var/lib/rpm/Packages", Why: review.Say("not read", "読まない")}}}
}

func source() Listed {
	return Listed{From: review.PartSource, Packages: []inventory.Package{
		{Type: inventory.NPM, Name: "left", Version: "1.0.1", Path: "package-lock.json", Line: 4},
		{Type: inventory.NPM, Name: "left", Version: "1.0.2", Path: "package-lock.json", Line: 9},
		{Type: inventory.NPM, Name: "left", Version: "2.0.0", Path: "package-lock.json", Line: 12},
	}}
}

func told(s *review.VulnScan) string {
	var b strings.Builder
	fmt.Fprintln(&b, s.Date.Format("2006-01-02"))
	for _, p := range s.Packages {
		fmt.Fprintln(&b, p.From, p.Type, p.Count, p.Why.EN)
	}
	for _, v := range s.Vulns {
		fmt.Fprintln(&b, v.From, v.Package, v.Installed, v.ID, "fixed:", v.Fixed, v.Severity, v.Place)
	}
	return b.String()
}

func scan(t *testing.T, path, want string) {
	t.Helper()
	db, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	got, err := db.Scan(image(), source())
	if err != nil {
		t.Fatal(err)
	}
	if told(got) != strings.TrimLeft(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", told(got), want)
	}
}

const osvWant = `
2026-11-03
image deb 2 
image gem 1 1 packages: the database has nothing that Hatoba can match on gem
image golang 2 
image pypi 2 
image pypi 1 advisories could not be compared with the versions of 1 packages: acme_lib made by hand
source npm 3 
image rpm 0 var/lib/rpm/Packages not read
image acme_lib 1.0 PYSEC-1 fixed:   x/METADATA
image libssl3 3.0.1-1+b2 CVE-2026-2 fixed: 3.0.2-1  var/lib/dpkg/status
image libssl3 3.0.1-1+b2 CVE-2026-3 fixed:  low var/lib/dpkg/status
image stdlib 1.25.3 GO-2026-1 fixed: 1.25.4 critical app
source left 1.0.1 CVE-2026-1 fixed: 1.0.2 medium package-lock.json:4
source left 2.0.0 CVE-2026-1 fixed: 2.0.5 medium package-lock.json:12
`

func TestOSV(t *testing.T) {
	dir := t.TempDir()
	archive := filepath.Join(t.TempDir(), "all.zip")
	file, err := os.Create(archive)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(file)
	for name, text := range madeUp {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(w, text)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	file.Close()
	scan(t, dir, osvWant)
	scan(t, archive, osvWant)
}

func TestTrivy(t *testing.T) {
	dir := t.TempDir()
	db, err := bbolt.Open(filepath.Join(dir, "trivy.db"), 0o644, nil)
	if err != nil {
		t.Fatal(err)
	}
	put := func(path ...string) func(tx *bbolt.Tx) error {
		return func(tx *bbolt.Tx) error {
			b, err := tx.CreateBucketIfNotExists([]byte(path[0]))
			for _, name := range path[1 : len(path)-2] {
				if err == nil {
					b, err = b.CreateBucketIfNotExists([]byte(name))
				}
			}
			if err != nil {
				return err
			}
			return b.Put([]byte(path[len(path)-2]), []byte(path[len(path)-1]))
		}
	}
	for _, row := range [][]string{
		{"debian 12", "openssl", "CVE-2026-2", `{"FixedVersion": "3.0.2-1"}`},
		{"debian 12", "openssl", "CVE-2026-3", `{"Status": 5, "Severity": 1}`},
		{"debian 12", "openssl", "CVE-2026-4", `{"FixedVersion": "3.0.0-1"}`},
		{"debian 12", "openssl", "CVE-2026-5", `{"Status": 1}`},
		{"debian 11", "openssl", "CVE-2026-6", `{}`},
		{"go::The Go Vulnerability Database", "stdlib", "CVE-2026-7", `{"PatchedVersions": ["1.25.4", "1.26.1"], "VulnerableVersions": ["<1.25.4", ">=1.26.0-0, <1.26.1"]}`},
		{"npm::GitHub Security Advisory Npm", "left", "CVE-2026-1", `{"PatchedVersions": ["1.0.2", "2.0.5"], "VulnerableVersions": ["<1.0.2", ">= 2.0.0 < 2.0.5"]}`},
		{"npm::Node.js Ecosystem Security Working Group", "left", "CVE-2026-8", `{"PatchedVersions": [""], "VulnerableVersions": ["=1.0.1"]}`},
		{"pip::GitHub Security Advisory Pip", "acme-lib", "CVE-2026-9", `{"VulnerableVersions": ["<=1.0"]}`},
		{"rubygems::GitHub Security Advisory RubyGems", "rack", "CVE-2026-10", `{"PatchedVersions": ["~> 2.2.3", ">= 3.0.0"]}`},
		{"vulnerability", "CVE-2026-1", `{"Severity": "HIGH", "VendorSeverity": {"ghsa": 4, "nvd": 2}}`},
		{"vulnerability", "CVE-2026-2", `{"Severity": "HIGH", "VendorSeverity": {"debian": 2}}`},
		{"vulnerability", "CVE-2026-7", `{"Severity": "HIGH"}`},
	} {
		if err := db.Update(put(row...)); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	about, _ := json.Marshal(map[string]any{"Version": 2, "UpdatedAt": "2026-11-20T06:00:00Z"})
	if err := os.WriteFile(filepath.Join(dir, "metadata.json"), about, 0o644); err != nil {
		t.Fatal(err)
	}
	scan(t, dir, `
2026-11-20
image deb 2 
image gem 1 
image golang 2 
image pypi 2 
image pypi 1 advisories could not be compared with the versions of 1 packages: acme_lib made by hand
source npm 3 
image rpm 0 var/lib/rpm/Packages not read
image acme_lib 1.0 CVE-2026-9 fixed:   x/METADATA
image libssl3 3.0.1-1+b2 CVE-2026-2 fixed: 3.0.2-1 medium var/lib/dpkg/status
image libssl3 3.0.1-1+b2 CVE-2026-3 fixed:  low var/lib/dpkg/status
image stdlib 1.25.3 CVE-2026-7 fixed: 1.25.4, 1.26.1 high app
source left 1.0.1 CVE-2026-1 fixed: 1.0.2, 2.0.5 critical package-lock.json:4
source left 1.0.1 CVE-2026-8 fixed:   package-lock.json:4
source left 2.0.0 CVE-2026-1 fixed: 1.0.2, 2.0.5 critical package-lock.json:12
`)
	if err := os.WriteFile(filepath.Join(dir, "metadata.json"), []byte(`{"Version": 3}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "schema 3") {
		t.Errorf("another schema is refused: %v", err)
	}
}

func TestRefused(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(dir, name)
	}
	for _, path := range []string{filepath.Join(dir, "none"), write("x.txt", "x"), write("y.db", "no bbolt file")} {
		if _, err := Open(path); err == nil {
			t.Errorf("%s is no database", path)
		}
	}
	for _, path := range []string{write("broken.json", "{"), write("empty.json", "{}"), write("z.zip", "no zip"), t.TempDir()} {
		db, err := Open(path)
		if err == nil {
			_, err = db.Scan(image())
		}
		if err == nil {
			t.Errorf("%s holds no records: that is never a clean scan", path)
		}
	}
}
