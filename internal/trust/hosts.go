package trust

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// block is the part of the hosts file that is ours.
func block(id, address string, names []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# hatoba %s: begin. Added by `hatoba trust install`; `hatoba trust remove` takes it away.\n", id)
	for _, n := range names {
		fmt.Fprintf(&b, "%s %s\n", address, n)
	}
	fmt.Fprintf(&b, "# hatoba %s: end\n", id)
	return b.String()
}

func marker(id string) []byte { return []byte("# hatoba " + id + ": ") }

// added is the hosts file with a block at its end, which was not there. newLine
// says that a line's end had to be added before.
func added(file []byte, block string) (out []byte, newLine bool) {
	newLine = len(file) > 0 && file[len(file)-1] != '\n'
	out = bytes.Clone(file)
	if newLine {
		out = append(out, '\n')
	}
	return append(out, block...), newLine
}

// errChanged means that a file is not as we left it.
var errChanged = errors.New("is not as `hatoba trust install` left it")

// removed is the hosts file without the block. A file that has nothing of ours
// is returned as it is; one whose block was changed is refused.
func removed(file []byte, r Record) ([]byte, error) {
	if r.Block == "" || !bytes.Contains(file, marker(r.ID)) {
		return file, nil
	}
	before, after, whole := bytes.Cut(file, []byte(r.Block))
	rest := slices.Concat(before, after)
	if !whole || bytes.Contains(rest, marker(r.ID)) || len(before) > 0 && before[len(before)-1] != '\n' {
		return nil, fmt.Errorf("%s %w: put its block back, or take it away by hand, from the line \"%sbegin\" to \"%send\"", r.HostsFile, errChanged, marker(r.ID), marker(r.ID))
	}
	if r.NewLine && len(after) == 0 && len(before) > 0 { // nobody added a line after us
		rest = rest[:len(rest)-1]
	}
	return rest, nil
}

// taken finds a name that the file gives an address already.
func taken(file []byte, names []string) (line string, found bool) {
	for l := range strings.Lines(string(file)) {
		text, _, _ := strings.Cut(l, "#")
		fields := strings.Fields(text)
		for i, f := range fields {
			for _, n := range names {
				if i > 0 && strings.EqualFold(f, n) {
					return strings.TrimSpace(l), true
				}
			}
		}
	}
	return "", false
}

// rewrite replaces a file that others own, keeping its mode and owner. One that
// is a mount of its own, as in a container, is written in place.
func rewrite(path string, content []byte) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	temporary := path + ".hatoba-new"
	err = writeWhole(temporary, content, info.Mode().Perm())
	if err == nil {
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			err = os.Chown(temporary, int(st.Uid), int(st.Gid))
		}
	}
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		_ = os.Remove(temporary)
	}
	if errors.Is(err, syscall.EBUSY) || errors.Is(err, syscall.EXDEV) {
		return os.WriteFile(path, content, fs.FileMode(0o644))
	}
	return err
}
