package taskdef

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// checkVolumes checks volumes, and that mount points and volumesFrom name
// something that exists.
func checkVolumes(def types.TaskDefinition) error {
	volumes := map[string]bool{}
	for _, v := range def.Volumes {
		n := aws.ToString(v.Name)
		switch {
		case !name.MatchString(n):
			return refuse("Volume.name should be 1 to 255 letters, numbers, hyphens and underscores.")
		case volumes[n]:
			return refuse("Volume.name should be unique. '%s' is the name of more than one volume.", n)
		case kinds(v) > 1:
			return refuse("Only one volume configuration is allowed for the volume '%s'.", n)
		}
		volumes[n] = true
	}
	containers := map[string]bool{}
	for _, c := range def.ContainerDefinitions {
		containers[aws.ToString(c.Name)] = true
	}
	for _, c := range def.ContainerDefinitions {
		paths := map[string]bool{}
		for _, m := range c.MountPoints {
			path := aws.ToString(m.ContainerPath)
			switch {
			case !volumes[aws.ToString(m.SourceVolume)]:
				return refuse("Unknown volume '%s'.", aws.ToString(m.SourceVolume))
			case !strings.HasPrefix(path, "/"):
				return refuseContainer(c, "The containerPath of a mount point must be an absolute path; it is '%s'.", path)
			case paths[path]:
				return refuseContainer(c, "Two mount points have the containerPath '%s'.", path)
			}
			paths[path] = true
		}
		for _, v := range c.VolumesFrom {
			if aws.ToString(v.SourceContainer) == aws.ToString(c.Name) {
				return refuse("Invalid 'volumesFrom' setting. Container '%s' cannot take volumes from itself.", aws.ToString(c.Name))
			}
			if !containers[aws.ToString(v.SourceContainer)] {
				return refuse("Invalid 'volumesFrom' setting. Unknown container: '%s'.", aws.ToString(v.SourceContainer))
			}
		}
	}
	return nil
}

// kinds counts what a volume says it is.
func kinds(v types.Volume) (n int) {
	for _, set := range []bool{
		v.Host != nil && v.Host.SourcePath != nil, v.DockerVolumeConfiguration != nil, v.EfsVolumeConfiguration != nil,
		v.FsxWindowsFileServerVolumeConfiguration != nil, v.S3filesVolumeConfiguration != nil, aws.ToBool(v.ConfiguredAtLaunch),
	} {
		if set {
			n++
		}
	}
	return n
}
