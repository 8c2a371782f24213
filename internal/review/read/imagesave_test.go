package read

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"testing"
)

// What docker saved before it spoke OCI: layers stored plain, equal ones linked.
func TestOldDockerArchive(t *testing.T) {
	layers := twoLayers(t)
	file := filepath.Join(t.TempDir(), "old.tar")
	write(t, file, tarOf(t, reg("manifest.json", `[{"Config":"c.json","Layers":["a/layer.tar","b/layer.tar"]}]`),
		reg("c.json", `{"os":"linux","architecture":"amd64","config":{"User":"65532"},"history":[{"created_by":"step 0"},{"created_by":"step 1"}]}`),
		reg("x/layer.tar", string(layers[0])), tar.Header{Name: "a/layer.tar", Typeflag: tar.TypeSymlink, Linkname: "../x/layer.tar"},
		reg("b/layer.tar", string(layers[1]))))
	got, err := Image(context.Background(), file, ImageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	checkTwoLayers(t, got)
	if got.Layers[0].Size > 1000 {
		t.Errorf("a plain layer counts as a push would transfer it, not %d bytes", got.Layers[0].Size)
	}
}

// What docker saves since it speaks OCI, of an image without a tag: the index is
// empty, and the digest of plain layers is no registry's.
func TestDockerArchiveWithLayout(t *testing.T) {
	layers := twoLayers(t)
	config := `{"os":"linux","architecture":"amd64","config":{"User":"65532"},"history":[{"created_by":"step 0"},{"created_by":"step 1"}]}`
	sum := func(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) }
	c, a, b := sum(config), sum(string(layers[0])), sum(string(layers[1]))
	manifest := fmt.Sprintf(`{"schemaVersion":2,"config":{"digest":"sha256:%s"},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:%s"},{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:%s"}]}`, c, a, b)
	for name, index := range map[string]string{
		"untagged": `{"schemaVersion":2,"manifests":null}`,
		"tagged":   fmt.Sprintf(`{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":1}]}`, sum(manifest)),
	} {
		file := filepath.Join(t.TempDir(), "save.tar")
		write(t, file, tarOf(t, reg("index.json", index), reg("oci-layout", "{}"), reg("blobs/sha256/"+sum(manifest), manifest), reg("blobs/sha256/"+c, config),
			reg("blobs/sha256/"+a, string(layers[0])), reg("blobs/sha256/"+b, string(layers[1])),
			reg("manifest.json", fmt.Sprintf(`[{"Config":"blobs/sha256/%s","RepoTags":null,"Layers":["blobs/sha256/%s","blobs/sha256/%s"]}]`, c, a, b))))
		got, err := Image(context.Background(), file, ImageOptions{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if checkTwoLayers(t, got); got.Digest != "" {
			t.Errorf("%s: digest %s", name, got.Digest)
		}
	}
}
