package state

import (
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func TestVolumesFrom(t *testing.T) {
	mount := func(volume, path string) ecstypes.MountPoint {
		return ecstypes.MountPoint{SourceVolume: &volume, ContainerPath: &path}
	}
	from := func(name string, readOnly bool) ecstypes.VolumeFrom {
		return ecstypes.VolumeFrom{SourceContainer: &name, ReadOnly: &readOnly}
	}
	def := TaskDefinition{Definition: ecstypes.TaskDefinition{ContainerDefinitions: []ecstypes.ContainerDefinition{
		{Name: aws.String("a"), MountPoints: []ecstypes.MountPoint{mount("own", "/data")}, VolumesFrom: []ecstypes.VolumeFrom{from("b", true), from("nobody", false)}},
		{Name: aws.String("b"), MountPoints: []ecstypes.MountPoint{mount("theirs", "/data"), mount("more", "/more")}, VolumesFrom: []ecstypes.VolumeFrom{from("c", false)}},
		{Name: aws.String("c"), MountPoints: []ecstypes.MountPoint{mount("far", "/far")}, VolumesFrom: []ecstypes.VolumeFrom{from("a", false)}}, // a circle
	}}}
	got := Effective(Task{}, def)[0].MountPoints
	want := []MountPoint{
		{Volume: "own", Path: "/data"}, {Volume: "more", Path: "/more", ReadOnly: true}, {Volume: "far", Path: "/far", ReadOnly: true},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if got := Effective(Task{}, def)[1].MountPoints; len(got) != 3 || got[1].ReadOnly {
		t.Errorf("%+v", got)
	}
}
