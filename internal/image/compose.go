package image

import (
	"archive/tar"
	"bytes"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// File is one file of an image. A directory's name ends in "/".
type File struct {
	Name string // path in the image, without a leading slash
	Body []byte
	Mode int64
}

// Composition describes an image of files, on a base or on nothing. Its layer is
// not compressed: it is made to be pushed over loopback, again and again.
type Composition struct {
	Base       v1.Image // nil: nothing, and the user is User
	Arch       string   // as in GOARCH; without a base only
	Files      []File
	Entrypoint []string // nil: the base's
	WorkingDir string   // "": the base's
}

// Compose makes the image. The same composition gives the same digest.
func Compose(c Composition) (v1.Image, error) {
	base, files := c.Base, c.Files
	if base == nil {
		base = mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
		files = append(accounts(), files...)
	}
	text, err := archive(files)
	if err != nil {
		return nil, err
	}
	// A docker manifest takes docker's layers; engines read either.
	img, err := mutate.Append(base, mutate.Addendum{Layer: static.NewLayer(text, types.OCIUncompressedLayer)})
	if err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	if c.Base == nil {
		config.OS, config.Architecture = "linux", c.Arch
		config.Config = v1.Config{User: User, WorkingDir: "/"}
	}
	if c.Entrypoint != nil {
		config.Config.Entrypoint, config.Config.Cmd = c.Entrypoint, nil
	}
	if c.WorkingDir != "" {
		config.Config.WorkingDir = c.WorkingDir
	}
	return mutate.ConfigFile(img, config)
}

// accounts are the files without which a user has no name.
func accounts() []File {
	return []File{
		{"etc/", nil, 0o755},
		{"etc/passwd", []byte("root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n"), 0o644},
		{"etc/group", []byte("root:x:0:\nnonroot:x:65532:\n"), 0o644},
		{"tmp/", nil, 0o1777},
	}
}

// Tree reads a folder as files below a path of the image, without what skip
// names. Links and other special files are left out.
func Tree(dir, below string, skip func(rel string, d fs.DirEntry) bool) (out []File, err error) {
	below = strings.Trim(path.Clean("/"+below), "/")
	err = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		if rel != "." && skip(rel, d) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		at := path.Join(below, filepath.ToSlash(rel))
		switch {
		case d.IsDir() && at != "" && at != ".":
			out = append(out, File{Name: at + "/", Mode: 0o755})
		case d.Type().IsRegular():
			info, err := d.Info()
			if err != nil {
				return err
			}
			body, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			mode := int64(0o644)
			if info.Mode()&0o111 != 0 {
				mode = 0o755
			}
			out = append(out, File{Name: at, Body: body, Mode: mode})
		}
		return nil
	})
	return out, err
}

// archive writes files as a tar, with the folders they stand in.
func archive(files []File) ([]byte, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	made := map[string]bool{}
	for _, f := range files {
		for _, dir := range parents(f.Name) {
			if !made[dir] {
				made[dir] = true
				if err := add(w, File{Name: dir, Mode: 0o755}); err != nil {
					return nil, err
				}
			}
		}
		if strings.HasSuffix(f.Name, "/") {
			if made[f.Name] {
				continue
			}
			made[f.Name] = true
		}
		if err := add(w, f); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// parents are the folders a file is in, outermost first.
func parents(name string) (out []string) {
	name = strings.TrimSuffix(name, "/")
	for i, r := range name {
		if r == '/' {
			out = append(out, name[:i+1])
		}
	}
	return out
}
