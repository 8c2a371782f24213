// Package faults breaks one thing at a time under a running Hatoba. Each time
// the task says what happened, and the platform is up afterwards.
package faults

import (
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/test/harness"
)

func TestMain(m *testing.M) {
	code := m.Run()
	harness.Clean()
	os.Exit(code)
}

func command(container string, args ...string) *types.TaskOverride {
	return &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{Name: &container, Command: args}}}
}
