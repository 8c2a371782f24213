package containerd

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// topDir tells ext4 that what is in a directory belongs apart.
const topDir = 0x00020000 // FS_TOPDIR_FL

// spreadSnapshots has each snapshot begin in a part of the disk of its own. ext4
// otherwise keeps them together, and searching for a free inode where files were
// deleted in the last minutes, which it does not use again so soon, takes it a
// hundred times as long as creating a file: a pull after an image was removed
// would. Other file systems have no such flag and need none.
func (e *Engine) spreadSnapshots() {
	dir, err := os.Open(filepath.Join(e.cfg.Root, "containerd", "io.containerd.snapshotter.v1."+e.snapshotter, "snapshots"))
	if err != nil {
		return
	}
	defer dir.Close()
	fd := int(dir.Fd())
	flags, err := unix.IoctlGetUint32(fd, unix.FS_IOC_GETFLAGS)
	if err == nil && flags&topDir == 0 {
		err = unix.IoctlSetPointerInt(fd, unix.FS_IOC_SETFLAGS, int(flags|topDir))
	}
	if err != nil {
		e.cfg.Log.Debug("snapshots stay together on this file system", "error", err)
	}
}
