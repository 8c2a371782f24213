package ecr

import (
	"context"
	"slices"
	"time"

	"github.com/hatoba/hatoba/internal/events"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// Catalog tells the registry which repositories there are and records what is
// pushed to them; it implements registry.Catalog.
type Catalog struct{ Store store.Store }

// Repository implements registry.Catalog.
func (c Catalog) Repository(ctx context.Context, scope state.Scope, name string) (repo state.Repository, ok bool, err error) {
	err = c.Store.View(ctx, func(r store.Reader) error {
		repo, ok = store.Repositories.Get(r, scope.Key(name))
		return nil
	})
	return repo, ok, err
}

// Repositories implements registry.Catalog.
func (c Catalog) Repositories(ctx context.Context, scope state.Scope) (keys []state.Key, err error) {
	err = c.Store.View(ctx, func(r store.Reader) error {
		for k := range store.Repositories.List(r, scope, "") {
			keys = append(keys, k)
		}
		return nil
	})
	return keys, err
}

// Create implements registry.Catalog.
func (c Catalog) Create(ctx context.Context, scope state.Scope, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	return c.Store.Update(ctx, func(w store.Writer) error {
		if _, ok := store.Repositories.Get(w, scope.Key(name)); ok {
			return nil
		}
		return store.Repositories.Put(w, scope.Key(name), newRepository(scope, name, time.Now()))
	})
}

// Images implements registry.Catalog.
func (c Catalog) Images(ctx context.Context, scope state.Scope, name string) (all []state.Image, err error) {
	err = c.Store.View(ctx, func(r store.Reader) error {
		all = images(r, scope, name)
		return nil
	})
	return all, err
}

// Pushed implements registry.Catalog. A tag moves to the image; an image
// pushed again keeps its other tags and the time it was pushed first.
func (c Catalog) Pushed(ctx context.Context, scope state.Scope, image state.Image, tag string) error {
	return c.Store.Update(ctx, func(w store.Writer) error {
		key, record := scope.Key(state.ImageID(image.Repository, image.Digest)), image
		if had, ok := store.Images.Get(w, key); ok {
			record.Tags, record.PushedAt = slices.Clone(had.Tags), had.PushedAt
		}
		if tag != "" && !slices.Contains(record.Tags, tag) {
			for _, other := range images(w, scope, image.Repository) {
				if err := untag(w, scope, other, tag); err != nil {
					return err
				}
			}
			record.Tags = append(record.Tags, tag)
			slices.Sort(record.Tags)
		}
		if err := store.Images.Put(w, key, record); err != nil {
			return err
		}
		return events.ImageChanged(w, scope, events.ImageAction{Result: "SUCCESS", Repository: image.Repository, Digest: image.Digest, Action: "PUSH", Tag: tag}, time.Now())
	})
}

// Mend implements registry.Catalog.
func (c Catalog) Mend(ctx context.Context, scope state.Scope, name string, replace []state.Image, forget []string) error {
	const batch = 100 // one transaction has a limit
	for len(replace)+len(forget) > 0 {
		some, gone := replace[:min(batch, len(replace))], forget[:min(batch, len(forget))]
		replace, forget = replace[len(some):], forget[len(gone):]
		err := c.Store.Update(ctx, func(w store.Writer) error {
			for _, dgst := range gone {
				store.Images.Delete(w, scope.Key(state.ImageID(name, dgst)))
			}
			for _, image := range some {
				if err := store.Images.Put(w, scope.Key(state.ImageID(name, image.Digest)), image); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// images lists a repository's images in order of digest.
func images(r store.Reader, scope state.Scope, repository string) (out []state.Image) {
	for _, image := range store.Images.List(r, scope, repository+"@") {
		out = append(out, image)
	}
	return out
}

func untag(w store.Writer, scope state.Scope, image state.Image, tag string) error {
	if !slices.Contains(image.Tags, tag) {
		return nil
	}
	image.Tags = slices.DeleteFunc(slices.Clone(image.Tags), func(t string) bool { return t == tag })
	return store.Images.Put(w, scope.Key(state.ImageID(image.Repository, image.Digest)), image)
}
