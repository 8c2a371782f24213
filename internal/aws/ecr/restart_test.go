package ecr_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/hatoba/hatoba/internal/aws/ecr"
	"github.com/hatoba/hatoba/internal/registry"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// forgetful is a catalog that loses pushes, as a crash between the storage
// and the record does.
type forgetful struct {
	ecr.Catalog
	lose bool
}

func (f *forgetful) Pushed(ctx context.Context, scope state.Scope, image state.Image, tag string) error {
	if f.lose {
		return errors.New("lost")
	}
	return f.Catalog.Pushed(ctx, scope, image, tag)
}

func TestRestartMendsRecords(t *testing.T) {
	catalog := &forgetful{}
	h := &house{t: t, dir: t.TempDir()}
	h.store = open(t).store
	catalog.Store = h.store
	h.start(func(c *registry.Config) { c.Catalog = catalog })
	h.create("app", "gone", "app/below")
	first := h.pushed("app:1", "first")
	stale := h.pushed("app:stale", "stale")
	catalog.lose = true
	second := picture(t, "second")
	if err := h.push("app:1", second); err == nil {
		t.Fatal("a push that could not be recorded was acknowledged")
	}
	catalog.lose = false
	h.pushed("gone:1", "gone")
	// A deletion that got as far as the storage, and one as far as the record.
	if err := h.registry.Delete(t.Context(), testScope, "app", stale, []string{"stale"}); err != nil {
		t.Fatal(err)
	}
	err := h.store.Update(t.Context(), func(w store.Writer) error {
		store.Repositories.Delete(w, testScope.Key("gone"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	h.start()
	digest, _ := second.Digest()
	got := h.listed("app")
	if !strings.Contains(got, "1@"+short(digest.String())) || !strings.Contains(got, "@"+short(first)) || strings.Contains(got, short(stale)) || strings.Contains(got, "1@"+short(first)) {
		t.Errorf("%s", got)
	}
	image, err := remote.Image(h.ref("app:1"))
	if err == nil {
		err = validate.Image(image)
	}
	if err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(h.dir, "docker/registry/v2/repositories/*/*/gone/_*")); len(left) != 0 {
		t.Errorf("of a deleted repository: %v", left)
	}
}

// The records are a mirror: lost as a whole they are made again.
func TestRecordsAreRebuilt(t *testing.T) {
	h := open(t)
	h.create("app")
	h.pushed("app:1", "one")
	h.pushed("app:2", "two")
	want := h.listed("app")
	err := h.store.Update(t.Context(), func(w store.Writer) error {
		var keys []state.Key
		for k := range store.Images.List(w, state.Scope{}, "") {
			keys = append(keys, k)
		}
		for _, k := range keys {
			store.Images.Delete(w, k)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	h.start()
	if got := h.listed("app"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A blob that is being pushed is no garbage, though no manifest names it yet.
func TestCollectionSparesPushes(t *testing.T) {
	h := open(t, func(c *registry.Config) { c.Grace = time.Hour })
	h.create("app")
	image := picture(t, "half pushed")
	layers, _ := image.Layers()
	if err := remote.WriteLayer(h.ref("app:1").Context(), layers[0]); err != nil {
		t.Fatal(err)
	}
	old, _ := filepath.Glob(filepath.Join(h.dir, "docker/registry/v2/blobs/sha256/*/*/data"))
	if len(old) != 1 {
		t.Fatalf("%v", old)
	}
	past := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(old[0], past, past); err != nil { // asked about lately, old on disk
		t.Fatal(err)
	}
	if freed, err := h.registry.Collect(t.Context()); err != nil || freed.Blobs != 0 {
		t.Errorf("%+v, %v", freed, err)
	}
	h.start() // nobody remembers who asked
	if freed, err := h.registry.Collect(t.Context()); err != nil || freed.Blobs > 1 || h.blobs() != 0 {
		t.Errorf("%+v, %v", freed, err)
	}
	if err := h.push("app:1", image); err != nil { // sent again
		t.Error(err)
	}
}

// An upload begun before a restart ends after it.
func TestUploadGoesOnAfterARestart(t *testing.T) {
	h := open(t)
	h.create("app")
	send := func(method, path string, body []byte) *http.Response {
		t.Helper()
		req, _ := http.NewRequestWithContext(t.Context(), method, "http://"+h.host+path, bytes.NewReader(body))
		answer, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		return answer
	}
	begun := send(http.MethodPost, "/v2/app/blobs/uploads/", nil)
	at := begun.Header.Get("Location")
	if begun.StatusCode != http.StatusAccepted || !strings.HasPrefix(at, "/v2/app/blobs/uploads/") {
		t.Fatalf("%s %s", begun.Status, at)
	}
	at = send(http.MethodPatch, at, []byte("first half, ")).Header.Get("Location")
	h.start()
	answer := send(http.MethodPut, at+"&digest=sha256:"+sum("first half, second half"), []byte("second half"))
	if answer.StatusCode != http.StatusCreated {
		t.Errorf("%s", answer.Status)
	}
}

func TestCatalogPages(t *testing.T) {
	h := open(t)
	h.create("aa", "bb", "cc")
	answer, err := http.Get("http://" + h.host + "/v2/_catalog?n=2")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(answer.Body)
	answer.Body.Close()
	if got := strings.TrimSpace(string(body)); got != `{"repositories":["aa","bb"]}` || answer.Header.Get("Link") != `</v2/_catalog?last=bb&n=2>; rel="next"` {
		t.Errorf("%s %s", got, answer.Header.Get("Link"))
	}
}

func TestManifestTooLarge(t *testing.T) {
	h := open(t)
	h.create("app")
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+h.host+"/v2/app/manifests/1", bytes.NewReader(make([]byte, 4<<20+1)))
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusRequestEntityTooLarge {
		t.Error(answer.Status)
	}
}

func sum(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) }
