package drills

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// prefix is how the names of all begin that drills make.
const prefix = "hatoba-drill-"

// The tags of what a drill makes.
const (
	tagRun     = "hatoba:drill"         // the run's id
	tagOf      = "hatoba:drill-of"      // the service
	tagExpires = "hatoba:drill-expires" // RFC 3339: after that nobody needs it
)

// note is written before anything is made: what a run that died has left is
// found by it. The names of all it makes follow from Run.
type note struct {
	Run      string    `json:"run"`
	Endpoint string    `json:"endpoint,omitempty"`
	Region   string    `json:"region"`
	Cluster  string    `json:"cluster"`
	Service  string    `json:"service"` // whose copy it is
	Family   string    `json:"family"`
	Expires  time.Time `json:"expires"`

	file *os.File // locked as long as the run lives
}

func (n *note) name() string { return prefix + n.Run }

// write puts the note on the disk, and keeps it locked: the lock ends with the
// process, however that ends.
func (n *note) write(dir string) (err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	path := filepath.Join(dir, n.Run+".json")
	if n.file, err = os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600); err != nil {
		return err
	}
	if err := unix.Flock(int(n.file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return errors.Join(err, n.file.Close())
	}
	text, err := json.Marshal(n)
	if err == nil {
		_, err = n.file.Write(text)
	}
	return errors.Join(err, n.file.Sync(), syncDir(dir))
}

// forget removes the note: all that it speaks of is gone.
func (n *note) forget() error {
	if n.file == nil {
		return nil
	}
	return errors.Join(os.Remove(n.file.Name()), n.file.Close())
}

// close gives the lock back and leaves the note, for the next run to find.
func (n *note) close() {
	if n.file != nil {
		n.file.Close()
	}
}

// dead reads the notes of runs that have died, and locks them. Those that live
// are left alone.
func dead(dir, endpoint, region string) (out []*note, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	for _, path := range files {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return out, err
		}
		if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
			f.Close()
			continue
		}
		n := &note{file: f}
		if err := json.NewDecoder(f).Decode(n); err != nil { // nothing was made before it was whole
			if err := n.forget(); err != nil {
				return out, err
			}
			continue
		}
		if n.Run != strings.TrimSuffix(filepath.Base(path), ".json") {
			f.Close()
			return out, fmt.Errorf("%s: it is the note of another run", path)
		}
		if n.Endpoint != endpoint || n.Region != region {
			f.Close()
			continue
		}
		out = append(out, n)
	}
	return out, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// StateDir is where notes are kept, and results of drills on services that no
// file says otherwise of.
func StateDir() (string, error) {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "hatoba", "drills"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, ".local", "state", "hatoba", "drills"), nil
}
