package agent

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/state"
)

// addImageVolumes adds the volumes that the container's image declares, and
// those that the images of containers declare whose volumes it takes over. They
// live as long as the task. What is mounted under such a path already stays,
// and, if it is the task's own, begins with what the image has there.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/bind-mounts.html
func (w *worker) addImageVolumes(plan state.ContainerPlan, mounts []runtime.Mount) ([]runtime.Mount, error) {
	for _, dir := range w.images[plan.Image].Volumes {
		i := slices.IndexFunc(mounts, func(m runtime.Mount) bool { return path.Clean(m.Destination) == path.Clean(dir) })
		if i < 0 {
			source, err := w.imageVolume(plan.Name, dir)
			if err != nil {
				return nil, err
			}
			mounts = append(mounts, runtime.Mount{Type: "bind", Source: source, Destination: dir, Populate: true})
			continue
		}
		own, err := filepath.Rel(w.storageDir(), mounts[i].Source)
		mounts[i].Populate = mounts[i].Type == "bind" && err == nil && filepath.IsLocal(own)
	}
	return w.takeOver(plan.Name, false, mounts, []string{plan.Name})
}

// takeOver adds the image volumes of the containers named in volumesFrom;
// along holds the containers on the way here, so that a circle ends.
func (w *worker) takeOver(name string, readOnly bool, mounts []runtime.Mount, along []string) ([]runtime.Mount, error) {
	containers := w.rec.Assignment.Definition.Definition.ContainerDefinitions
	at := slices.IndexFunc(containers, func(c types.ContainerDefinition) bool { return aws.ToString(c.Name) == name })
	if at < 0 {
		return mounts, nil
	}
	for _, from := range containers[at].VolumesFrom {
		source, only := aws.ToString(from.SourceContainer), readOnly || aws.ToBool(from.ReadOnly)
		p := slices.IndexFunc(w.plans, func(p state.ContainerPlan) bool { return p.Name == source })
		if p < 0 || slices.Contains(along, source) {
			continue
		}
		for _, dir := range w.images[w.plans[p].Image].Volumes {
			if slices.ContainsFunc(mounts, func(m runtime.Mount) bool { return path.Clean(m.Destination) == path.Clean(dir) }) {
				continue
			}
			there, err := w.imageVolume(source, dir)
			if err != nil {
				return nil, err
			}
			mounts = append(mounts, runtime.Mount{Type: "bind", Source: there, Destination: dir, ReadOnly: only})
		}
		var err error
		if mounts, err = w.takeOver(source, only, mounts, append(slices.Clone(along), source)); err != nil {
			return nil, err
		}
	}
	return mounts, nil
}

// imageVolumes is where they are, beside the volumes of the definition.
const imageVolumes = "image-volumes"

// imageVolume is the directory of a volume that a container's image declares.
func (w *worker) imageVolume(container, dir string) (string, error) {
	sum := sha256.Sum256([]byte(path.Clean(dir)))
	out := filepath.Join(w.storageDir(), imageVolumes, container, hex.EncodeToString(sum[:8]))
	return out, os.MkdirAll(out, 0o755)
}
