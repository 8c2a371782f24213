// Package exit is what engine and shim tell each other beside containerd: the
// engine, where a container's output and the note of its life go; the shim,
// in that note, when it started and how it ended, for an agent that was not
// there to see it.
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

// Record is the note of a container's life.
type Record struct {
	StartedAt time.Time
	Ended     bool
	Code      uint32    // valid when Ended, as are those below
	At        time.Time // of the end
	OOMKilled bool
}

// Write leaves a record. One of an end survives a crash of the machine; one of
// a start need not, for the container would not survive it either.
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
	if err == nil && r.Ended {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err == nil && r.Ended {
		err = syncDir(filepath.Dir(path))
	}
	return err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Read reads a record; os.ErrNotExist means that none was left.
func Read(path string) (r Record, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(b, &r)
}

// scheme of the URI that tells the shim an Output.
const scheme = "hatoba"

// Output is what the shim is told in the place of a stdout path.
type Output struct {
	NotePath string // of the Record
	Cgroup   string // the container's, from a hierarchy's root on
	SpoolDir string // "" : the output is discarded
	Options  spool.Options
	// SecretEnv is what the shim adds to the environment, of the container and
	// of what is run in it. It is on no disk: what stores a URI leaves it out.
	SecretEnv []string
	// Terminal says that the process has a pseudo terminal, which the shim
	// holds; Stdin that its standard input is open, though nobody writes.
	Terminal, Stdin bool
	// SharePID and ShareIPC say that the container has the process or the IPC
	// namespace in common with the others of its task that say so.
	SharePID, ShareIPC bool
}

// URI puts an Output into the form the shim's API takes.
func (o Output) URI() string {
	q := url.Values{"cgroup": {o.Cgroup}, "secret": o.SecretEnv}
	if o.SpoolDir != "" {
		q.Set("spool", filepath.Clean(o.SpoolDir))
		q.Set("max", strconv.FormatInt(o.Options.MaxBytes, 10))
		q.Set("nonblocking", strconv.FormatBool(o.Options.NonBlocking))
	}
	if o.Terminal {
		q.Set("terminal", "true")
	}
	if o.Stdin {
		q.Set("stdin", "true")
	}
	if o.SharePID {
		q.Set("sharepid", "true")
	}
	if o.ShareIPC {
		q.Set("shareipc", "true")
	}
	return (&url.URL{Scheme: scheme, Path: o.NotePath, RawQuery: q.Encode()}).String()
}

// ParseURI reads a URI; false means that it is not one of ours.
func ParseURI(s string) (Output, bool) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != scheme {
		return Output{}, false
	}
	q := u.Query()
	o := Output{NotePath: u.Path, Cgroup: q.Get("cgroup"), SpoolDir: q.Get("spool"), SecretEnv: q["secret"]}
	o.Options.MaxBytes, _ = strconv.ParseInt(q.Get("max"), 10, 64)
	o.Options.NonBlocking = q.Get("nonblocking") == "true"
	o.Terminal, o.Stdin = q.Get("terminal") == "true", q.Get("stdin") == "true"
	o.SharePID, o.ShareIPC = q.Get("sharepid") == "true", q.Get("shareipc") == "true"
	return o, true
}
