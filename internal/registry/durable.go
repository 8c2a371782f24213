package registry

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

func algorithm(dgst string) string { a, _, _ := strings.Cut(dgst, ":"); return a }
func encoded(dgst string) string   { _, e, _ := strings.Cut(dgst, ":"); return e }

// The layout of distribution's storage.
// Source: https://github.com/distribution/distribution/blob/main/registry/storage/paths.go
func (r *Registry) repositoriesDir() string {
	return filepath.Join(r.cfg.Dir, "docker", "registry", "v2", "repositories")
}

func (r *Registry) repositoryDir(inside string, below ...string) string {
	return filepath.Join(append([]string{r.repositoriesDir(), inside}, below...)...)
}

func (r *Registry) blobDir(dgst string) string {
	return filepath.Join(r.cfg.Dir, "docker", "registry", "v2", "blobs", algorithm(dgst), encoded(dgst)[:2], encoded(dgst))
}

// sync makes a stored manifest and all it names durable. distribution syncs
// its files; the folders they were moved into are synced here, up to the
// registry's own.
func (r *Registry) sync(repository, tag string, digests ...string) error {
	manifest := digests[len(digests)-1]
	dirs := []string{r.repositoryDir(repository, "_manifests", "revisions", algorithm(manifest), encoded(manifest))}
	if tag != "" {
		dirs = append(dirs,
			r.repositoryDir(repository, "_manifests", "tags", tag, "current"),
			r.repositoryDir(repository, "_manifests", "tags", tag, "index", algorithm(manifest), encoded(manifest)))
	}
	for _, d := range digests {
		dirs = append(dirs, r.blobDir(d), r.repositoryDir(repository, "_layers", algorithm(d), encoded(d)))
	}
	seen := map[string]bool{}
	for _, dir := range dirs {
		for ; len(dir) >= len(r.cfg.Dir) && !seen[dir]; dir = filepath.Dir(dir) {
			seen[dir] = true
			if err := syncDirs(dir); err != nil {
				return err
			}
		}
	}
	return nil
}

// syncDirs makes the entries of folders durable; one that is not there has
// none.
func syncDirs(dirs ...string) error {
	for _, dir := range dirs {
		f, err := os.Open(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return fmt.Errorf("sync %s: %w", dir, err)
		}
	}
	return nil
}
