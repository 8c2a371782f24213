package ecr

import (
	"context"
	"slices"

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

// Tagged implements registry.Catalog.
func (c Catalog) Tagged(ctx context.Context, scope state.Scope, name, tag string) (digest string, err error) {
	err = c.Store.View(ctx, func(r store.Reader) error {
		for _, image := range images(r, scope, name) {
			if slices.Contains(image.Tags, tag) {
				digest = image.Digest
			}
		}
		return nil
	})
	return digest, err
}

// Pushed implements registry.Catalog. A tag moves to the image; an image
// pushed again keeps its other tags.
func (c Catalog) Pushed(ctx context.Context, scope state.Scope, image state.Image, tag string) error {
	return c.Store.Update(ctx, func(w store.Writer) error {
		key := scope.Key(state.ImageID(image.Repository, image.Digest))
		if had, ok := store.Images.Get(w, key); ok {
			image.Tags = slices.Clone(had.Tags)
		}
		if tag != "" && !slices.Contains(image.Tags, tag) {
			for _, other := range images(w, scope, image.Repository) {
				if err := untag(w, scope, other, tag); err != nil {
					return err
				}
			}
			image.Tags = append(image.Tags, tag)
			slices.Sort(image.Tags)
		}
		return store.Images.Put(w, key, image)
	})
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
