// Package backup is the format of Hatoba's backups: a tar of files under
// zstd, with a manifest in front and the checksum of every file behind. What is
// not whole, newer than this build, or tries to write elsewhere is refused.
package backup

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Format is the version of the archive's layout this build writes.
const Format = 1

// Manifest is an archive's first file, manifest.json.
type Manifest struct {
	Format   int       `json:"format"`
	Hatoba   string    `json:"hatoba"` // version of the build that wrote it
	Created  time.Time `json:"created"`
	Instance string    `json:"instance"` // of the node whose tasks it has
	Contents []string  `json:"contents"` // top-level names
	Keys     bool      `json:"keys"`     // the master key is in it
}

// Errors of Unpack; test with errors.Is.
var (
	ErrNewer    = errors.New("the backup was written by a newer Hatoba")
	ErrNotWhole = errors.New("the backup is not whole")
	ErrHostile  = errors.New("the backup holds what no backup holds")
)

const (
	manifestFile  = "manifest.json"
	checksumsFile = "checksums.json"
	// maxMeta bounds the manifest, which is read into memory.
	maxMeta = 1 << 20
)

// check refuses what this build cannot read.
func (m Manifest) check() error {
	switch {
	case m.Format > Format:
		return fmt.Errorf("%w: it has format %d and comes from %q, this build knows up to %d; restore it with that Hatoba or a later one", ErrNewer, m.Format, m.Hatoba, Format)
	case m.Format < 1:
		return fmt.Errorf("%w: its manifest names no format", ErrNotWhole)
	}
	for _, name := range m.Contents {
		if !plain(name) || strings.Contains(name, "/") {
			return fmt.Errorf("%w: its manifest names %q", ErrHostile, name)
		}
	}
	return nil
}

// holds tells whether a file belongs to what the manifest says is in the
// archive.
func (m Manifest) holds(name string) bool {
	top, _, _ := strings.Cut(name, "/")
	return plain(name) && slices.Contains(m.Contents, top)
}

// plain is a relative path that stays where it is put, written one way only.
func plain(name string) bool {
	return name != "" && name != "." && len(name) < 4096 && path.Clean(name) == name && filepath.IsLocal(name) &&
		!strings.ContainsAny(name, "\x00\\") && name != manifestFile && name != checksumsFile
}
