// Package underway keeps what was counted and is not told yet. It is written, as
// a whole and as often as it changes, to a file system in memory: that costs no
// disk, and outlives the process, but not the machine. Whoever counts reads it
// at the next start and goes on from there. What went with the machine is not
// made up: it is logged and counted, see Place.Lost.
package underway

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/hatoba/hatoba/internal/disk"
)

// Place is where files are. Make it with Open.
type Place struct {
	dir, note string
	log       *slog.Logger

	mu   sync.Mutex
	lost int64
}

// noted is what the note says, on a disk: that something may be under way, and
// how often that was lost.
type noted struct {
	Open bool  `json:"open"`
	Lost int64 `json:"lost"`
}

// Open opens a place for one process. dir is on a file system in memory and is
// made; note is a file on a disk, by which it is known that the machine ended.
func Open(dir, note string, log *slog.Logger) (*Place, error) {
	p := &Place{dir: dir, note: note, log: log}
	before, err := p.read()
	if err != nil {
		return nil, err
	}
	p.lost = before.Lost
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if before.Open {
			p.lost++
			log.Warn("the machine ended while there was something under way: what was counted in its last minute and not told yet is lost", "times", p.lost)
		}
		err = os.Mkdir(dir, 0o700)
	case err == nil:
		err = clean(dir, entries)
	}
	if err != nil {
		return nil, fmt.Errorf("what is under way: %w", err)
	}
	return p, p.write(true)
}

// clean removes what a kill left of files that were being written.
func clean(dir string, entries []fs.DirEntry) error {
	var errs []error
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ending {
			errs = append(errs, os.Remove(filepath.Join(dir, e.Name())))
		}
	}
	return errors.Join(errs...)
}

const ending = ".json"

// Close notes that nothing is under way, if so.
func (p *Place) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := os.Remove(p.dir); err != nil {
		return nil //nolint:nilerr // it is not empty: the next start goes on
	}
	return p.write(false)
}

// Lost tells how often something under way was lost, since there is the note.
func (p *Place) Lost() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost
}

// Lose counts something under way that cannot be told any more; the caller logs.
func (p *Place) Lose() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lost++
	if err := p.write(true); err != nil {
		p.log.Error("it cannot be noted that something was lost", "error", err)
	}
}

func (p *Place) read() (n noted, err error) {
	text, err := os.ReadFile(p.note)
	if errors.Is(err, fs.ErrNotExist) {
		return n, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &n)
	}
	if err != nil {
		return n, fmt.Errorf("%s: %w", p.note, err)
	}
	return n, nil
}

func (p *Place) write(open bool) error {
	text, err := json.Marshal(noted{Open: open, Lost: p.lost})
	if err != nil {
		return err
	}
	return disk.Write(p.note, append(text, '\n'), 0o600)
}

// File is one value of a place: what somebody counts. It has one user at a time.
// A nil one keeps nothing.
type File[T any] struct {
	place  *Place
	path   string
	failed bool
}

// Keep names a file of a place. A name whose type has changed is another one's.
func Keep[T any](p *Place, name string) *File[T] {
	if p == nil {
		return nil
	}
	return &File[T]{place: p, path: filepath.Join(p.dir, strings.TrimSuffix(name, ending)+ending)}
}

// Load reads what an earlier process saved, the zero value where it left
// nothing. What cannot be read is logged and counted as lost.
func (f *File[T]) Load() (value T) {
	if f == nil {
		return value
	}
	text, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return value
	}
	if err == nil {
		err = json.Unmarshal(text, &value)
	}
	if err != nil {
		f.place.log.Error("what was counted and is not told yet cannot be read, and is lost", "file", f.path, "error", err)
		f.place.Lose()
		var none T
		return none
	}
	return value
}

// Save keeps the value instead of the one before. A value that cannot be kept is
// logged once: it is lost only if the process is killed now.
func (f *File[T]) Save(value T) {
	if f == nil {
		return
	}
	text, err := json.Marshal(value)
	if err == nil {
		err = disk.Write(f.path, text, 0o600)
	}
	f.note(err)
}

// Clear keeps nothing: all is told.
func (f *File[T]) Clear() {
	if f == nil {
		return
	}
	err := os.Remove(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	f.note(err)
}

func (f *File[T]) note(err error) {
	if err != nil && !f.failed {
		f.place.log.Error("what is being counted cannot be kept: a kill would lose it", "file", f.path, "error", err)
	}
	f.failed = err != nil
}
