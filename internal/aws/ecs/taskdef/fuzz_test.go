package taskdef

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"golang.org/x/tools/txtar"
)

// Whatever comes in, Build answers with a definition or a ClientException, and
// what it accepts it accepts again unchanged.
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
		if len(def.ContainerDefinitions) == 0 || def.Family == nil {
			t.Fatalf("accepted a definition without family or containers: %s", input)
		}
	})
}
