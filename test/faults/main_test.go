// Package faults breaks one thing at a time under a running Hatoba. Each time
// the task says what happened, and the platform is up afterwards.
package faults

import (
	"os"
	"testing"

	"github.com/hatoba/hatoba/test/harness"
)

func TestMain(m *testing.M) {
	code := m.Run()
	harness.Clean()
	os.Exit(code)
}
