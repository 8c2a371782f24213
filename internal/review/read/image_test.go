package read

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/hatoba/hatoba/internal/review"
)

func checkTwoLayers(t *testing.T, got *review.Image) {
	t.Helper()
	var lines []string
	for _, f := range got.Files {
		line := fmt.Sprintf("%d %s", f.Layer, f.Path)
		if f.Hidden {
			line += " hidden"
		}
		if f.Link != "" {
			line += " -> " + f.Link
		}
		if f.Content != nil {
			line += fmt.Sprintf(" %q", f.Content)
		}
		if f.Mode&os.ModeSetuid != 0 {
			line += fmt.Sprintf(" setuid %d:%d", f.UID, f.GID)
		}
		lines = append(lines, line)
	}
	want := `0 etc
0 etc/passwd hidden "root:x:0:0::/:/bin/sh\n"
0 usr/bin/su setuid 0:7
0 app/.env hidden "A=1"
0 data/a hidden
0 data/b/c hidden
0 opaque/old hidden
0 was/dir/x hidden
0 app/big.bin
0 etc/os-release -> ../usr/lib/os-release
1 opaque/new
1 was
1 etc/passwd "app:x:1:1::/:/bin/sh\n"
1 copy/.env -> etc/passwd "app:x:1:1::/:/bin/sh\n"
1 data2
1 evil`
	if have := strings.Join(lines, "\n"); have != want {
		t.Errorf("files:\n%s\nwant:\n%s", have, want)
	}
	if len(got.Layers) != 2 || got.Layers[1].CreatedBy != "step 1" || got.Layers[0].Size == 0 || got.Layers[1].Unpacked != 28 {
		t.Errorf("layers: %+v", got.Layers)
	}
	if got.Size != got.Layers[0].Size+got.Layers[1].Size || got.Config.Config.User != "65532" || len(got.Platforms) != 1 {
		t.Errorf("image: %+v", got)
	}
}

func TestImageFromEverywhere(t *testing.T) {
	image := imageWith(t, "amd64", twoLayers(t)...)
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	save := filepath.Join(dir, "save.tar")
	tag, err := name.NewTag("app:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := tarball.WriteToFile(save, tag, image); err != nil {
		t.Fatal(err)
	}
	oci := filepath.Join(dir, "oci")
	path, err := layout.Write(oci, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := path.AppendImage(image); err != nil {
		t.Fatal(err)
	}
	ociTar := filepath.Join(dir, "oci.tar")
	write(t, ociTar, tarFolder(t, oci))
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	ref, err := name.NewTag(strings.TrimPrefix(server.URL, "http://") + "/app:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, image); err != nil {
		t.Fatal(err)
	}
	zipped, err := os.ReadFile(save)
	if err != nil {
		t.Fatal(err)
	}
	write(t, save+".gz", gz(t, zipped))
	for from, digestKnown := range map[string]bool{save: false, save + ".gz": false, oci: true, ociTar: true, ref.String(): true} {
		t.Run(filepath.Base(from), func(t *testing.T) {
			var visited []string
			got, err := Image(context.Background(), from, ImageOptions{Visit: func(f review.File, r io.Reader) error {
				text, err := io.ReadAll(r)
				visited = append(visited, f.Path+"="+string(text))
				return err
			}})
			if err != nil {
				t.Fatal(err)
			}
			checkTwoLayers(t, got)
			if digestKnown != (got.Digest == digest.String()) {
				t.Errorf("digest %s", got.Digest)
			}
			if len(visited) != 13 || visited[0] != "etc/passwd=root:x:0:0::/:/bin/sh\n" || visited[7] != "app/big.bin=not kept" {
				t.Errorf("visited %q", visited)
			}
		})
	}
}

func TestImagePlatforms(t *testing.T) {
	index := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: imageWith(t, "arm64"), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}},
		mutate.IndexAddendum{Add: imageWith(t, "amd64"), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
		mutate.IndexAddendum{Add: imageWith(t, "s390x"), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"}}})
	dir := t.TempDir()
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := path.AppendIndex(index); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	ref, err := name.NewTag(strings.TrimPrefix(server.URL, "http://") + "/app:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(ref, index); err != nil {
		t.Fatal(err)
	}
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{dir, ref.String()} {
		for want, arch := range map[string]string{"": "amd64", "linux/arm64": "arm64", "linux/s390x": ""} {
			var opt ImageOptions
			if want != "" {
				opt.Platform, _ = v1.ParsePlatform(want)
			}
			got, err := Image(context.Background(), from, opt)
			switch {
			case arch == "" && (err == nil || !strings.Contains(err.Error(), "only linux/arm64, linux/amd64")):
				t.Errorf("%s: want the platforms there are, got %v", want, err)
			case arch != "" && err != nil:
				t.Errorf("%s: %v", want, err)
			case arch != "" && (got.Config.Architecture != arch || len(got.Platforms) != 2 || got.Digest != digest.String()):
				t.Errorf("%s: %s of %v, %s", want, got.Config.Architecture, got.Platforms, got.Digest)
			}
		}
	}
}
