package read

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/hatoba/hatoba/internal/review"
)

// ErrTooLarge means that an image unpacks to more than the reader may read.
var ErrTooLarge = errors.New("the image unpacks to more than allowed")

func tooLarge(limit int64) error { return fmt.Errorf("%w: %d bytes", ErrTooLarge, limit) }

// walker reads layers as streams, lowest first, and knows what later layers
// hide of the ones before.
type walker struct {
	ctx    context.Context
	opt    ImageOptions
	left   int64 // bytes that may still be unpacked
	kept   int64 // bytes that may still be kept as Content
	layers int   // read before this one
	files  []review.File
	root   *node
	nodes  int // in the tree
}

// node is a name in the tree a container would see.
type node struct {
	children map[string]*node
	file     int // index in files; -1 for a folder nobody wrote down
}

func newWalker(ctx context.Context, opt ImageOptions) *walker {
	return &walker{ctx: ctx, opt: opt, left: opt.MaxUnpacked, kept: maxKept, root: &node{file: -1}}
}

// layer reads one layer. Of a layer stored plain, as docker save did for long,
// it finds out what a push would transfer.
func (w *walker) layer(b blob, layer *review.Layer) error {
	stored, err := b.open()
	if err != nil {
		return err
	}
	defer stored.Close()
	stream, packed, closeStream, err := unpacked(stored)
	if err != nil {
		return err
	}
	defer closeStream()
	var pushed counter
	if !packed {
		z, err := gzip.NewWriterLevel(&pushed, gzip.BestSpeed)
		if err != nil {
			return err
		}
		stream = io.TeeReader(stream, z)
		defer func() {
			if z.Close() == nil {
				layer.Size = int64(pushed)
			}
		}()
	}
	return w.walk(stream, layer)
}

type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// unpacked tells compression by the first bytes: media types of old images lie.
func unpacked(stored io.Reader) (_ io.Reader, packed bool, closer func(), err error) {
	b := bufio.NewReaderSize(stored, 64<<10)
	magic, _ := b.Peek(4) // a shorter one is none of them
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, true, nil, err
		}
		return z, true, func() { _ = z.Close() }, nil
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(b, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<30))
		if err != nil {
			return nil, true, nil, err
		}
		return z, true, z.Close, nil
	}
	return b, false, func() {}, nil
}

// limited fails, other than io.LimitReader, when the limit is passed.
type limited struct {
	r    io.Reader
	left *int64
	max  int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if *l.left -= int64(n); *l.left < 0 {
		return n, tooLarge(l.max)
	}
	return n, err
}

func (w *walker) walk(stream io.Reader, layer *review.Layer) error {
	defer func() { w.layers++ }()
	hidden := map[string]bool{}
	for r := tar.NewReader(&limited{stream, &w.left, w.opt.MaxUnpacked}); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = w.ctx.Err()
		}
		if err != nil {
			return err
		}
		name := cleanName(h.Name)
		if dir, base := path.Split(name); strings.HasPrefix(base, ".wh.") {
			if len(hidden) >= w.opt.MaxFiles {
				return fmt.Errorf("%w: %d whiteouts", ErrTooLarge, len(hidden))
			}
			if !hidden[name] {
				hidden[name] = true
				w.whiteout(strings.TrimSuffix(dir, "/"), base)
			}
			continue
		}
		if name == "" || h.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		if err := w.entry(name, h, r, layer); err != nil {
			return err
		}
	}
}
