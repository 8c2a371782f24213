package spool

import (
	"os"

	"golang.org/x/sys/unix"
)

// watcher waits for events in a directory by inotify.
type watcher struct{ file *os.File }

func watch(dir string, mask uint32) (*watcher, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, err
	}
	if _, err := unix.InotifyAddWatch(fd, dir, mask); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return &watcher{os.NewFile(uintptr(fd), "inotify")}, nil
}

// wait blocks for the next events. Closing the watcher ends it.
func (w *watcher) wait() error {
	var buf [4096]byte
	_, err := w.file.Read(buf[:])
	return err
}

func (w *watcher) close() { w.file.Close() }
