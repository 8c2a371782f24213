// Package e2e drives the whole product from outside.
package e2e

import (
	"os"
	"testing"

	"github.com/hatoba/hatoba/test/harness"
)

func TestMain(m *testing.M) {
	code := m.Run()
	harness.Clean()
	if pluginDir != "" {
		os.RemoveAll(pluginDir)
	}
	os.Exit(code)
}
