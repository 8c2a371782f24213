package taskdef

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// Whatever comes in, Build answers with a definition or a ClientException, and
// what it describes can be registered again and is the same: people copy
// definitions out of DescribeTaskDefinition.
func FuzzBuild(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txtar")
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(archive.Files[0].Data)
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		var in ecs.RegisterTaskDefinitionInput
		if json.Unmarshal(input, &in) != nil {
			t.Skip()
		}
		def, err := Build(&in)
		if err != nil {
			var client *types.ClientException
			if !errors.As(err, &client) {
				t.Fatalf("not a ClientException: %v", err)
			}
			return
		}
		again, err := Build(asInput(def))
		if err != nil && !strings.Contains(err.Error(), "Max allowed length") { // defaults make it longer
			t.Fatalf("what was described is refused: %v", err)
		}
		if diff := cmp.Diff(def, again, cmp.Exporter(func(reflect.Type) bool { return true })); err == nil && diff != "" {
			t.Fatalf("what was described registers as another: %s", diff)
		}
	})
}

func asInput(d types.TaskDefinition) *ecs.RegisterTaskDefinitionInput {
	return &ecs.RegisterTaskDefinitionInput{
		Family: d.Family, ContainerDefinitions: d.ContainerDefinitions, Volumes: d.Volumes, NetworkMode: d.NetworkMode,
		Cpu: d.Cpu, Memory: d.Memory, TaskRoleArn: d.TaskRoleArn, ExecutionRoleArn: d.ExecutionRoleArn,
		RequiresCompatibilities: d.RequiresCompatibilities, PlacementConstraints: d.PlacementConstraints, PidMode: d.PidMode,
		IpcMode: d.IpcMode, EphemeralStorage: d.EphemeralStorage, RuntimePlatform: d.RuntimePlatform, EnableFaultInjection: d.EnableFaultInjection,
	}
}
