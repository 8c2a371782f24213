package layer

import (
	"archive/tar"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// tree is what a layer's entries have made so far. All of it is known, because
// the directory was empty and nobody else writes to it.
type tree struct {
	root *dir
	made int
}

// dir is a directory. Its place and name never change; writers read them.
type dir struct {
	in     *dir
	name   string
	id     int // in the order they were made
	length int // of its path

	dirs   map[string]*dir
	others map[string]*other // whatever is no directory

	headers   []*tar.Header // that describe it, the last one valid
	inherited *attributes   // without a header; nil: the usual ones
	opaque    bool          // hides what layers below have in it
}

// other is a name that is no directory.
type other struct {
	symlink  bool
	target   string
	whiteout bool
}

var (
	plain   = &other{}
	deleted = &other{whiteout: true}
)

func newTree() *tree { return &tree{root: newDir(nil, "", 0)} }

func newDir(in *dir, name string, id int) *dir {
	length := len(name)
	if in != nil {
		length += in.length + 1
	}
	return &dir{in: in, name: name, id: id, length: length, dirs: map[string]*dir{}, others: map[string]*other{}}
}

func (t *tree) add(in *dir, name string) *dir {
	t.made++
	d := newDir(in, name, t.made)
	in.dirs[name] = d
	return d
}

func (t *tree) forget(in *dir, name string) {
	delete(in.dirs, name)
	delete(in.others, name)
}

func (d *dir) has(name string) bool { return d.dirs[name] != nil || d.others[name] != nil }

// path leads from the root to the directory; it is empty for the root itself.
func (d *dir) path() string {
	names := []string{}
	for ; d.in != nil; d = d.in {
		names = append(names, d.name)
	}
	slices.Reverse(names)
	return strings.Join(names, "/")
}

// maxLinks is how many symbolic links a path may lead through.
const maxLinks = 255

// resolve follows a path from the root, and its symbolic links as a process
// would that has the layer for its root: nothing leads out of it. missing are
// the names at its end that are not there yet.
func (t *tree) resolve(path string) (at *dir, missing []string, err error) {
	at = t.root
	left := strings.Split(path, "/")
	for links := 0; len(left) > 0; {
		name := left[0]
		left = left[1:]
		switch {
		case name == "" || name == ".":
		case name == ".." && len(missing) > 0:
			missing = missing[:len(missing)-1]
		case name == "..":
			if at.in != nil {
				at = at.in
			}
		case len(missing) > 0:
			missing = append(missing, name)
		case at.dirs[name] != nil:
			at = at.dirs[name]
		case at.others[name] == nil:
			missing = append(missing, name)
		case !at.others[name].symlink:
			return nil, nil, fmt.Errorf("%s: %w", name, unix.ENOTDIR)
		default:
			if links++; links > maxLinks {
				return nil, nil, fmt.Errorf("%s: %w", name, unix.ELOOP)
			}
			target := at.others[name].target
			if strings.HasPrefix(target, "/") {
				at = t.root
			}
			left = append(strings.Split(target, "/"), left...)
		}
	}
	return at, missing, nil
}

// walk calls f for every directory: what is in one before it.
func (t *tree) walk(f func(*dir) error) error { return walk(t.root, f) }

func walk(d *dir, f func(*dir) error) error {
	for _, sub := range d.dirs {
		if err := walk(sub, f); err != nil {
			return err
		}
	}
	return f(d)
}
