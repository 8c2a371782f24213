package registry

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/hatoba/hatoba/internal/state"
)

// mend makes the catalog's records agree with the storage, before anybody is
// served. What can differ is what a crash cut off, and nobody was told of:
//
//   - a manifest stored and not recorded: it is recorded, pushed when its link
//     was written;
//   - a tag moved and not recorded: the storage's holds;
//   - an image or a repository half deleted: the rest goes.
func (r *Registry) mend(ctx context.Context) error {
	stored := map[string]bool{}
	err := r.eachStored(ctx, func(name string) error {
		stored[name] = true
		account, rest, _ := strings.Cut(name, "/")
		region, repository, ok := strings.Cut(rest, "/")
		if !ok {
			return nil // none of ours
		}
		scope := state.Scope{Account: account, Region: region}
		_, exists, err := r.cfg.Catalog.Repository(ctx, scope, repository)
		if err != nil {
			return err
		}
		if !exists {
			r.cfg.Log.Warn("what is left of a deleted repository is removed", "repository", repository)
			return r.Remove(ctx, scope, repository)
		}
		return r.mendRepository(ctx, scope, repository)
	})
	if err != nil {
		return err
	}
	keys, err := r.cfg.Catalog.Repositories(ctx, state.Scope{})
	if err != nil {
		return err
	}
	for _, k := range keys {
		if !stored[inside(k.Scope(), k.ID)] {
			err = errors.Join(err, r.mendRepository(ctx, k.Scope(), k.ID))
		}
	}
	return err
}

func (r *Registry) mendRepository(ctx context.Context, scope state.Scope, name string) error {
	records, err := r.cfg.Catalog.Images(ctx, scope, name)
	if err != nil {
		return err
	}
	pushed, tags, err := r.stored(scope, name)
	if err != nil {
		return err
	}
	var replace []state.Image
	var forget []string
	for _, record := range records {
		if _, ok := pushed[record.Digest]; !ok {
			forget = append(forget, record.Digest)
			continue
		}
		delete(pushed, record.Digest)
		if !slices.Equal(record.Tags, tags[record.Digest]) {
			record.Tags = tags[record.Digest]
			replace = append(replace, record)
		}
	}
	for dgst, at := range pushed {
		content, err := r.Manifest(ctx, scope, name, dgst)
		if err != nil {
			r.cfg.Log.Warn("a manifest of a broken push cannot be read", "repository", name, "digest", dgst, "error", err)
			continue
		}
		image := describe(content, "")
		image.Repository, image.Digest, image.PushedAt, image.Tags = name, dgst, at, tags[dgst]
		replace = append(replace, image)
	}
	if len(replace)+len(forget) == 0 {
		return nil
	}
	r.cfg.Log.Info("records of images are mended after a broken push or deletion", "repository", name, "replaced", len(replace), "forgotten", len(forget))
	return r.cfg.Catalog.Mend(ctx, scope, name, replace, forget)
}

// stored reads a repository's manifests with the times they were linked, and
// the tags of each in order.
func (r *Registry) stored(scope state.Scope, name string) (pushed map[string]time.Time, tags map[string][]string, err error) {
	pushed, tags = map[string]time.Time{}, map[string][]string{}
	revisions := r.repositoryDir(inside(scope, name), "_manifests", "revisions", string(digest.Canonical))
	entries, err := os.ReadDir(revisions)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(revisions, e.Name(), "link"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		pushed[string(digest.Canonical)+":"+e.Name()] = info.ModTime().UTC().Truncate(time.Millisecond)
	}
	names, err := os.ReadDir(r.repositoryDir(inside(scope, name), "_manifests", "tags"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	for _, tag := range names { // in order of name
		link, err := os.ReadFile(r.repositoryDir(inside(scope, name), "_manifests", "tags", tag.Name(), "current", "link"))
		if errors.Is(err, fs.ErrNotExist) {
			continue // half made or half deleted
		}
		if err != nil {
			return nil, nil, err
		}
		dgst := strings.TrimSpace(string(link))
		tags[dgst] = append(tags[dgst], tag.Name())
	}
	return pushed, tags, nil
}
