package read

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

// maxPath is Linux's own bound of a path.
const maxPath = 4096

// entry takes one entry of a layer: it hides what stood at its name, and is
// listed.
func (w *walker) entry(name string, h *tar.Header, r io.Reader, layer *review.Layer) error {
	if len(w.files) >= w.opt.MaxFiles {
		return fmt.Errorf("%w: %d files", ErrTooLarge, w.opt.MaxFiles)
	}
	if len(name) > maxPath {
		return fmt.Errorf("a path of %d characters", len(name))
	}
	f := review.File{Path: name, Mode: h.FileInfo().Mode(), UID: h.Uid, GID: h.Gid, Layer: w.layers}
	regular := h.Typeflag == tar.TypeReg || h.Typeflag == tar.TypeGNUSparse
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse:
		f.Size = h.Size
	case tar.TypeSymlink:
		f.Link = h.Linkname
	case tar.TypeLink:
		f.Link = cleanName(h.Linkname)
	}
	layer.Unpacked += f.Size
	if layer.Unpacked > w.opt.MaxUnpacked { // holes take no bytes of the stream, and room where they are unpacked
		return tooLarge(w.opt.MaxUnpacked)
	}
	if regular {
		var err error
		if f.Content, err = w.content(f, r); err != nil {
			return err
		}
	}
	n := w.node(name)
	if w.nodes > 4*w.opt.MaxFiles { // deep paths make more folders than files
		return fmt.Errorf("%w: %d folders", ErrTooLarge, w.nodes)
	}
	if n.file >= 0 {
		w.files[n.file].Hidden = true
	}
	if h.Typeflag == tar.TypeLink {
		if target := w.find(f.Link); target != nil && target.file >= 0 && Keep(name) {
			f.Content = w.files[target.file].Content
		}
	}
	if !f.Mode.IsDir() {
		w.hideBelow(n, w.layers+1)
	}
	n.file = len(w.files)
	w.files = append(w.files, f)
	return nil
}

// content reads what rules want to read and shows the file to the visitor.
func (w *walker) content(f review.File, r io.Reader) ([]byte, error) {
	var content []byte
	if Keep(f.Path) && f.Size <= keepLimit(f.Path) && f.Size <= w.kept {
		var err error
		if content, err = io.ReadAll(r); err != nil {
			return nil, err
		}
		w.kept -= int64(len(content))
		r = bytes.NewReader(content)
	}
	if w.opt.Visit != nil {
		if err := w.opt.Visit(f, r); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	return content, nil
}

// node is the place of a name, made if need be.
func (w *walker) node(name string) *node {
	n := w.root
	for part := range strings.SplitSeq(name, "/") {
		child := n.children[part]
		if child == nil {
			child = &node{file: -1}
			w.nodes++
			if n.children == nil {
				n.children = map[string]*node{}
			}
			n.children[part] = child
		}
		if n.file >= 0 && w.files[n.file].Mode.IsRegular() { // it was a file and is a folder now
			w.files[n.file].Hidden = true
			n.file = -1
		}
		n = child
	}
	return n
}

func (w *walker) find(name string) *node {
	n := w.root
	for part := range strings.SplitSeq(name, "/") {
		if n = n.children[part]; n == nil {
			return nil
		}
	}
	return n
}

// whiteout hides what lower layers have. The layer's own files stay, wherever
// in the stream the mark stands.
func (w *walker) whiteout(dir, base string) {
	parent := w.root
	if dir != "" {
		if parent = w.find(dir); parent == nil {
			return
		}
	}
	if base == ".wh..wh..opq" {
		w.hideBelow(parent, w.layers)
		return
	}
	if n := parent.children[strings.TrimPrefix(base, ".wh.")]; n != nil {
		w.hide(n, w.layers)
		if n.file < 0 && len(n.children) == 0 {
			delete(parent.children, strings.TrimPrefix(base, ".wh."))
		}
	}
}

// hide marks a name and all below it, of layers before the given one.
func (w *walker) hide(n *node, before int) {
	if n.file >= 0 && w.files[n.file].Layer < before {
		w.files[n.file].Hidden = true
		n.file = -1
	}
	w.hideBelow(n, before)
}

func (w *walker) hideBelow(n *node, before int) {
	for name, child := range n.children {
		w.hide(child, before)
		if child.file < 0 && len(child.children) == 0 {
			delete(n.children, name)
		}
	}
}
