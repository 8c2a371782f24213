package agent

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/state"
)

// What images declare is mounted where nothing else is, and taken over with
// volumesFrom also around a circle.
func TestImageVolumes(t *testing.T) {
	dir := t.TempDir()
	w := &worker{dir: dir, rec: &record{}, images: map[string]runtime.Image{
		"db": {Volumes: []string{"/data", "/logs/"}}, "web": {Volumes: []string{"/cache"}},
	}}
	w.plans = []state.ContainerPlan{{Name: "db", Image: "db"}, {Name: "web", Image: "web"}}
	w.rec.Assignment.Definition.Definition.ContainerDefinitions = []types.ContainerDefinition{
		{Name: aws.String("db"), VolumesFrom: []types.VolumeFrom{{SourceContainer: aws.String("web")}}},
		{Name: aws.String("web"), VolumesFrom: []types.VolumeFrom{{SourceContainer: aws.String("db"), ReadOnly: aws.Bool(true)}}},
	}
	own := []runtime.Mount{
		{Type: "bind", Source: filepath.Join(dir, "volumes", "logs"), Destination: "/logs"},
		{Type: "bind", Source: "/srv", Destination: "/other"},
	}
	text := func(mounts []runtime.Mount, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, m := range mounts {
			s := m.Destination
			if rel, err := filepath.Rel(dir, filepath.Dir(m.Source)); err == nil && filepath.IsLocal(rel) {
				s += "=" + rel
			}
			if m.Populate {
				s += "+"
			}
			if m.ReadOnly {
				s += " ro"
			}
			out = append(out, s)
		}
		return strings.Join(out, ", ")
	}
	if got := text(w.addImageVolumes(w.plans[0], own)); got != "/logs=volumes+, /other, /data=image-volumes/db+, /cache=image-volumes/web" {
		t.Errorf("db: %s", got)
	}
	host := []runtime.Mount{{Type: "bind", Source: "/srv/cache", Destination: "/cache"}}
	if got := text(w.addImageVolumes(w.plans[1], host)); got != "/cache, /data=image-volumes/db ro, /logs/=image-volumes/db ro" {
		t.Errorf("web: %s", got)
	}
}
