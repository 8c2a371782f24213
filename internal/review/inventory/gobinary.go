package inventory

import (
	"bytes"
	"debug/buildinfo"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

// inMemory is the size up to which a binary is not put on disk to be read.
const inMemory = 64 << 20

// goBinary reads the modules that the Go linker wrote into a program.
func goBinary(f review.File, r io.Reader) ([]Package, error) {
	magic := make([]byte, 4)
	if _, err := io.ReadFull(r, magic); err != nil || string(magic) != "\x7fELF" {
		return nil, nil //nolint:nilerr // a script, not a program; a broken stream is seen by the caller
	}
	if f.Size > maxBinary {
		return nil, fmt.Errorf("it is larger than %d MiB", maxBinary>>20)
	}
	at, _, done, err := readerAt(io.MultiReader(bytes.NewReader(magic), r), f.Size)
	if err != nil {
		return nil, err
	}
	defer done()
	info, err := buildinfo.Read(at)
	if err != nil {
		return nil, nil //nolint:nilerr // not written in Go
	}
	out := []Package{{Name: "stdlib", Version: strings.TrimPrefix(strings.Fields(info.GoVersion + " ")[0], "go")}}
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if m.Replace != nil {
			m = m.Replace
		}
		if m.Path == "" || m.Version == "" || m.Version == "(devel)" || strings.HasPrefix(m.Path, ".") || strings.HasPrefix(m.Path, "/") {
			continue
		}
		out = append(out, Package{Name: m.Path, Version: m.Version})
	}
	return out, nil
}

// readerAt makes a stream readable in any order: in memory, or, if it is large,
// in a file that is removed by done.
func readerAt(r io.Reader, said int64) (at io.ReaderAt, size int64, done func(), err error) {
	if said <= inMemory {
		text, err := bounded(r, inMemory)
		return bytes.NewReader(text), int64(len(text)), func() {}, err
	}
	file, err := os.CreateTemp("", "hatoba-review-*")
	if err != nil {
		return nil, 0, nil, err
	}
	done = func() { file.Close(); os.Remove(file.Name()) }
	if size, err = io.Copy(file, io.LimitReader(r, maxBinary)); err != nil {
		done()
		return nil, 0, nil, err
	}
	return file, size, done, nil
}
