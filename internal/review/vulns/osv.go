package vulns

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/review/inventory"
)

// maxRecord bounds one OSV record.
const maxRecord = 32 << 20

// osv is a folder, a zip or a file of OSV records, read anew for every scan: it
// takes no memory for what concerns nobody.
type osv struct {
	path string
	dir  bool
}

func (o *osv) close() error { return nil }

// osvRecord is what a match needs of https://ossf.github.io/osv-schema/.
type osvRecord struct {
	ID                string
	Modified          time.Time
	Withdrawn         *time.Time
	Aliases, Upstream []string
	Severity          []osvSeverity
	DatabaseSpecific  struct{ Severity any } `json:"database_specific"`
	Affected          []osvAffected
}

type osvSeverity struct{ Type, Score string }

type osvAffected struct {
	Package           struct{ Ecosystem, Name string }
	Ranges            []osvRange
	Versions          []string
	Severity          []osvSeverity
	EcosystemSpecific struct{ Severity, Urgency any } `json:"ecosystem_specific"`
	DatabaseSpecific  struct{ Severity any }          `json:"database_specific"`
}

type osvRange struct {
	Type   string
	Events []map[string]string
}

// key is a package in an ecosystem, as the records name both.
type key struct{ ecosystem, name string }

func (o *osv) match(items []*item) (newest time.Time, err error) {
	wanted, seen, count := map[key][]*item{}, map[string]bool{}, 0
	for _, i := range items {
		if e := osvEcosystem(&i.pkg); e != "" {
			wanted[key{e, i.name()}] = append(wanted[key{e, i.name()}], i)
		}
	}
	err = o.each(func(r *osvRecord) {
		count++
		if r.Modified.After(newest) {
			newest = r.Modified
		}
		for k := range r.Affected {
			a := &r.Affected[k]
			e := strings.TrimSuffix(a.Package.Ecosystem, ":LTS")
			seen[e] = e != ""
			name := a.Package.Name
			switch e {
			case "PyPI":
				name = inventory.PythonName(name)
			case "Packagist":
				name = strings.ToLower(name)
			}
			for _, i := range wanted[key{e, name}] {
				r.against(a, i)
			}
		}
	})
	if err == nil && count == 0 {
		err = errors.New("there are no OSV records")
	}
	for _, i := range items {
		i.covered = seen[osvEcosystem(&i.pkg)]
	}
	return newest, err
}

// each reads all records.
func (o *osv) each(do func(*osvRecord)) error {
	if !o.dir {
		return eachFile(os.DirFS(path.Dir(o.path)), path.Base(o.path), o.path, do)
	}
	dir := os.DirFS(o.path)
	return fs.WalkDir(dir, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		return eachFile(dir, name, path.Join(o.path, name), do)
	})
}

func eachFile(dir fs.FS, name, full string, do func(*osvRecord)) error {
	switch path.Ext(name) {
	case ".json":
		return oneRecord(name, dir.Open, do)
	case ".zip":
		z, err := zip.OpenReader(full)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		defer z.Close()
		for _, entry := range z.File {
			if path.Ext(entry.Name) != ".json" {
				continue
			}
			if err := oneRecord(entry.Name, z.Open, do); err != nil {
				return err
			}
		}
	}
	return nil
}

// oneRecord reads one file. JSON that is no OSV record is not ours to judge;
// what is no JSON would silently leave vulnerabilities out.
func oneRecord(name string, open func(string) (fs.File, error), do func(*osvRecord)) error {
	file, err := open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxRecord+1))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if len(text) > maxRecord {
		return fmt.Errorf("%s: larger than %d MiB", name, maxRecord>>20)
	}
	var r osvRecord
	if err := json.Unmarshal(text, &r); err != nil {
		var kind *json.UnmarshalTypeError // the rest of the record is read all the same
		if !errors.As(err, &kind) {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if r.ID != "" && !r.Modified.IsZero() && r.Withdrawn == nil {
		do(&r)
	}
	return nil
}
