// Package layer writes an image's layers to disk.
//
// The archive is read on one thread, and files are created on others, because
// creating files is what takes the time. What an entry means depends on the
// entries before it alone, so a tree in memory decides that (tree.go), and no
// path of an archive is ever given to the kernel: every system call has a
// directory that was made here and one name in it.
package layer

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"path"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrInvalid is an archive that cannot be a layer.
var ErrInvalid = errors.New("invalid layer")

// Options say what a layer is unpacked for.
type Options struct {
	// Overlay makes deletions overlayfs's own, for a directory that lies above
	// others. Without, they delete what the layer itself has brought before.
	Overlay bool
	// Parents are the directories of the layers below, the nearest first. A
	// directory that the archive does not name but uses gets its attributes from
	// them.
	Parents []string
}

// Names of deletions.
// Source: https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md#whiteouts
const (
	whiteout = ".wh."
	opaque   = ".wh..wh..opq"
)

// Unpack writes a layer's uncompressed archive to dir, which must be empty and
// nobody else's. Nothing is written outside. After an error dir holds a part
// and must be thrown away. It reads the archive to its end, what lies behind
// the end excepted. Nothing of it goes on when Unpack returns; for that,
// archive's Read must not outlast ctx for long.
func Unpack(ctx context.Context, dir string, archive io.Reader, o Options) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	u, err := open(ctx, cancel, dir, o)
	if err != nil {
		return err
	}
	err = u.entries(tar.NewReader(archive))
	if err == nil {
		err = u.settle()
	}
	if err == nil {
		err = u.finishDirs()
	}
	if err != nil {
		cancel(err) // unless a writer has failed before, or nobody waits any more
		return errors.Join(context.Cause(ctx), u.close())
	}
	return u.close()
}

// writerCount is how many threads create files.
func writerCount() int { return min(max(runtime.GOMAXPROCS(0), 1), 4) }

// unpacking is one layer on its way to disk. Its fields belong to the goroutine
// that reads the archive; writers get jobs.
type unpacking struct {
	Options
	ctx     context.Context
	tree    *tree
	disk    *disk
	writers *writers
	links   []link // wait for the files they name
	buffer  []byte // of large files
}

func open(ctx context.Context, fail context.CancelCauseFunc, dir string, o Options) (*unpacking, error) {
	d, err := openDisk(dir)
	if err != nil {
		return nil, err
	}
	return &unpacking{Options: o, ctx: ctx, tree: newTree(), disk: d, writers: startWriters(ctx, fail, d, writerCount())}, nil
}

func (u *unpacking) close() error {
	u.writers.stop()
	return u.disk.close()
}

func (u *unpacking) entries(archive *tar.Reader) error {
	for {
		if err := u.ctx.Err(); err != nil {
			return err
		}
		header, err := archive.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := u.entry(header, archive); err != nil {
			return &entryError{header.Name, err}
		}
	}
}

// entryError tells which entry it was.
type entryError struct {
	name string
	err  error
}

func (e *entryError) Error() string { return "entry " + e.name + ": " + e.err.Error() }
func (e *entryError) Unwrap() error { return e.err }

func (u *unpacking) entry(header *tar.Header, body io.Reader) error {
	if header.Typeflag == tar.TypeXGlobalHeader {
		return nil
	}
	folder, base := path.Split(path.Clean(header.Name))
	if base == "" || base == "." || base == ".." {
		return nil // the root, which the layers below have
	}
	in, err := u.parent(folder)
	if err != nil {
		return err
	}
	if strings.HasPrefix(base, whiteout) {
		return u.delete(in, base, header)
	}
	if header.Typeflag == tar.TypeDir {
		return u.dir(in, base, header)
	}
	if in.has(base) {
		if err := u.remove(in, base); err != nil {
			return err
		}
	}
	switch header.Typeflag {
	case tar.TypeReg:
		in.others[base] = plain
		return u.file(in, base, header, body)
	case tar.TypeLink:
		return u.link(in, base, header)
	case tar.TypeSymlink:
		if len(header.Linkname) > maxPath {
			return unix.ENAMETOOLONG
		}
		in.others[base] = &other{symlink: true, target: header.Linkname}
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		if _, err := device(header); err != nil {
			return err
		}
		in.others[base] = plain
	default:
		return errors.Join(ErrInvalid, errors.New("entries of type "+string(header.Typeflag)+" are not known"))
	}
	return u.writers.put(job{in: in, name: base, header: header})
}

