package containerd

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/containerd/cgroups/v3"
	"golang.org/x/sys/unix"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

// Usage implements runtime.Engine: it reads the container's cgroup by itself.
// The shim would be asked for everything the cgroup tells, and woken for it.
func (e *Engine) Usage(taskID, id string) (runtime.Usage, error) {
	path := e.cfg.containerCgroup(taskID, id)
	var (
		u   runtime.Usage
		err error
	)
	if cgroups.Mode() == cgroups.Unified {
		u, err = usage2(filepath.Join(cgroupRoot, path))
	} else {
		u, err = usage1(path)
	}
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENODEV) {
		err = fmt.Errorf("%w: %s", runtime.ErrNotFound, id)
	}
	return u, err
}

// usage1 reads cgroups of version 1.
func usage1(path string) (u runtime.Usage, err error) {
	var buf counterFile
	b, err := buf.read(filepath.Join(cgroupRoot, "cpuacct", path, "cpuacct.usage"))
	if err != nil {
		return u, err
	}
	u.CPU = time.Duration(number(bytes.TrimSpace(b)))
	if b, err = buf.read(filepath.Join(cgroupRoot, "memory", path, "memory.usage_in_bytes")); err != nil {
		return u, err
	}
	u.Memory = number(bytes.TrimSpace(b))
	if b, err = buf.read(filepath.Join(cgroupRoot, "memory", path, "memory.stat")); err != nil {
		return u, err
	}
	u.Memory -= min(u.Memory, field(b, "total_cache"))
	if b, err = buf.read(filepath.Join(cgroupRoot, "blkio", path, "blkio.throttle.io_service_bytes_recursive")); err != nil {
		return u, err
	}
	u.ReadBytes, u.WriteBytes = served1(b)
	return u, nil
}

// usage2 reads a cgroup of version 2. Without an io controller nothing is
// known of devices.
func usage2(dir string) (u runtime.Usage, err error) {
	var buf counterFile
	b, err := buf.read(filepath.Join(dir, "cpu.stat"))
	if err != nil {
		return u, err
	}
	u.CPU = time.Duration(field(b, "usage_usec")) * time.Microsecond
	if b, err = buf.read(filepath.Join(dir, "memory.current")); err != nil {
		return u, err
	}
	u.Memory = number(bytes.TrimSpace(b))
	if b, err = buf.read(filepath.Join(dir, "memory.stat")); err != nil {
		return u, err
	}
	u.Memory -= min(u.Memory, field(b, "file"))
	b, err = buf.read(filepath.Join(dir, "io.stat"))
	if err != nil && !errors.Is(err, unix.ENOENT) {
		return u, err
	}
	u.ReadBytes, u.WriteBytes = served2(b)
	return u, nil
}

// counterFile is where files of counters are read into. They are a page at the
// most, but for those with a line per device.
type counterFile struct {
	room [8 << 10]byte
	more []byte
}

// read returns a file's content, until the next read. It goes past os.File,
// which would have each file polled.
func (c *counterFile) read(path string) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	buf, n := c.room[:], 0
	if c.more != nil {
		buf = c.more
	}
	for {
		got, err := unix.Read(fd, buf[n:])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if n += got; got == 0 {
			return buf[:n], nil
		}
		if n == len(buf) {
			c.more = append(make([]byte, 0, 4*len(buf)), buf...)
			c.more = c.more[:cap(c.more)]
			buf = c.more
		}
	}
}

// field is the number behind a name at the beginning of a line, 0 without.
func field(b []byte, name string) uint64 {
	for line := range bytes.Lines(b) {
		key, value, ok := bytes.Cut(bytes.TrimSpace(line), []byte(" "))
		if ok && string(key) == name {
			return number(value)
		}
	}
	return 0
}

// served1 adds up lines as "8:0 Read 4096".
func served1(b []byte) (read, written uint64) {
	for line := range bytes.Lines(b) {
		words := bytes.Fields(line)
		if len(words) != 3 {
			continue
		}
		switch string(words[1]) {
		case "Read":
			read += number(words[2])
		case "Write":
			written += number(words[2])
		}
	}
	return read, written
}

// served2 adds up lines as "8:0 rbytes=4096 wbytes=0 rios=1 …".
func served2(b []byte) (read, written uint64) {
	for line := range bytes.Lines(b) {
		for _, word := range bytes.Fields(line) {
			key, value, _ := bytes.Cut(word, []byte("="))
			switch string(key) {
			case "rbytes":
				read += number(value)
			case "wbytes":
				written += number(value)
			}
		}
	}
	return read, written
}

func number(b []byte) uint64 {
	n, _ := strconv.ParseUint(string(b), 10, 64)
	return n
}
