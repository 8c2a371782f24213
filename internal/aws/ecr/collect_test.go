package ecr_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// What is deleted while blobs are collected hides nothing that stays: neither
// other images of its repository nor other repositories.
func TestCollectionsBesideDeletions(t *testing.T) {
	h := open(t)
	for _, name := range []string{"b/kept", "d/kept"} {
		h.create(name)
		if err := h.push(name+":kept", picture(t, name)); err != nil {
			t.Fatal(err)
		}
	}
	h.age(2 * time.Hour)
	var deleters sync.WaitGroup
	end := time.Now().Add(2 * time.Second)
	deleters.Go(func() { // images
		for time.Now().Before(end) {
			if err := h.push("b/kept:gone", picture(t, "gone")); err != nil {
				t.Error(err)
			}
			if _, err := h.BatchDeleteImage(t.Context(), &sdk.BatchDeleteImageInput{RepositoryName: aws.String("b/kept"), ImageIds: []types.ImageIdentifier{tag("gone")}}); err != nil {
				t.Error(err)
			}
		}
	})
	for _, name := range []string{"aa", "b/gone", "c/gone"} { // and repositories
		deleters.Go(func() {
			for time.Now().Before(end) {
				h.create(name)
				if err := h.push(name+":1", picture(t, "gone")); err != nil {
					t.Error(err)
				}
				if _, err := h.DeleteRepository(t.Context(), &sdk.DeleteRepositoryInput{RepositoryName: &name, Force: true}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for time.Now().Before(end) {
		if _, err := h.registry.Collect(t.Context()); err != nil {
			t.Errorf("collect: %v", err)
		}
	}
	deleters.Wait()
	for _, name := range []string{"b/kept", "d/kept"} {
		got, err := remote.Image(h.ref(name + ":kept"))
		if err == nil {
			err = validate.Image(got)
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// age has the blobs be older than they are.
func (h *house) age(by time.Duration) {
	h.t.Helper()
	at := time.Now().Add(-by)
	err := filepath.WalkDir(h.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() != "data" {
			return err
		}
		return os.Chtimes(path, at, at)
	})
	if err != nil {
		h.t.Fatal(err)
	}
}
