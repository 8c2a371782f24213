package image

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Archive is an image on disk: one manifest, or an index of several
// platforms' images. Close removes what was unpacked.
type Archive struct {
	Image v1.Image
	Index v1.ImageIndex
	Tag   string // the reference the archive itself gives, "" when none
	dir   string
}

// ErrFormat means that a file is none of the formats Open reads.
var ErrFormat = errors.New("not an OCI archive, an OCI layout or a docker archive")

// maxUnpacked bounds what an archive may unpack to.
const maxUnpacked = 32 << 30

// Open opens an OCI layout directory, an OCI archive (a tar of such a
// directory) or a docker archive (docker save), gzipped or not.
func Open(path string) (*Archive, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return openLayout(path, "")
	}
	dir, err := os.MkdirTemp("", "hatoba-image-")
	if err != nil {
		return nil, err
	}
	a, err := openTar(path, dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return a, nil
}

// Close removes what was unpacked.
func (a *Archive) Close() error {
	if a.dir == "" {
		return nil
	}
	return os.RemoveAll(a.dir)
}

func openTar(path, dir string) (*Archive, error) {
	if err := unpack(path, dir); err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(dir, "oci-layout")); err == nil {
		return openLayout(dir, dir)
	}
	if _, err := os.Stat(filepath.Join(dir, "manifest.json")); err != nil {
		return nil, fmt.Errorf("%s is %w", path, ErrFormat)
	}
	opener := func() (io.ReadCloser, error) { return plain(path) }
	manifest, err := tarball.LoadManifest(opener)
	if err != nil {
		return nil, err
	}
	a := &Archive{dir: dir}
	if len(manifest) != 1 {
		return nil, fmt.Errorf("%s holds %d images: save one at a time", path, len(manifest))
	}
	if len(manifest[0].RepoTags) > 0 {
		a.Tag = manifest[0].RepoTags[0]
	}
	a.Image, err = tarball.Image(opener, nil)
	return a, err
}

func openLayout(path, dir string) (*Archive, error) {
	index, err := layout.ImageIndexFromPath(path)
	if err != nil {
		return nil, fmt.Errorf("%s is %w: %w", path, ErrFormat, err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	a := &Archive{dir: dir}
	if len(manifest.Manifests) != 1 {
		a.Index = index
		return a, nil
	}
	only := manifest.Manifests[0]
	if a.Tag = only.Annotations["io.containerd.image.name"]; a.Tag == "" {
		a.Tag = only.Annotations["org.opencontainers.image.ref.name"]
	}
	if only.MediaType.IsIndex() {
		a.Index, err = index.ImageIndex(only.Digest)
	} else {
		a.Image, err = index.Image(only.Digest)
	}
	return a, err
}

// Push writes the image to a registry and returns its digest.
func (a *Archive) Push(ref string, options ...remote.Option) (string, error) {
	target, err := name.ParseReference(ref, name.Insecure)
	if err != nil {
		return "", err
	}
	if a.Index != nil {
		if err := remote.WriteIndex(target, a.Index, options...); err != nil {
			return "", err
		}
		d, err := a.Index.Digest()
		return d.String(), err
	}
	if err := remote.Write(target, a.Image, options...); err != nil {
		return "", err
	}
	d, err := a.Image.Digest()
	return d.String(), err
}

// plain opens a file and ungzips it when it is gzipped.
func plain(path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	b := bufio.NewReader(f)
	if magic, err := b.Peek(2); err != nil || magic[0] != 0x1f || magic[1] != 0x8b {
		return struct {
			io.Reader
			io.Closer
		}{b, f}, nil
	}
	z, err := gzip.NewReader(b)
	if err != nil {
		f.Close()
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{z, f}, nil
}

// unpack writes a tar's regular files below dir. A name that would leave dir
// is refused, and links are not followed because none is made.
func unpack(path, dir string) error {
	f, err := plain(path)
	if err != nil {
		return err
	}
	defer f.Close()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	left := int64(maxUnpacked)
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s is %w: %w", path, ErrFormat, err)
		}
		name := strings.TrimPrefix(filepath.Clean("/"+h.Name), "/")
		if h.Typeflag != tar.TypeReg || name == "" {
			continue
		}
		if left -= h.Size; left < 0 {
			return fmt.Errorf("%s unpacks to more than %d bytes", path, int64(maxUnpacked))
		}
		if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return err
		}
		if err := write(root, name, r); err != nil {
			return err
		}
	}
}

func write(root *os.Root, name string, r io.Reader) error {
	out, err := root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, r); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
