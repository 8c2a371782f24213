package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hatoba/hatoba/internal/state"
)

// volume is the directory of the machine that a mount point shows. One that is
// not there is made: with the task, or, for a path of the machine and for a
// docker volume of scope shared, for good.
func (w *worker) volume(m state.MountPoint) (string, error) {
	dir := filepath.Join(w.storageDir(), "volumes", m.Volume)
	switch {
	case m.EFS != nil:
		return w.a.cfg.EFS(*m.EFS)
	case m.HostPath != "":
		if _, err := os.Stat(m.HostPath); err == nil { // a file, a socket, a directory
			return m.HostPath, nil
		}
		dir = m.HostPath
	case m.Shared:
		dir = filepath.Join(w.a.cfg.Dir, "volumes", m.Volume)
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) && !m.Provision {
			return "", fmt.Errorf("CannotCreateVolumeError: the shared volume %s does not exist: set autoprovision, or make the directory %s", m.Volume, dir)
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make volume %s: %w", m.Volume, err)
	}
	return dir, nil
}
