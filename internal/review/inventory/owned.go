package inventory

import (
	"encoding/binary"
	"path"
	"strings"
)

// Files that a distribution's package brought are that package's: it carries
// fixes under an old version number, and its own advisories speak of it. Listing
// them as a language's packages too would accuse them twice, and wrongly.

// isFileList finds dpkg's lists of files: NAME.list of dpkg itself, and
// NAME.md5sums of images built without it.
func isFileList(p string) bool {
	dir, base := path.Dir(p), path.Base(p)
	return dir == "var/lib/dpkg/info" && strings.HasSuffix(base, ".list") ||
		dir == "var/lib/dpkg/status.d" && strings.HasSuffix(base, ".md5sums")
}

// fileList reads either form.
func fileList(name, text string) (out []string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasSuffix(name, ".md5sums") {
			_, line, _ = strings.Cut(line, " ")
		}
		out = append(out, ownable(strings.TrimSpace(line))...)
	}
	return out
}

// ownable is a path in the one form that is compared, if any reader would take
// it for a language's: lib and usr/lib are one where the distribution merged them.
func ownable(p string) []string {
	p = strings.TrimPrefix(strings.TrimPrefix(p, "/"), "usr/")
	if p == "" {
		return nil
	}
	return []string{p}
}

// apkFiles reads the files in apk's list of installed packages: F: is a folder,
// R: a file in it.
func apkFiles(text string) (out []string) {
	dir := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if d, ok := strings.CutPrefix(line, "F:"); ok {
			dir = d
		} else if f, ok := strings.CutPrefix(line, "R:"); ok {
			out = append(out, ownable(path.Join(dir, f))...)
		}
	}
	return out
}

// Tags of an rpm header: the files' names, the folders' names, and the number of
// each file's folder.
const (
	rpmDirIndexes = 1116
	rpmBaseNames  = 1117
	rpmDirNames   = 1118
)

// rpmFiles joins what an rpm header keeps apart.
func rpmFiles(header map[uint32]rpmEntry) (out []string) {
	bases, dirs, indexes := header[rpmBaseNames].texts(), header[rpmDirNames].texts(), header[rpmDirIndexes]
	for i, base := range bases {
		if (i+1)*4 > len(indexes.data) {
			break
		}
		if dir := int64(binary.BigEndian.Uint32(indexes.data[i*4:])); dir < int64(len(dirs)) {
			out = append(out, ownable(dirs[dir]+base)...)
		}
	}
	return out
}

// rpmEntry is one tag's data, from its offset to the end of the store.
type rpmEntry struct {
	kind, count uint32
	data        []byte
}

// texts are the strings of a tag; of one with no strings, none.
func (e rpmEntry) texts() (out []string) {
	rest := string(e.data)
	for range min(int(e.count), len(e.data)) {
		one, more, ok := strings.Cut(rest, "\x00")
		if !ok {
			break
		}
		out, rest = append(out, one), more
	}
	return out
}
