package backup

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/klauspost/compress/zstd"
)

// Writer writes one archive. Without Close it is not whole.
type Writer struct {
	manifest Manifest
	zip      *zstd.Encoder
	tar      *tar.Writer
	sums     map[string]string
}

// NewWriter begins an archive.
func NewWriter(w io.Writer, m Manifest) (*Writer, error) {
	m.Format = Format
	if err := m.check(); err != nil {
		return nil, err
	}
	zip, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	out := &Writer{manifest: m, zip: zip, tar: tar.NewWriter(zip), sums: map[string]string{}}
	b, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	out.sums[manifestFile] = hex.EncodeToString(sum[:])
	return out, out.put(manifestFile, b)
}

func (w *Writer) put(name string, b []byte) error {
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o600, Size: int64(len(b)), ModTime: w.manifest.Created, Format: tar.FormatPAX}
	if err := w.tar.WriteHeader(header); err != nil {
		return err
	}
	_, err := w.tar.Write(b)
	return err
}

// Add adds a file of exactly size bytes.
func (w *Writer) Add(name string, size int64, r io.Reader) error {
	if !w.manifest.holds(name) {
		return fmt.Errorf("%q is nothing the manifest names", name)
	}
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o600, Size: size, ModTime: time.Unix(0, 0), Format: tar.FormatPAX}
	if err := w.tar.WriteHeader(header); err != nil {
		return err
	}
	sum := sha256.New()
	if _, err := io.CopyN(io.MultiWriter(w.tar, sum), r, size); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	w.sums[name] = hex.EncodeToString(sum.Sum(nil))
	return nil
}

// AddTree adds the regular files below a directory under a name. A file that
// grows meanwhile is taken as long as it was when it was opened.
func (w *Writer) AddTree(name, dir string) error {
	return filepath.WalkDir(dir, func(at string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(dir, at)
		if err != nil {
			return err
		}
		return w.AddFile(path.Join(name, filepath.ToSlash(rel)), at)
	})
}

// AddFile adds a file under a name.
func (w *Writer) AddFile(name, at string) error {
	f, err := os.Open(at)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return w.Add(name, info.Size(), f)
}

// Close ends the archive with the checksums.
func (w *Writer) Close() error {
	b, err := json.Marshal(w.sums)
	if err == nil {
		err = w.put(checksumsFile, b)
	}
	if err == nil {
		err = w.tar.Close()
	}
	if cerr := w.zip.Close(); err == nil {
		err = cerr
	}
	return err
}
