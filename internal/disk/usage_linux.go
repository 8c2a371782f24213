package disk

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Of measures the file system a path is on.
func Of(path string) (Usage, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(path, &fs); err != nil {
		return Usage{}, fmt.Errorf("measure the disk of %s: %w", path, err)
	}
	used := int64(fs.Blocks-fs.Bfree) * fs.Bsize
	free := int64(fs.Bavail) * fs.Bsize
	return Usage{Total: used + free, Free: free}, nil
}
