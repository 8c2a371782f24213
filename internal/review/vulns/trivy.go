package vulns

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"github.com/hatoba/hatoba/internal/review/inventory"
)

// trivy is Trivy's database: a bbolt file with a bucket for every ecosystem,
// DISTRIBUTION VERSION or LANGUAGE::SOURCE, in it a bucket for every package, in
// that an advisory for every vulnerability; and a bucket "vulnerability" with
// what is known of each.
type trivy struct {
	db   *bbolt.DB
	date time.Time
}

// trivySchema is the version of the layout that is read.
const trivySchema = 2

func openTrivy(file string) (*trivy, error) {
	t := &trivy{}
	text, err := os.ReadFile(filepath.Join(filepath.Dir(file), "metadata.json"))
	switch {
	case err == nil:
		var about struct {
			Version   int
			UpdatedAt time.Time
		}
		if err := json.Unmarshal(text, &about); err != nil {
			return nil, fmt.Errorf("vulnerability database %s: metadata.json: %w", file, err)
		}
		if about.Version != trivySchema {
			return nil, fmt.Errorf("vulnerability database %s: schema %d; Hatoba reads schema %d", file, about.Version, trivySchema)
		}
		t.date = about.UpdatedAt
	case !errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("vulnerability database %s: %w", file, err)
	}
	if t.db, err = bbolt.Open(file, 0o400, &bbolt.Options{ReadOnly: true, Timeout: time.Second}); err != nil {
		return nil, fmt.Errorf("vulnerability database %s: %w", file, err)
	}
	return t, nil
}

func (t *trivy) close() error { return t.db.Close() }

func (t *trivy) match(items []*item) (date time.Time, err error) {
	// A damaged file is read by memory mapping: it faults instead of failing.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("the file is damaged: %v", broken)
		}
	}()
	err = t.db.View(func(tx *bbolt.Tx) error {
		buckets := map[string][]*bbolt.Bucket{}
		for _, i := range items {
			name := trivyBucket(&i.pkg)
			of, known := buckets[name]
			if !known {
				of = trivyBuckets(tx, name)
				buckets[name] = of
			}
			i.covered = len(of) > 0
			for _, b := range of {
				if advisories := b.Bucket([]byte(trivyName(i))); advisories != nil {
					if err := eachAdvisory(tx, advisories, i); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
	return t.date, err
}

// trivyBuckets are the buckets of a name, or of a prefix that ends in "::".
func trivyBuckets(tx *bbolt.Tx, name string) (out []*bbolt.Bucket) {
	if name == "" {
		return nil
	}
	c := tx.Cursor()
	for k, _ := c.Seek([]byte(name)); k != nil && bytes.HasPrefix(k, []byte(name)); k, _ = c.Next() {
		if string(k) == name || strings.HasSuffix(name, "::") {
			out = append(out, tx.Bucket(k))
		}
	}
	return out
}

// trivyAdvisory is what is known of one vulnerability in one package.
type trivyAdvisory struct {
	FixedVersion, AffectedVersion                           string
	VulnerableVersions, PatchedVersions, UnaffectedVersions []string
	Severity, Status                                        int
	Arches                                                  []string
	Entries                                                 []trivyAdvisory
}

// Trivy's numbers.
const trivyNotAffected = 1

func eachAdvisory(tx *bbolt.Tx, advisories *bbolt.Bucket, i *item) error {
	return advisories.ForEach(func(id, text []byte) error {
		if text == nil {
			return nil
		}
		var a trivyAdvisory
		if err := json.Unmarshal(text, &a); err != nil {
			return fmt.Errorf("advisory %s of %s: %w", id, i.pkg.Name, err)
		}
		entries := a.Entries
		if len(entries) == 0 {
			entries = []trivyAdvisory{a}
		}
		for _, e := range entries {
			if e.Status == trivyNotAffected || len(e.Arches) > 0 && i.pkg.Arch != "" && i.pkg.Arch != "noarch" && !slices.Contains(e.Arches, i.pkg.Arch) {
				continue
			}
			affected, fixed, err := e.affects(i)
			switch {
			case err != nil:
				i.odd++
			case affected:
				i.hits = append(i.hits, hit{id: string(id), fixed: fixed, severity: trivySeverity(tx, string(id), e.Severity, i)})
			}
		}
		return nil
	})
}

// trivySeverity prefers the distribution's own word on its package.
func trivySeverity(tx *bbolt.Tx, id string, own int, i *item) string {
	names := []string{"", "low", "medium", "high", "critical"}
	if own > 0 && own < len(names) {
		return names[own]
	}
	var about struct {
		Severity       string
		VendorSeverity map[string]int
	}
	if b := tx.Bucket([]byte("vulnerability")); b == nil || json.Unmarshal(b.Get([]byte(id)), &about) != nil {
		return ""
	}
	vendors := []string{"ghsa", "nvd"}
	if inventory.OS(i.pkg.Type) {
		vendors = []string{cmp.Or(map[string]string{"almalinux": "alma", "amzn": "amazon", "ol": "oracle-oval"}[i.pkg.Distro.ID], i.pkg.Distro.ID), "nvd"}
	}
	for _, v := range vendors {
		if n := about.VendorSeverity[v]; n > 0 && n < len(names) {
			return names[n]
		}
	}
	return rated(about.Severity)
}
