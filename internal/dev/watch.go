package dev

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fsnotify/fsnotify"
)

// How long nothing more may be saved before a change counts, and how long a
// folder that is written all the time is waited for.
const (
	quiet     = 60 * time.Millisecond
	impatient = time.Second
)

// change is a burst of saves: when it began, and the file of its last one.
type change struct {
	name string
	at   time.Time
}

// watcher tells of saves. Files that are made and folders that are made are
// watched from then on.
type watcher struct {
	notify  *fsnotify.Watcher
	ignore  []string
	changes chan change // one of each burst; holds one

	mounted atomic.Pointer[[]string] // folders whose files containers see as they are
}

func newWatcher(ignore []string) (*watcher, error) {
	n, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	return &watcher{notify: n, ignore: ignore, changes: make(chan change, 1)}, nil
}

// tree watches a folder and those below it.
func (w *watcher) tree(dir string) error {
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // a folder that went while we looked
		case err == nil && !d.IsDir():
			return nil
		case err == nil && name != dir && unwatched(d.Name()):
			return fs.SkipDir
		case err == nil:
			err = w.notify.Add(name)
		}
		if name != dir && errors.Is(err, fs.ErrPermission) {
			return fs.SkipDir // another user's, such as a database's in a mount: nothing is built of it
		}
		return err
	})
}

// folders watches folders alone.
func (w *watcher) folders(dirs []string) error {
	for _, dir := range dirs {
		if err := w.notify.Add(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// unwatched are folders whose contents nobody writes by hand.
func unwatched(name string) bool {
	return strings.HasPrefix(name, ".") || name == "node_modules"
}

// Run tells of bursts of saves until ctx ends.
func (w *watcher) Run(ctx context.Context) error {
	defer w.notify.Close()
	d := &debounce{quiet: quiet, most: impatient}
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	var last string
	for {
		select {
		case <-ctx.Done():
			return nil
		case err, ok := <-w.notify.Errors:
			if !ok {
				return fsnotify.ErrClosed
			}
			if errors.Is(err, fsnotify.ErrEventOverflow) {
				last = "many files"
				timer.Reset(d.seen(time.Now()))
				continue
			}
			return err
		case e, ok := <-w.notify.Events:
			if !ok {
				return fsnotify.ErrClosed
			}
			if e.Has(fsnotify.Create) {
				empty, err := w.made(e.Name)
				if err != nil {
					return err
				}
				if empty {
					continue
				}
			}
			if e.Op == fsnotify.Chmod || !w.counts(e.Name) {
				continue
			}
			last = e.Name
			timer.Reset(d.seen(time.Now()))
		case <-timer.C:
			c := change{name: last, at: d.first}
			d.first = time.Time{}
			select {
			case w.changes <- c:
			default: // one is waiting already
			}
		}
	}
}

// made watches what was made, if it is a folder, and tells whether it is one
// without a file.
func (w *watcher) made(name string) (empty bool, err error) {
	info, err := os.Stat(name)
	if err != nil || !info.IsDir() || unwatched(filepath.Base(name)) {
		return false, nil // gone again, a file, or of no interest
	}
	if err := w.tree(name); errors.Is(err, fs.ErrPermission) {
		return true, nil
	} else if err != nil {
		return false, err
	}
	empty = true
	err = filepath.WalkDir(name, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			empty = false
			return fs.SkipAll
		}
		return nil
	})
	return empty, err
}

// counts tells whether a file's change means anything: not what editors leave,
// not tests, not what the container sees by itself.
func (w *watcher) counts(name string) bool {
	base := filepath.Base(name)
	switch {
	case strings.HasPrefix(base, "."), strings.HasPrefix(base, "#"), strings.HasSuffix(base, "~"), strings.HasSuffix(base, ".swp"), strings.HasSuffix(base, ".tmp"),
		strings.HasSuffix(base, "_test.go"), base == "4913":
		return false
	}
	if dirs := w.mounted.Load(); dirs != nil && !strings.HasSuffix(base, ".go") {
		for _, dir := range *dirs {
			if name == dir || strings.HasPrefix(name, dir+string(filepath.Separator)) {
				return false
			}
		}
	}
	for _, pattern := range w.ignore {
		if ok, err := filepath.Match(pattern, base); ok && err == nil {
			return false
		}
	}
	return true
}

// debounce says when a burst of events has ended.
type debounce struct {
	quiet, most time.Duration
	first       time.Time // zero between bursts
}

// seen notes an event and returns how long to wait for more.
func (d *debounce) seen(now time.Time) time.Duration {
	if d.first.IsZero() {
		d.first = now
	}
	return max(0, min(d.quiet, d.most-now.Sub(d.first)))
}
