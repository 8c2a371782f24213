package registry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/distribution/distribution/v3"
	"github.com/distribution/distribution/v3/registry/storage"
	"github.com/distribution/distribution/v3/registry/storage/driver"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
)

// uploadLife is how long an upload may stand still before its bytes are freed.
const uploadLife = 24 * time.Hour

// Collected is what Collect freed.
type Collected struct {
	Blobs int
	Bytes int64
}

// How often what is deleted is freed, and what was pushed half.
const (
	collectEvery = 10 * time.Minute
	sweepEvery   = 24 * time.Hour
)

// Run frees, until ctx ends, the blobs of images that were deleted, and once a
// day those of pushes that were broken off.
func (r *Registry) Run(ctx context.Context) error {
	defer r.fills.group.Wait()
	defer r.fills.end()
	tick := time.NewTicker(collectEvery)
	defer tick.Stop()
	swept := time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		var err error
		if time.Since(swept) >= sweepEvery {
			_, err = r.Collect(ctx)
			swept = time.Now()
		} else {
			err = r.CollectDeleted(ctx)
		}
		if err != nil && ctx.Err() == nil {
			r.cfg.Log.Error("deleted images could not be freed", "error", err)
		}
	}
}

// CollectDeleted is Collect if something was deleted since the last time.
func (r *Registry) CollectDeleted(ctx context.Context) error {
	if _, err := os.Stat(r.garbageMark()); err != nil {
		return nil
	}
	freed, err := r.Collect(ctx)
	if freed.Blobs > 0 {
		r.cfg.Log.Info("blobs of deleted images are freed", "blobs", freed.Blobs, "bytes", freed.Bytes)
	}
	return err
}

func (r *Registry) garbageMark() string { return filepath.Join(r.cfg.Dir, "garbage") }

// markGarbage notes that there may be something to free.
func (r *Registry) markGarbage() error {
	if _, err := os.Stat(r.garbageMark()); err == nil {
		return nil
	}
	return os.WriteFile(r.garbageMark(), nil, 0o600)
}

// Collect frees the blobs no manifest names, and uploads that were broken off.
// Pushes may go on meanwhile: a blob that is younger than the grace, or that a
// push asked about during it, stays for the next time. One Collect runs at a
// time.
func (r *Registry) Collect(ctx context.Context) (freed Collected, err error) {
	unlock, err := r.locks.Lock(ctx, "collect") // no repository's key: it has no slash
	if err != nil {
		return freed, err
	}
	defer unlock()
	since := time.Now().Add(-r.cfg.Grace)
	r.touched.forget(since)
	// What is deleted from here on is for the next time: it sets the mark again.
	if err := os.Remove(r.garbageMark()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return freed, err
	}
	kept, err := r.sweep(ctx, since, &freed)
	if err != nil || kept {
		err = errors.Join(err, r.markGarbage())
	}
	_, _ = storage.PurgeUploads(ctx, r.driver, time.Now().Add(-uploadLife), true) // what fails is tried next time
	return freed, err
}

// sweep removes what is not marked. kept says whether something stays only
// because it is young.
func (r *Registry) sweep(ctx context.Context, since time.Time, freed *Collected) (kept bool, err error) {
	marked, links, err := r.mark(ctx)
	if err != nil {
		return false, err
	}
	var old []digest.Digest
	err = r.storage.Blobs().Enumerate(ctx, func(d digest.Digest) error {
		if !marked[d] {
			old = append(old, d)
		}
		return nil
	})
	var none driver.PathNotFoundError
	if err != nil && !errors.As(err, &none) {
		return false, fmt.Errorf("list blobs: %w", err)
	}
	vacuum := storage.NewVacuum(ctx, r.driver)
	for _, d := range old {
		info, err := os.Stat(filepath.Join(r.blobDir(d.String()), "data"))
		if err == nil && info.ModTime().After(since) {
			kept = true
			continue
		}
		removed, err2 := r.touched.unless(d.String(), func() error {
			for _, repository := range links[d] { // first the links, so that none points nowhere
				if err := vacuum.RemoveLayer(repository, d); err != nil && !errors.As(err, &none) {
					return err
				}
			}
			return vacuum.RemoveBlob(d.String())
		})
		if err2 != nil && !errors.As(err2, &none) {
			return kept, fmt.Errorf("free %s: %w", d, err2)
		}
		if kept = kept || !removed; removed && err == nil {
			freed.Blobs++
			freed.Bytes += info.Size()
		}
	}
	return kept, nil
}

// mark finds the blobs that manifests name, and which repositories link the
// others. Nothing is removed meanwhile: a folder that goes while it is read would
// end the reading, and hide what comes behind it.
func (r *Registry) mark(ctx context.Context) (marked map[digest.Digest]bool, links map[digest.Digest][]string, err error) {
	r.staying.Lock()
	defer r.staying.Unlock()
	marked, links = map[digest.Digest]bool{}, map[digest.Digest][]string{}
	err = r.eachStored(ctx, func(name string) error {
		named, err := reference.WithName(name)
		if err != nil {
			return err
		}
		repo, err := r.storage.Repository(ctx, named)
		if err != nil {
			return err
		}
		manifests, err := repo.Manifests(ctx)
		if err != nil {
			return err
		}
		var none driver.PathNotFoundError
		err = manifests.(distribution.ManifestEnumerator).Enumerate(ctx, func(d digest.Digest) error {
			m, err := manifests.Get(ctx, d)
			var unknown distribution.ErrManifestUnknownRevision
			if errors.As(err, &unknown) {
				return nil // it was pushed half
			}
			if err != nil {
				return fmt.Errorf("manifest %s of %s: %w", d, name, err)
			}
			marked[d] = true
			for _, named := range m.References() {
				marked[named.Digest] = true
			}
			return nil
		})
		if err != nil && !errors.As(err, &none) {
			return err
		}
		err = repo.Blobs(ctx).(distribution.ManifestEnumerator).Enumerate(ctx, func(d digest.Digest) error {
			links[d] = append(links[d], name)
			return nil
		})
		if errors.As(err, &none) {
			return nil
		}
		return err
	})
	return marked, links, err
}

// eachStored calls fn with the inside name of every repository that has
// something in the storage.
func (r *Registry) eachStored(ctx context.Context, fn func(name string) error) error {
	root := r.repositoriesDir()
	if _, err := os.Stat(root); errors.Is(err, fs.ErrNotExist) {
		return nil // nothing was pushed yet
	}
	last := ""
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		if !entry.IsDir() || !strings.HasPrefix(entry.Name(), "_") {
			return nil
		}
		name, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		if name != last { // a repository has up to three such folders
			last = name
			if err := fn(filepath.ToSlash(name)); err != nil {
				return err
			}
		}
		return fs.SkipDir
	})
}
