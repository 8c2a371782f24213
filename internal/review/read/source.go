package read

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

// Limits of a source folder: beyond them the review says so instead of taking
// minutes.
const (
	maxText  = 1 << 20
	maxFiles = 50_000
)

// skipped folders hold what is not the user's own text.
var skipped = []string{".git", ".hg", ".svn", "node_modules", "vendor", ".venv", "venv", "__pycache__", "target", "dist", "build", ".terraform", ".cache", ".idea", ".gradle"}

// Source reads a source folder; root is its name as the user gave it.
func Source(root string, dir fs.FS) (*review.Source, error) {
	out := &review.Source{Root: strings.TrimSuffix(root, "/")}
	err := fs.WalkDir(dir, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && slices.Contains(skipped, path.Base(name)):
			return fs.SkipDir
		case !entry.Type().IsRegular():
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		f := review.SourceFile{Path: name, Size: info.Size()}
		if info.Size() <= maxText {
			text, err := fs.ReadFile(dir, name)
			if err != nil {
				return err
			}
			if !bytes.Contains(text[:min(len(text), 8000)], []byte{0}) {
				f.Text = string(text)
			}
		}
		if out.Files = append(out.Files, f); len(out.Files) > maxFiles {
			return errors.New("more than 50,000 files: point at the service's own folder")
		}
		return nil
	})
	return out, err
}
