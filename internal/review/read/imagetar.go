package read

import (
	"archive/tar"
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// openArchive opens a tar without unpacking it: only where its files begin is
// kept. A gzipped one is unzipped to a temporary file first, because layers are
// read in another order than they stand in.
func openArchive(file string, opt ImageOptions) (*opened, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	remove := func() error { return nil }
	magic, err := bufio.NewReaderSize(f, 16).Peek(2)
	if err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		plain, err := unzip(f, opt.MaxUnpacked)
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, err
		}
		f, remove = plain, func() error { return os.Remove(plain.Name()) }
	}
	done := func() error { return errors.Join(f.Close(), remove()) }
	files, err := indexTar(f, opt.MaxFiles)
	if err != nil {
		return nil, errors.Join(err, done())
	}
	o, err := fromFiles(files, opt)
	if err != nil {
		return nil, errors.Join(err, done())
	}
	o.close = done
	return o, nil
}

func unzip(f *os.File, limit int64) (_ *os.File, err error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	out, err := os.CreateTemp("", "hatoba-image-*.tar")
	if err != nil {
		return nil, err
	}
	n, err := io.Copy(out, io.LimitReader(z, limit+1))
	if err == nil && n > limit {
		err = tooLarge(limit)
	}
	if err != nil {
		return nil, errors.Join(err, out.Close(), os.Remove(out.Name()))
	}
	return out, nil
}

// tarFiles are the regular files of a tar, by clean name.
type tarFiles struct {
	tar   io.ReaderAt
	files map[string]tarEntry
}

type tarEntry struct {
	name         string
	offset, size int64
	link         string // docker save names equal layers by links
}

func indexTar(f io.ReadSeeker, most int) (*tarFiles, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	at, ok := f.(io.ReaderAt)
	if !ok {
		return nil, errors.New("the archive cannot be read at an offset")
	}
	out := &tarFiles{tar: at, files: map[string]tarEntry{}}
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("not a tar archive: %w", err)
		}
		if len(out.files) >= most {
			return nil, fmt.Errorf("the archive holds more than %d files", most)
		}
		e := tarEntry{name: cleanName(h.Name), size: h.Size}
		switch h.Typeflag {
		case tar.TypeReg:
			if e.offset, err = f.Seek(0, io.SeekCurrent); err != nil {
				return nil, err
			}
		case tar.TypeSymlink:
			e.link = cleanName(path.Join(path.Dir(e.name), h.Linkname))
		case tar.TypeLink:
			e.link = cleanName(h.Linkname)
		default:
			continue
		}
		out.files[e.name] = e
	}
}

// cleanName is a name within an archive, without a way out of it.
func cleanName(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

// Open makes the archive a file system of its regular files.
func (t *tarFiles) Open(name string) (fs.File, error) {
	e, ok := t.files[cleanName(name)]
	for range 8 { // links to links
		if !ok || e.link == "" {
			break
		}
		e, ok = t.files[e.link]
	}
	if !ok || e.link != "" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &tarFile{SectionReader: io.NewSectionReader(t.tar, e.offset, e.size), entry: e}, nil
}

// tarFile is an open file, and its own description.
type tarFile struct {
	*io.SectionReader
	entry tarEntry
}

func (f *tarFile) Stat() (fs.FileInfo, error) { return f, nil }
func (f *tarFile) Close() error               { return nil }
func (f *tarFile) Name() string               { return path.Base(f.entry.name) }
func (f *tarFile) Mode() fs.FileMode          { return 0o444 }
func (f *tarFile) ModTime() time.Time         { return time.Time{} }
func (f *tarFile) IsDir() bool                { return false }
func (f *tarFile) Sys() any                   { return nil }
