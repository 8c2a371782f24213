// Package exit is the file in which the shim leaves how a container ended, for
// an agent that was not there to see it.
package exit

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/hatoba/hatoba/internal/agent/logdriver/spool"
)

// Record is how a container ended.
type Record struct {
	Code      uint32
	At        time.Time
	OOMKilled bool
}

// Write leaves a record so that it survives a crash.
func Write(path string, r Record) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// Read reads a record; os.ErrNotExist means that none was left.
func Read(path string) (r Record, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(b, &r)
}

// scheme of the URI that tells the shim where output and exit go.
const scheme = "hatoba"

// Output is what the shim is told in the place of a stdout path.
type Output struct {
	ExitPath string
	SpoolDir string // "" : the output is discarded
	Options  spool.Options
}

// URI puts an Output into the form the shim's API takes.
func (o Output) URI() string {
	q := url.Values{}
	if o.SpoolDir != "" {
		q.Set("spool", filepath.Clean(o.SpoolDir))
		q.Set("max", strconv.FormatInt(o.Options.MaxBytes, 10))
		q.Set("nonblocking", strconv.FormatBool(o.Options.NonBlocking))
	}
	return (&url.URL{Scheme: scheme, Path: o.ExitPath, RawQuery: q.Encode()}).String()
}

// ParseURI reads a URI; false means that it is not one of ours.
func ParseURI(s string) (Output, bool) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != scheme {
		return Output{}, false
	}
	q := u.Query()
	o := Output{ExitPath: u.Path, SpoolDir: q.Get("spool")}
	o.Options.MaxBytes, _ = strconv.ParseInt(q.Get("max"), 10, 64)
	o.Options.NonBlocking = q.Get("nonblocking") == "true"
	return o, true
}
