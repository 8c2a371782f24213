package layer

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// job makes one name that is not there yet.
type job struct {
	in     *dir
	name   string
	header *tar.Header
	body   []byte // of a file
	slab   *slab  // that body is in; nil without one
	bare   bool   // without times and mode
}

// writers make files, each name in the order of the jobs: a directory's all go
// to one writer, which spares them a lock in the kernel, too.
type writers struct {
	ctx     context.Context
	fail    context.CancelCauseFunc
	queues  []chan job
	pending sync.WaitGroup // jobs
	running sync.WaitGroup // writers

	slabs chan *slab // that are free
	fill  *slab      // that bodies are read into
}

// Bounds of what waits to be written.
const (
	slabSize  = 1 << 20
	slabCount = 16
	queueSize = 1024
	// smallFile is up to what size a file's content waits for a writer; larger
	// ones are written as they are read.
	smallFile = slabSize / 4
)

func startWriters(ctx context.Context, fail context.CancelCauseFunc, d *disk, n int) *writers {
	w := &writers{ctx: ctx, fail: fail, slabs: make(chan *slab, slabCount)}
	for range slabCount {
		w.slabs <- &slab{}
	}
	for range n {
		queue := make(chan job, queueSize)
		w.queues = append(w.queues, queue)
		w.running.Go(func() { w.work(&place{disk: d, fd: -1}, queue) })
	}
	return w
}

func (w *writers) stop() {
	for _, q := range w.queues {
		close(q)
	}
	w.running.Wait()
}

// wait waits until all jobs are done.
func (w *writers) wait() { w.pending.Wait() }

func (w *writers) put(j job) error {
	w.pending.Add(1)
	w.queues[j.in.id%len(w.queues)] <- j // writers take jobs until the queue is closed
	return context.Cause(w.ctx)
}

func (w *writers) work(at *place, queue <-chan job) {
	defer at.leave()
	for j := range queue {
		if w.ctx.Err() == nil {
			if err := at.make(j); err != nil {
				w.fail(&entryError{j.header.Name, err})
			}
		}
		w.done(j.slab)
		w.pending.Done()
	}
}

// slab holds the content of small files that wait to be written.
type slab struct {
	bytes []byte
	used  int
	refs  atomic.Int32 // jobs, and the reader while it fills
}

// read reads a file's content into a slab, which the job gives back. It waits
// while all of them are full.
func (w *writers) read(body io.Reader, size int) ([]byte, *slab, error) {
	if w.fill != nil && w.fill.used+size > slabSize {
		w.done(w.fill)
		w.fill = nil
	}
	if w.fill == nil {
		select {
		case w.fill = <-w.slabs:
		case <-w.ctx.Done():
			return nil, nil, context.Cause(w.ctx)
		}
		if w.fill.bytes == nil {
			w.fill.bytes = make([]byte, slabSize)
		}
		w.fill.used = 0
		w.fill.refs.Store(1)
	}
	into := w.fill.bytes[w.fill.used : w.fill.used+size]
	if _, err := io.ReadFull(body, into); err != nil {
		return nil, nil, err
	}
	w.fill.used += size
	w.fill.refs.Add(1)
	return into, w.fill, nil
}

func (w *writers) done(s *slab) {
	if s != nil && s.refs.Add(-1) == 0 {
		w.slabs <- s // has room for all
	}
}

// file takes a file's content from the archive.
func (u *unpacking) file(in *dir, name string, header *tar.Header, body io.Reader) error {
	j := job{in: in, name: name, header: header}
	if header.Size > smallFile {
		fd, err := u.disk.here.at(in)
		if err != nil {
			return err
		}
		return u.disk.file(fd, j, u.stream(body))
	}
	if header.Size > 0 {
		var err error
		if j.body, j.slab, err = u.writers.read(body, int(header.Size)); err != nil {
			return err
		}
	}
	return u.writers.put(j)
}

// stream writes a large file as it is read.
func (u *unpacking) stream(body io.Reader) func(fd int) error {
	if u.buffer == nil {
		u.buffer = make([]byte, slabSize)
	}
	return func(fd int) error {
		for u.ctx.Err() == nil {
			n, err := body.Read(u.buffer)
			if err := write(fd, u.buffer[:n]); err != nil {
				return err
			}
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
		}
		return u.ctx.Err()
	}
}

// make does a job.
func (p *place) make(j job) error {
	fd, err := p.at(j.in)
	if err != nil {
		return err
	}
	switch j.header.Typeflag {
	case tar.TypeReg:
		return p.disk.file(fd, j, func(file int) error { return write(file, j.body) })
	case tar.TypeSymlink:
		err = unix.Symlinkat(j.header.Linkname, fd, j.name)
	default:
		err = mknod(fd, j)
	}
	if err != nil {
		return err
	}
	if j.bare {
		return unix.Fchownat(fd, j.name, j.header.Uid, j.header.Gid, unix.AT_SYMLINK_NOFOLLOW)
	}
	return p.disk.describe(fd, j.name, j.header.Typeflag == tar.TypeSymlink, attributesOf(j.header))
}

func mknod(in int, j job) error {
	kind := map[byte]uint32{tar.TypeChar: unix.S_IFCHR, tar.TypeBlock: unix.S_IFBLK, tar.TypeFifo: unix.S_IFIFO}[j.header.Typeflag]
	number, err := device(j.header)
	if err != nil {
		return err
	}
	return unix.Mknodat(in, j.name, kind|uint32(j.header.Mode&0o7777), int(number))
}

// file makes a file with as few calls as its attributes allow.
func (d *disk) file(in int, j job, content func(fd int) error) (err error) {
	a := attributesOf(j.header)
	fd, err := unix.Openat(in, j.name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, a.mode&0o777)
	if err != nil {
		return err
	}
	defer func() {
		if closed := unix.Close(fd); err == nil {
			err = closed
		}
	}()
	if err := content(fd); err != nil {
		return err
	}
	if a.uid != d.uid || a.gid != d.gid || j.in.in == nil { // the root may hand on its group
		if err := unix.Fchown(fd, a.uid, a.gid); err != nil {
			return fmt.Errorf("chown to %d:%d: %w", a.uid, a.gid, err)
		}
	}
	for key, value := range a.extended {
		if err := extend(func() error { return unix.Fsetxattr(fd, key, []byte(value), 0) }, key); err != nil {
			return err
		}
	}
	if a.mode&(d.umask|0o7000) != 0 || len(a.extended) > 0 {
		if err := unix.Fchmod(fd, a.mode); err != nil {
			return fmt.Errorf("chmod: %w", err)
		}
	}
	return setTimes(in, j.name, a.times)
}

func write(fd int, body []byte) error {
	for len(body) > 0 {
		n, err := unix.Write(fd, body)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("write: %w", err)
		}
		body = body[n:]
	}
	return nil
}
