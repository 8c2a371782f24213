package layer

import (
	"archive/tar"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// disk is the directory that a layer goes to. Its methods but close may be
// called by several goroutines for different names.
type disk struct {
	root  int
	path  string
	umask uint32
	uid   int
	gid   int
	here  *place // of the goroutine that reads the archive
}

// openDisk opens an empty directory.
func openDisk(path string) (*disk, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	if len(entries) > 0 {
		return nil, fmt.Errorf("%s is not empty", path)
	}
	root, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	d := &disk{root: root, path: path, umask: umask(), uid: os.Geteuid(), gid: os.Getegid()}
	d.here = &place{disk: d, fd: -1}
	return d, nil
}

func (d *disk) close() error {
	d.here.leave()
	return unix.Close(d.root)
}

// umask is what the process takes off the modes of new files: all, when that
// cannot be known without changing it.
func umask() uint32 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0o777
	}
	_, after, _ := strings.Cut(string(status), "\nUmask:\t")
	word, _, _ := strings.Cut(after, "\n")
	mask, err := strconv.ParseUint(word, 8, 32)
	if err != nil {
		return 0o777
	}
	return uint32(mask)
}

// place is where a goroutine works: the directory it had to do with last stays
// open, because the next entry is mostly in it.
type place struct {
	disk *disk
	in   *dir
	fd   int
}

// at returns d's descriptor, good until the next call.
func (p *place) at(d *dir) (int, error) {
	if p.fd >= 0 && p.in == d {
		return p.fd, nil
	}
	fd, err := p.disk.open(d)
	if err != nil {
		return -1, err
	}
	p.leave()
	p.in, p.fd = d, fd
	return fd, nil
}

func (p *place) leave() {
	if p.fd >= 0 {
		_ = unix.Close(p.fd)
	}
	p.in, p.fd = nil, -1
}

// open opens a directory that was made here: no symbolic link leads to it.
func (d *disk) open(to *dir) (int, error) {
	const flags = unix.O_PATH | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC
	if to.in == nil {
		return unix.Openat(d.root, ".", flags, 0)
	}
	fd, err := unix.Openat2(d.root, to.path(), &unix.OpenHow{Flags: flags, Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS})
	if !errors.Is(err, unix.ENOSYS) && !errors.Is(err, unix.EPERM) {
		return fd, err
	}
	in, err := d.open(to.in) // before Linux 5.6, or where it is filtered
	if err != nil {
		return -1, err
	}
	defer unix.Close(in)
	return unix.Openat(in, to.name, flags, 0)
}

func (d *disk) mkdir(in *dir, name string) error {
	fd, err := d.here.at(in)
	if err != nil {
		return err
	}
	return unix.Mkdirat(fd, name, 0o700)
}

// remove takes away a name with all below it.
func (d *disk) remove(in *dir, name string) error {
	d.here.leave()
	root, err := os.OpenRoot(d.path)
	if err != nil {
		return err
	}
	defer root.Close()
	path := name
	if above := in.path(); above != "" {
		path = above + "/" + name
	}
	return root.RemoveAll(path)
}

// link is a hard link to be made.
type link struct {
	from    *dir
	base    string
	in      *dir
	name    string
	header  *tar.Header
	symlink bool // what it names is one
}

func (d *disk) link(l link) error {
	from, err := d.open(l.from)
	if err != nil {
		return err
	}
	defer unix.Close(from)
	in, err := d.here.at(l.in)
	if err != nil {
		return err
	}
	if err := unix.Linkat(from, l.base, in, l.name, 0); err != nil {
		return err
	}
	return d.describe(in, l.name, l.symlink, attributesOf(l.header))
}

// finish sets a directory's attributes.
func (d *disk) finish(dir *dir) error {
	in, name := d.root, "."
	if dir.in != nil {
		fd, err := d.here.at(dir.in)
		if err != nil {
			return err
		}
		in, name = fd, dir.name
	}
	if dir.opaque {
		if err := setxattr(in, name, "trusted.overlay.opaque", "y"); err != nil {
			return err
		}
	}
	if dir.in == nil {
		return nil // its attributes are those of the layers below
	}
	for _, header := range dir.headers {
		if err := d.describe(in, name, false, attributesOf(header)); err != nil {
			return &entryError{header.Name, err}
		}
	}
	if len(dir.headers) > 0 {
		return nil
	}
	if dir.inherited != nil {
		return d.describe(in, name, false, *dir.inherited)
	}
	return unix.Fchmodat(in, name, 0o755, 0)
}

// device is the number of a device that an entry makes.
func device(header *tar.Header) (uint64, error) {
	if header.Devmajor < 0 || header.Devmajor > math.MaxUint32 || header.Devminor < 0 || header.Devminor > math.MaxUint32 {
		return 0, errors.Join(ErrInvalid, errors.New("a device number out of range"))
	}
	return unix.Mkdev(uint32(header.Devmajor), uint32(header.Devminor)), nil
}
