package read

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// maxDocument bounds manifests and configs; registries allow 4 MiB.
const maxDocument = 16 << 20

func isLayout(files fs.FS) bool {
	_, err := fs.Stat(files, "index.json")
	return err == nil
}

// fromFiles reads an OCI layout or what docker save writes; new versions write
// both into one archive, and the layout says more.
func fromFiles(files fs.FS, opt ImageOptions) (*opened, error) {
	if isLayout(files) {
		o, err := fromLayout(files, opt)
		if _, missing := fs.Stat(files, "manifest.json"); !errors.Is(err, errNoImage) || missing != nil {
			return o, err
		} // docker save of an image without a tag leaves the index empty
	}
	var manifest []struct {
		Config string
		Layers []string
	}
	if err := jsonFile(files, "manifest.json", &manifest); err != nil {
		return nil, fmt.Errorf("neither an OCI layout nor a docker archive: %w", err)
	}
	if len(manifest) != 1 {
		return nil, fmt.Errorf("it holds %d images: save one at a time", len(manifest))
	}
	out := &opened{close: func() error { return nil }}
	if err := jsonFile(files, manifest[0].Config, &out.config); err != nil {
		return nil, err
	}
	for i, file := range manifest[0].Layers {
		b, err := blobOf(files, file)
		if err != nil {
			return nil, err
		}
		if diff := out.config.RootFS.DiffIDs; i < len(diff) {
			b.digest = diff[i].String()
		}
		out.layers = append(out.layers, b)
	}
	return out, fits(out.config, opt.Platform)
}

func fromLayout(files fs.FS, opt ImageOptions) (*opened, error) {
	out := &opened{close: func() error { return nil }}
	file := "index.json"
	// An index within the layout's index: what buildx writes. Deeper nesting
	// means nothing to anyone.
	for range 3 {
		var index v1.IndexManifest
		if err := jsonFile(files, file, &index); err != nil {
			return nil, err
		}
		chosen, platforms, err := choose(&index, opt.Platform)
		if err != nil {
			return nil, err
		}
		if out.platforms = append(out.platforms, platforms...); out.digest == "" {
			out.digest = chosen.Digest.String()
			if len(platforms) > 1 { // the layout itself is the multi-platform image; its own digest is nowhere
				out.digest = ""
			}
		}
		if file = blobPath(chosen.Digest); !chosen.MediaType.IsIndex() {
			return out, out.takeFiles(files, file, opt)
		}
		out.platforms = nil
	}
	return nil, errors.New("an index within an index within an index")
}

func (o *opened) takeFiles(files fs.FS, file string, opt ImageOptions) error {
	var manifest v1.Manifest
	if err := jsonFile(files, file, &manifest); err != nil {
		return err
	}
	if err := jsonFile(files, blobPath(manifest.Config.Digest), &o.config); err != nil {
		return err
	}
	for _, l := range manifest.Layers {
		b, err := blobOf(files, blobPath(l.Digest))
		if err != nil {
			return err
		}
		b.digest = l.Digest.String()
		if !strings.Contains(string(l.MediaType), "gzip") && !strings.Contains(string(l.MediaType), "zstd") {
			o.digest = "" // docker save stores layers plain: a registry has the image under another digest
		}
		o.layers = append(o.layers, b)
	}
	return fits(o.config, opt.Platform)
}

func blobPath(h v1.Hash) string { return path.Join("blobs", h.Algorithm, h.Hex) }

func blobOf(files fs.FS, file string) (blob, error) {
	info, err := fs.Stat(files, path.Clean(file))
	if err != nil {
		return blob{}, err
	}
	return blob{size: info.Size(), open: func() (io.ReadCloser, error) { return files.Open(path.Clean(file)) }}, nil
}

// jsonFile reads a JSON file of the image.
func jsonFile(files fs.FS, file string, into any) error {
	f, err := files.Open(path.Clean(file))
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxDocument+1))
	switch {
	case err != nil:
		return err
	case len(text) > maxDocument:
		return fmt.Errorf("%s is larger than %d bytes", file, maxDocument)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}
