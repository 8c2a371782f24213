package backup

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"

	"github.com/klauspost/compress/zstd"
)

// Unpack writes an archive's files below dir, which must be there and empty,
// and returns its manifest. Whatever the archive says, nothing is written
// outside of dir; on an error what is in dir is to be thrown away. An archive
// without its end, with a file changed, missing or too many is not whole.
func Unpack(r io.Reader, dir string) (Manifest, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Manifest{}, err
	}
	defer root.Close()
	zip, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
	if err != nil {
		return Manifest{}, notWhole(err)
	}
	defer zip.Close()
	u := &unpacker{tar: tar.NewReader(zip), root: root, sums: map[string]string{}}
	if err := u.manifestFirst(); err != nil {
		return u.manifest, err
	}
	for {
		done, err := u.next()
		if err != nil {
			return u.manifest, err
		}
		if done {
			break
		}
	}
	// Behind the checksums there is nothing.
	if _, err := u.tar.Next(); !errors.Is(err, io.EOF) {
		return u.manifest, fmt.Errorf("%w: something follows its checksums", ErrHostile)
	}
	if n, err := io.Copy(io.Discard, io.LimitReader(zip, 1<<20)); err != nil || n == 1<<20 {
		return u.manifest, notWhole(err)
	}
	return u.manifest, nil
}

type unpacker struct {
	manifest Manifest
	tar      *tar.Reader
	root     *os.Root
	sums     map[string]string
}

func notWhole(err error) error { return fmt.Errorf("%w: %w", ErrNotWhole, err) }

func (u *unpacker) manifestFirst() error {
	header, err := u.tar.Next()
	if err != nil {
		return notWhole(err)
	}
	if header.Name != manifestFile || header.Size > maxMeta {
		return fmt.Errorf("%w: it does not begin with %s", ErrNotWhole, manifestFile)
	}
	b, err := io.ReadAll(u.tar)
	if err == nil {
		err = json.Unmarshal(b, &u.manifest)
	}
	if err != nil {
		return notWhole(err)
	}
	sum := sha256.Sum256(b)
	u.sums[manifestFile] = hex.EncodeToString(sum[:])
	return u.manifest.check()
}

// next takes the next file; done means that it was the checksums and that they
// are right.
func (u *unpacker) next() (done bool, err error) {
	header, err := u.tar.Next()
	if err != nil {
		return false, notWhole(err)
	}
	if header.Typeflag != tar.TypeReg {
		return false, fmt.Errorf("%w: %q is no regular file", ErrHostile, header.Name)
	}
	if header.Name == checksumsFile {
		return true, u.compare()
	}
	if !u.manifest.holds(header.Name) {
		return false, fmt.Errorf("%w: a file named %q", ErrHostile, header.Name)
	}
	if _, twice := u.sums[header.Name]; twice {
		return false, fmt.Errorf("%w: %q is there twice", ErrHostile, header.Name)
	}
	if err := u.root.MkdirAll(path.Dir(header.Name), 0o700); err != nil {
		return false, err
	}
	f, err := u.root.OpenFile(header.Name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return false, err
	}
	sum := sha256.New()
	into := &sink{w: io.MultiWriter(f, sum)}
	_, err = io.Copy(into, u.tar)
	if cerr := f.Close(); into.err == nil {
		into.err = cerr
	}
	if into.err != nil {
		return false, into.err
	}
	if err != nil {
		return false, notWhole(err)
	}
	u.sums[header.Name] = hex.EncodeToString(sum.Sum(nil))
	return false, nil
}

// sink tells the errors of writing from those of reading.
type sink struct {
	w   io.Writer
	err error
}

func (s *sink) Write(b []byte) (int, error) {
	n, err := s.w.Write(b)
	s.err = err
	return n, err
}

func (u *unpacker) compare() error {
	var want map[string]string
	if err := json.NewDecoder(u.tar).Decode(&want); err != nil {
		return notWhole(err)
	}
	for name, sum := range want {
		if u.sums[name] != sum {
			return fmt.Errorf("%w: %s is missing or was changed", ErrNotWhole, name)
		}
	}
	for name := range u.sums {
		if _, ok := want[name]; !ok {
			return fmt.Errorf("%w: it has no checksum of %s", ErrNotWhole, name)
		}
	}
	return nil
}
