package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/backup"
)

// BackupOptions say what a backup holds besides the records.
type BackupOptions struct {
	Keys    bool // the master key, the authority and the root user's key
	Logs    bool
	Metrics bool
	Images  bool
	Objects bool
	Version string // of this build
}

// The names in a backup, and the files of the data directory that hold keys.
const (
	recordsFile = "records.jsonl"
	logsDir     = "logs"
	registryDir = "registry"
	objectsDir  = "objects"
	keysDir     = "keys"
	vpcFile     = "vpc"
	backupDir   = "backup" // below the data dir, where one is being made
)

// adminSocket is where the one who owns the machine speaks to Hatoba.
func adminSocket(runDir string) string { return filepath.Join(runDir, "admin.sock") }

// listenAdmin opens the admin socket: for root alone, whatever the APIs ask of
// their callers.
func listenAdmin(runDir string) (net.Listener, error) {
	path := adminSocket(runDir)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	return l, os.Chmod(path, 0o600)
}

// serveAdmin answers on the admin socket until ctx ends.
func (a *App) serveAdmin(ctx context.Context) error {
	l, err := listenAdmin(a.inst.runDir)
	if err != nil {
		return fmt.Errorf("admin socket: %w", err)
	}
	if err := os.RemoveAll(filepath.Join(a.cfg.DataDir, backupDir)); err != nil { // of one that was cut short
		a.log.Warn("a backup's leftovers stay", "error", err)
	}
	server := &http.Server{Handler: a.admin(), ReadHeaderTimeout: headerTime, BaseContext: func(net.Listener) context.Context { return ctx }}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// whole is the trailer that tells that a backup was written to its end.
const whole = "Hatoba-Whole"

// admin is the handler of the admin socket.
func (a *App) admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /backup", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		o := BackupOptions{Keys: q.Has("keys"), Logs: q.Has("logs"), Metrics: q.Has("metrics"), Images: q.Has("images"), Objects: q.Has("objects"), Version: q.Get("version")}
		w.Header().Set("Trailer", whole)
		if err := a.backup(r.Context(), w, o); err != nil {
			a.log.Error("backup failed", "error", err)
			w.Header().Set(whole, err.Error())
			return
		}
		w.Header().Set(whole, "yes")
	})
	return mux
}

// backup writes a backup while everything goes on. What records refer to is
// there before them and stays after them, so it is taken before and after.
func (a *App) backup(ctx context.Context, w io.Writer, o BackupOptions) error {
	stage := filepath.Join(a.cfg.DataDir, backupDir, randomHex(8))
	if err := os.MkdirAll(stage, 0o700); err != nil {
		return err
	}
	defer os.RemoveAll(stage)
	contents := []string{recordsFile, vpcFile}
	registry := filepath.Join(a.cfg.DataDir, registryDir)
	if o.Images {
		contents = append(contents, registryDir)
		if err := linkImages(registry, filepath.Join(stage, registryDir)); err != nil {
			return fmt.Errorf("images: %w", err)
		}
	}
	if err := a.stageRecords(ctx, filepath.Join(stage, recordsFile)); err != nil {
		return fmt.Errorf("records: %w", err)
	}
	if o.Images {
		if err := linkImages(registry, filepath.Join(stage, registryDir)); err != nil {
			return fmt.Errorf("images: %w", err)
		}
	}
	if o.Objects {
		contents = append(contents, objectsDir)
		if err := a.objects.Snapshot(filepath.Join(stage, objectsDir)); err != nil {
			return fmt.Errorf("objects: %w", err)
		}
	}
	if o.Logs {
		contents = append(contents, logsDir)
		if err := a.logs.Snapshot(ctx, filepath.Join(stage, logsDir)); err != nil {
			return fmt.Errorf("logs: %w", err)
		}
	}
	if o.Metrics {
		contents = append(contents, metricsDir)
		if err := a.metrics.Snapshot(ctx, filepath.Join(stage, metricsDir)); err != nil {
			return fmt.Errorf("metrics: %w", err)
		}
	}
	if o.Keys {
		contents = append(contents, keysDir, AuthorityDir, CredentialsFile)
	}
	out, err := backup.NewWriter(w, backup.Manifest{Hatoba: o.Version, Created: time.Now().UTC().Truncate(time.Second), Instance: a.inst.id, Contents: contents, Keys: o.Keys})
	if err != nil {
		return err
	}
	for _, name := range contents {
		from := filepath.Join(stage, name)
		if name == vpcFile || name == keysDir || name == AuthorityDir || name == CredentialsFile {
			from = filepath.Join(a.cfg.DataDir, name)
		}
		if err := addAny(out, name, from); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return out.Close()
}

// addAny adds a file or what is below a directory; nothing where there is
// neither.
func addAny(out *backup.Writer, name, from string) error {
	info, err := os.Stat(from)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return out.AddTree(name, from)
	}
	return out.AddFile(name, from)
}

func (a *App) stageRecords(ctx context.Context, path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = a.store.Dump(ctx, f)
	return errors.Join(err, f.Close())
}

// linkImages links the registry's files, but for uploads under way and the key
// that signs its tokens. A file that was linked before stays as it is.
func linkImages(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		switch {
		case d.IsDir() && d.Name() == "_uploads":
			return filepath.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		case rel == "token.key" || strings.HasSuffix(rel, ".tmp"):
			return nil
		}
		if err := os.Link(path, filepath.Join(to, rel)); !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}

// Backup asks the Hatoba of a data dir for a backup and writes it to w. It
// fails when w has not got all of it.
func Backup(ctx context.Context, dataDir string, o BackupOptions, w io.Writer) error {
	id, err := os.ReadFile(filepath.Join(dataDir, "instance"))
	if err != nil {
		return fmt.Errorf("no Hatoba has its data in %s: name its --data-dir", dataDir)
	}
	socket := adminSocket(filepath.Join("/run/hatoba", strings.TrimSpace(string(id))))
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
	defer client.CloseIdleConnections()
	query := []string{"version=" + o.Version}
	for name, wanted := range map[string]bool{"keys": o.Keys, "logs": o.Logs, "metrics": o.Metrics, "images": o.Images, "objects": o.Objects} {
		if wanted {
			query = append(query, name)
		}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://hatoba/backup?"+strings.Join(query, "&"), nil)
	if err != nil {
		return err
	}
	answer, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("the Hatoba of %s does not answer; a backup is made while it runs (and by root): %w", dataDir, err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(w, answer.Body); err != nil {
		return err
	}
	if got := answer.Trailer.Get(whole); got != "yes" {
		return fmt.Errorf("the backup is not whole: %s", got)
	}
	return nil
}
