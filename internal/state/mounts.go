package state

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// mountPoints are a container's own mount points, and those it takes over with
// volumesFrom. Its own win over those, and of two that are taken over under one
// path the first.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_VolumeFrom.html
func mountPoints(c ecstypes.ContainerDefinition, def ecstypes.TaskDefinition) []MountPoint {
	return gatherMounts(c, def, nil)
}

// gatherMounts follows volumesFrom; along holds the containers on the way here,
// so that a circle ends.
func gatherMounts(c ecstypes.ContainerDefinition, def ecstypes.TaskDefinition, along []string) (out []MountPoint) {
	for _, m := range c.MountPoints {
		out = append(out, MountPoint{
			Volume: aws.ToString(m.SourceVolume), HostPath: hostPath(def.Volumes, aws.ToString(m.SourceVolume)),
			EFS:  efsOf(def.Volumes, aws.ToString(m.SourceVolume)),
			Path: aws.ToString(m.ContainerPath), ReadOnly: aws.ToBool(m.ReadOnly),
		})
	}
	along = append(slices.Clone(along), aws.ToString(c.Name))
	for _, from := range c.VolumesFrom {
		name := aws.ToString(from.SourceContainer)
		at := slices.IndexFunc(def.ContainerDefinitions, func(d ecstypes.ContainerDefinition) bool { return aws.ToString(d.Name) == name })
		if at < 0 || slices.Contains(along, name) {
			continue
		}
		for _, m := range gatherMounts(def.ContainerDefinitions[at], def, along) {
			if slices.ContainsFunc(out, func(have MountPoint) bool { return have.Path == m.Path }) {
				continue
			}
			m.ReadOnly = m.ReadOnly || aws.ToBool(from.ReadOnly)
			out = append(out, m)
		}
	}
	return out
}
