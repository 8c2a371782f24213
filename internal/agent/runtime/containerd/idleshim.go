package containerd

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"time"

	taskapi "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/ttrpc"
)

// settle bounds how long what an earlier life was starting may take to finish,
// and how long a shim may take to answer.
const settle = 5 * time.Second

// endIdleShims ends the shims that keep no container. Killed after a shim was
// started and before it was given its container, Hatoba leaves one that nobody
// knows of. One that has a container, or is about to, goes on.
func (e *Engine) endIdleShims(ctx context.Context) {
	for deadline := time.Now().Add(settle); e.cfg.startingShims() && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
	}
	entries, _ := os.ReadDir(e.cfg.socketDir())
	for _, entry := range entries {
		conn, err := net.DialTimeout("unix", filepath.Join(e.cfg.socketDir(), entry.Name()), settle)
		if err != nil {
			continue // a dead one's, which sweepSockets takes
		}
		client := ttrpc.NewClient(conn)
		asked, cancel := context.WithTimeout(ctx, settle)
		_, err = taskapi.NewTTRPCTaskClient(client).Shutdown(asked, &taskapi.ShutdownRequest{ID: "idle"})
		cancel()
		client.Close()
		if err != nil {
			e.cfg.Log.Debug("a shim does not say whether it is idle", "socket", entry.Name(), "error", err)
		}
	}
}

// startingShims tells whether a program that starts or deletes a shim is left
// of an earlier life. It goes on by itself when its parent is killed.
func (c Config) startingShims() bool {
	procs, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range procs {
		b, err := os.ReadFile(path)
		if err == nil && bytes.HasPrefix(b, []byte(filepath.Dir(filepath.Dir(c.Shim))+"/")) &&
			(bytes.HasSuffix(b, []byte("\x00start\x00")) || bytes.HasSuffix(b, []byte("\x00delete\x00"))) {
			return true
		}
	}
	return false
}
