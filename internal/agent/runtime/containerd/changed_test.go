package containerd

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/containerd/containerd/v2/core/mount"
)

// What differs from the image is told by how; folders and what is mounted over
// are not.
func TestChanges(t *testing.T) {
	upper, lower := t.TempDir(), t.TempDir()
	for _, file := range []string{upper + "/etc/hosts", upper + "/app", upper + "/data/new", upper + "/dev/console", lower + "/app", lower + "/etc/hosts"} {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("four"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, more, err := changes(t.Context(), upper, []string{lower}, []string{"/etc/hosts", "/dev"}, 10)
	if err != nil || more {
		t.Fatal(err, more)
	}
	got := map[string]string{}
	for _, c := range list {
		got[c.Path] = string(c.Kind)
		if c.Bytes != 4 || c.At.IsZero() {
			t.Errorf("%+v", c)
		}
	}
	if want := map[string]string{"/app": "modified", "/data/new": "added"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	if list, more, err = changes(t.Context(), upper, nil, nil, 2); err != nil || !more || len(list) != 2 {
		t.Errorf("%d, %v, %v", len(list), more, err)
	}
}

func TestLayers(t *testing.T) {
	upper, lowers := layers([]mount.Mount{{Type: "overlay", Options: []string{"index=off", "workdir=/w", "upperdir=/u", "lowerdir=/a:/b"}}})
	if upper != "/u" || !reflect.DeepEqual(lowers, []string{"/a", "/b"}) {
		t.Error(upper, lowers)
	}
	if upper, _ = layers([]mount.Mount{{Type: "bind", Source: "/x"}}); upper != "" {
		t.Error(upper)
	}
}
