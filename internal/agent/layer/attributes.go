package layer

import (
	"archive/tar"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strings"
	"syscall"
	"time"

	continuity "github.com/containerd/continuity/fs"
	"golang.org/x/sys/unix"
)

// attributes are what is set on a file besides its content.
type attributes struct {
	uid, gid int
	mode     uint32 // permissions with set-id and sticky bits
	times    []unix.Timespec
	extended map[string]string
}

// paxExtended is before the name of an extended attribute in a header.
const paxExtended = "SCHILY.xattr."

func attributesOf(header *tar.Header) attributes {
	a := attributes{uid: header.Uid, gid: header.Gid, mode: uint32(header.Mode & 0o7777), times: timesOf(header)}
	for key, value := range header.PAXRecords {
		if name, ok := strings.CutPrefix(key, paxExtended); ok {
			if a.extended == nil {
				a.extended = map[string]string{}
			}
			a.extended[name] = value
		}
	}
	return a
}

// timesOf are a header's times of access and change; there are no accesses
// before the change.
func timesOf(header *tar.Header) []unix.Timespec {
	access := header.AccessTime
	if access.Before(header.ModTime) {
		access = header.ModTime
	}
	return []unix.Timespec{timespec(access), timespec(header.ModTime)}
}

// timespec is a time that every file system can keep.
func timespec(t time.Time) unix.Timespec {
	if t.Before(time.Unix(0, 0)) || t.After(time.Unix(0, math.MaxInt64)) {
		return unix.Timespec{}
	}
	return unix.NsecToTimespec(t.UnixNano())
}

// describe sets the attributes of a name. The mode comes after the owner, whose
// change takes set-id bits away, and the times come last.
func (d *disk) describe(in int, name string, symlink bool, a attributes) error {
	if err := unix.Fchownat(in, name, a.uid, a.gid, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return fmt.Errorf("chown to %d:%d: %w", a.uid, a.gid, err)
	}
	for key, value := range a.extended {
		if err := extend(func() error { return setxattr(in, name, key, value) }, key); err != nil {
			return err
		}
	}
	if !symlink {
		if err := unix.Fchmodat(in, name, a.mode, 0); err != nil {
			return fmt.Errorf("chmod: %w", err)
		}
	}
	return setTimes(in, name, a.times)
}

func setTimes(in int, name string, times []unix.Timespec) error {
	if err := unix.UtimesNanoAt(in, name, times, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return fmt.Errorf("set times: %w", err)
	}
	return nil
}

// extend sets an extended attribute. Those of administrators an archive cannot
// set, and what the file system has no place for is left out, as other engines
// do: SELinux labels come in many archives.
func extend(set func() error, key string) error {
	if strings.HasPrefix(key, "trusted.") {
		return nil
	}
	err := set()
	if errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.EPERM) && strings.HasPrefix(key, "user.") {
		return nil // user.* is for files and directories only
	}
	if err != nil {
		return fmt.Errorf("set extended attribute %s: %w", key, err)
	}
	return nil
}

// setxattr goes through /proc, because there is no call for a name in a
// directory before Linux 6.13.
func setxattr(in int, name, key, value string) error {
	return unix.Lsetxattr(fmt.Sprintf("/proc/self/fd/%d/%s", in, name), key, []byte(value), 0)
}

// inherit reads the attributes that a directory has in the layers below. nil:
// they do not have it.
func inherit(parents []string, d *dir) (*attributes, error) {
	for _, parent := range parents {
		path, err := continuity.RootPath(parent, d.path())
		if err != nil {
			return nil, err
		}
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if !ok || !info.IsDir() {
			return nil, nil // replaced there: a new directory
		}
		extended, err := extendedOf(path)
		return &attributes{
			uid: int(stat.Uid), gid: int(stat.Gid), mode: stat.Mode & 0o7777, extended: extended,
			times: []unix.Timespec{unix.Timespec(stat.Atim), unix.Timespec(stat.Mtim)},
		}, err
	}
	return nil, nil
}

func extendedOf(path string) (map[string]string, error) {
	names := make([]byte, 64<<10) // the most there can be
	n, err := unix.Llistxattr(path, names)
	if errors.Is(err, unix.ENOTSUP) || n == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("extended attributes of %s: %w", path, err)
	}
	out := map[string]string{}
	value := make([]byte, 64<<10)
	for _, key := range strings.Split(strings.TrimSuffix(string(names[:n]), "\x00"), "\x00") {
		size, err := unix.Lgetxattr(path, key, value)
		if err != nil {
			continue // of another kind of security, or gone
		}
		out[key] = string(value[:size])
	}
	return out, nil
}