// parent finds the directory of an entry, and makes what is missing of it.
func (u *unpacking) parent(folder string) (*dir, error) {
	at, missing, err := u.tree.resolve(folder)
	for _, name := range missing {
		if err != nil {
			break
		}
		at, err = u.mkdir(at, name)
		if err == nil {
			at.inherited, err = inherit(u.Parents, at)
		}
	}
	return at, err
}

// maxPath is how long a path or what a symbolic link says may be, as in Linux.
const maxPath = unix.PathMax - 1

func (u *unpacking) mkdir(in *dir, name string) (*dir, error) {
	if in.length+1+len(name) > maxPath {
		return nil, unix.ENAMETOOLONG
	}
	if err := u.disk.mkdir(in, name); err != nil {
		return nil, err
	}
	return u.tree.add(in, name), nil
}

// dir makes a directory, or gives one that is there new attributes. They are
// set at the end: files still come in.
func (u *unpacking) dir(in *dir, name string, header *tar.Header) (err error) {
	d := in.dirs[name]
	if d == nil {
		_, replaces := in.others[name]
		hides := replaces && in.others[name].whiteout
		if replaces {
			if err := u.remove(in, name); err != nil {
				return err
			}
		}
		if d, err = u.mkdir(in, name); err != nil {
			return err
		}
		d.opaque = hides && u.Overlay
	}
	d.headers = append(d.headers, header)
	return nil
}

// delete is a deletion of what layers below have. What the layer itself has
// brought stays: a deletion speaks of the layers below.
func (u *unpacking) delete(in *dir, base string, header *tar.Header) error {
	if base == opaque {
		in.opaque = u.Overlay
		return nil
	}
	name := strings.TrimPrefix(base, whiteout)
	if name == "" || name == "." || name == ".." {
		return errors.Join(ErrInvalid, errors.New("a deletion without a name"))
	}
	if d := in.dirs[name]; d != nil {
		d.opaque = u.Overlay
		return nil
	}
	if !u.Overlay || in.has(name) {
		return nil
	}
	in.others[name] = deleted
	return u.writers.put(job{in: in, name: name, header: &tar.Header{Typeflag: tar.TypeChar, Uid: header.Uid, Gid: header.Gid}, bare: true})
}

// remove takes away what an earlier entry has brought.
func (u *unpacking) remove(in *dir, name string) error {
	if err := u.settle(); err != nil {
		return err
	}
	if err := u.disk.remove(in, name); err != nil {
		return err
	}
	u.tree.forget(in, name)
	return nil
}

// link notes a hard link, which is made when the file it names is there.
func (u *unpacking) link(in *dir, name string, header *tar.Header) error {
	folder, base := path.Split(header.Linkname)
	from, missing, err := u.tree.resolve(folder)
	if err != nil {
		return err
	}
	if len(missing) > 0 || from.others[base] == nil {
		return errors.Join(ErrInvalid, errors.New("a link to what is not there: "+header.Linkname))
	}
	in.others[name] = from.others[base]
	u.links = append(u.links, link{from: from, base: base, in: in, name: name, header: header, symlink: from.others[base].symlink})
	return nil
}

// settle waits until everything of the entries so far is on disk.
func (u *unpacking) settle() error {
	u.writers.wait()
	if err := context.Cause(u.ctx); err != nil {
		return err
	}
	for _, l := range u.links {
		if err := u.disk.link(l); err != nil {
			return &entryError{l.header.Name, err}
		}
	}
	u.links = u.links[:0]
	return nil
}

// finishDirs sets the attributes of directories, after everything is in them.
func (u *unpacking) finishDirs() error {
	return u.tree.walk(u.disk.finish)
}
