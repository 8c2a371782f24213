package fields

import (
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func TestEveryFieldHasAClass(t *testing.T) {
	for _, d := range All() {
		missing, stale := d.Unclassed()
		for _, path := range missing {
			t.Errorf("%s: %s has no class", d.Table.Operation, path)
		}
		for _, path := range stale {
			t.Errorf("%s: the row %s is for no field", d.Table.Operation, path)
		}
		for _, f := range d.Table.Fields {
			if f.Class != Done && f.Note == "" {
				t.Errorf("%s: %s is %s without a word why", d.Table.Operation, f.Path, f.Class)
			}
		}
	}
}

func TestCompatibilityDocumentIsFresh(t *testing.T) {
	got, err := os.ReadFile("../../../../docs/compatibility.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != Markdown() {
		t.Error("docs/compatibility.md is stale: run go generate ./internal/aws/ecs/fields")
	}
}

func TestCheckNamesFieldAndContainer(t *testing.T) {
	container := func(c types.ContainerDefinition) *ecs.RegisterTaskDefinitionInput {
		c.Name = aws.String("app")
		return &ecs.RegisterTaskDefinitionInput{ContainerDefinitions: []types.ContainerDefinition{c}}
	}
	for name, c := range map[string]struct {
		in   *ecs.RegisterTaskDefinitionInput
		want string
	}{
		"empty values": {in: &ecs.RegisterTaskDefinitionInput{
			ContainerDefinitions: []types.ContainerDefinition{{
				Interactive: aws.Bool(false), Links: []string{}, RestartPolicy: &types.ContainerRestartPolicy{Enabled: aws.Bool(false)},
				VolumesFrom: []types.VolumeFrom{}, SystemControls: []types.SystemControl{},
			}},
			PlacementConstraints: []types.TaskDefinitionPlacementConstraint{},
		}},
		"firelens": {
			in:   container(types.ContainerDefinition{FirelensConfiguration: &types.FirelensConfiguration{Type: "fluentbit"}}),
			want: "containerDefinitions['app'].firelensConfiguration is not supported by Hatoba yet: use the log driver 'awslogs'",
		},
		"value": {
			in:   &ecs.RegisterTaskDefinitionInput{RuntimePlatform: &types.RuntimePlatform{OperatingSystemFamily: types.OSFamilyWindowsServer2022Core}},
			want: "runtimePlatform.operatingSystemFamily 'WINDOWS_SERVER_2022_CORE' is not supported by Hatoba yet: only Linux containers run; use 'LINUX'",
		},
		"unknown map key": {
			in: container(types.ContainerDefinition{LogConfiguration: &types.LogConfiguration{
				LogDriver: "awslogs", Options: map[string]string{"awslogs-grp": "g"},
			}}),
			want: "containerDefinitions['app'].logConfiguration.options['awslogs-grp'] is not supported by Hatoba yet: only the awslogs options that docs/compatibility.md lists are known; remove the option",
		},
		"no effect": {in: container(types.ContainerDefinition{DockerLabels: map[string]string{"a": "b"}})},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if r := RegisterTaskDefinition().Check(c.in); r != nil {
				got = r.Error()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
