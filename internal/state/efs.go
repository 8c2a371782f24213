package state

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// EFSVolume is a file system, or with an access point what that shows of it.
type EFSVolume struct {
	FileSystem    string
	AccessPoint   string // "" : none
	RootDirectory string // "" : "/"
}

// EFS is what a volume of a task definition takes from EFS; false for one that
// is something else.
func EFS(v ecstypes.Volume) (EFSVolume, bool) {
	c := v.EfsVolumeConfiguration
	if c == nil {
		return EFSVolume{}, false
	}
	out := EFSVolume{FileSystem: aws.ToString(c.FileSystemId), RootDirectory: aws.ToString(c.RootDirectory)}
	if c.AuthorizationConfig != nil {
		out.AccessPoint = aws.ToString(c.AuthorizationConfig.AccessPointId)
	}
	return out, true
}

func efsOf(volumes []ecstypes.Volume, name string) *EFSVolume {
	for _, v := range volumes {
		if out, ok := EFS(v); ok && aws.ToString(v.Name) == name {
			return &out
		}
	}
	return nil
}
