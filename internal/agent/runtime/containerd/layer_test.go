package containerd

import (
	"slices"
	"testing"

	"github.com/containerd/containerd/v2/core/mount"
)

func TestOverlayOnALayer(t *testing.T) {
	for name, c := range map[string]struct {
		below []mount.Mount
		want  []string
	}{
		"one layer": {
			[]mount.Mount{{Type: "bind", Source: "/s/1/fs", Options: []string{"ro", "rbind"}}},
			[]string{"upperdir=/d/app/fs", "workdir=/d/app/work", "lowerdir=/s/1/fs"},
		},
		"many": {
			[]mount.Mount{{Type: "overlay", Source: "overlay", Options: []string{"index=off", "lowerdir=/s/2/fs:/s/1/fs", "ro"}}},
			[]string{"upperdir=/d/app/fs", "workdir=/d/app/work", "index=off", "lowerdir=/s/2/fs:/s/1/fs"},
		},
	} {
		got, err := overlay(c.below, "/d/app")
		if err != nil || got.Type != "overlay" || !slices.Equal(got.Options, c.want) {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	if _, err := overlay(nil, "/d/app"); err == nil {
		t.Error("no image is shown, and nobody minds")
	}
}
