package inventory

import (
	"io"
	"path"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

// Limits: an image is not trusted, and a review takes no gigabytes.
const (
	maxText    = 64 << 20  // a package manager's list
	maxBinary  = 512 << 20 // a binary or archive
	minBinary  = 256 << 10 // no Go program is smaller
	maxMetaLen = 4 << 20   // one package's own description
)

// Collector lists the packages of an image while its files go by.
type Collector struct {
	found  map[string]found // by path: a later layer's file replaces an earlier one's
	distro map[string]Distro
}

// found is what one file told.
type found struct {
	layer    int
	packages []Package
	gaps     []Gap
	owns     []string // the files that the distribution's packages brought
}

// NewCollector makes a collector that has seen nothing.
func NewCollector() *Collector {
	return &Collector{found: map[string]found{}, distro: map[string]Distro{}}
}

// reader reads one kind of file. What it gives before an error counts.
type reader func(f review.File, r io.Reader) ([]Package, error)

// Wants reports whether Visit would read a file, so that the others need not be
// opened.
func (c *Collector) Wants(f review.File) bool {
	_, _, known := kindOf(f)
	return known || isOSRelease(f.Path) || isFileList(f.Path)
}

// Visit reads a regular file of the image if it tells of packages. A file that
// cannot be understood becomes a gap; the error is the stream's.
func (c *Collector) Visit(f review.File, r io.Reader) error {
	if isOSRelease(f.Path) {
		text, err := bounded(r, maxMetaLen)
		if err == nil {
			c.distro[f.Path] = osRelease(string(text))
		}
		return err
	}
	if isFileList(f.Path) {
		text, err := bounded(r, maxText)
		c.put(f, found{layer: f.Layer, owns: fileList(f.Path, string(text))})
		return err
	}
	kind, read, known := kindOf(f)
	if !known {
		return nil
	}
	stream := &failing{r: r}
	packages, err := read(f, stream)
	now := found{layer: f.Layer, packages: packages}
	for i := range packages {
		now.owns = append(now.owns, packages[i].owns...)
		packages[i].Type, packages[i].Path, packages[i].owns = kind, f.Path, nil
	}
	if err != nil {
		now.gaps = []Gap{{Type: kind, Path: f.Path, Why: review.Say("could not be read: %v", "読み取れない: %v", err)}}
	}
	c.put(f, now)
	return stream.err
}

// put keeps what the highest layer's file of a path tells.
func (c *Collector) put(f review.File, now found) {
	if old, ok := c.found[f.Path]; !ok || old.layer <= f.Layer {
		c.found[f.Path] = now
	}
}

// failing remembers the stream's own error, which is not the file's fault.
type failing struct {
	r   io.Reader
	err error
}

func (f *failing) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && err != io.EOF {
		f.err = err
	}
	return n, err
}

// Keep forgets all but the visible ones of an image's files: to be called once,
// when all layers have gone by.
func (c *Collector) Keep(files []review.File) {
	visible := make(map[string]int, len(files))
	for _, f := range files {
		if !f.Hidden {
			visible[f.Path] = f.Layer
		}
	}
	for p, has := range c.found {
		if layer, ok := visible[p]; !ok || layer != has.layer {
			delete(c.found, p)
		}
	}
	for p := range c.distro {
		if _, ok := visible[p]; !ok {
			delete(c.distro, p)
		}
	}
}

// Distro is the image's distribution; its fields are empty if it has none.
func (c *Collector) Distro() Distro {
	for _, p := range []string{"etc/os-release", "usr/lib/os-release"} {
		if d, ok := c.distro[p]; ok && d.ID != "" {
			return d
		}
	}
	return Distro{}
}

// Packages lists what was found, in a fixed order.
func (c *Collector) Packages() []Package {
	var out []Package
	owned := map[string]bool{}
	for _, has := range c.found {
		for _, p := range has.owns {
			owned[p] = true
		}
	}
	for p, has := range c.found {
		if owned[strings.TrimPrefix(p, "usr/")] {
			continue // told by the distribution's package
		}
		if path.Base(p) == "package-lock.json" && c.installed(path.Dir(p)) {
			continue // a lock names more than is installed: other platforms, development
		}
		out = append(out, has.packages...)
	}
	for i := range out {
		if OS(out[i].Type) {
			out[i].Distro = c.Distro()
		}
	}
	return sorted(out)
}

// installed reports whether npm packages were found below a folder.
func (c *Collector) installed(dir string) bool {
	prefix := strings.TrimPrefix(dir+"/node_modules/", "./")
	for p, has := range c.found {
		if strings.HasPrefix(p, prefix) && len(has.packages) > 0 {
			return true
		}
	}
	return false
}

// Gaps lists what could not be read, in a fixed order.
func (c *Collector) Gaps() []Gap {
	var out []Gap
	for _, has := range c.found {
		out = append(out, has.gaps...)
	}
	slices.SortFunc(out, func(a, b Gap) int { return strings.Compare(a.Path, b.Path) })
	return out
}
