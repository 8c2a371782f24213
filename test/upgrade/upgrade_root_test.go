// Package upgrade runs tasks under one build and goes on with another.
package upgrade

import (
	"fmt"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/hatoba/hatoba/test/harness"
)

func TestMain(m *testing.M) {
	code := m.Run()
	harness.Clean()
	os.Exit(code)
}

// Each build starts tasks; the other takes them up, stops them and has their
// logs whole; and back.
func TestUpgradeAndOneStepBack(t *testing.T) {
	previous := os.Getenv("HATOBA_PREVIOUS")
	if previous == "" {
		t.Skip("HATOBA_PREVIOUS names no build to upgrade from: run make test-upgrade")
	}
	w := harness.Start(t)
	w.Image()
	w.Register("ticks", nil, w.Container("app", "tick"))
	w.Register("stays", nil, w.Container("app", "ready"))
	ready := func(arn string) {
		t.Helper()
		w.Until(arn, "RUNNING")
		w.Eventually("it speaks", func() bool { return len(w.Lines(arn, "app")) > 0 })
	}
	stop := func(arn string) {
		t.Helper()
		task := w.Stop(arn)
		if c := harness.ByName(task, "app"); c.ExitCode == nil || *c.ExitCode != 0 {
			t.Errorf("exit %v %q", c.ExitCode, aws.ToString(c.Reason))
		}
		if lines := fmt.Sprint(w.Lines(arn, "app")); lines != "[ready last words]" {
			t.Errorf("its log is %s", lines)
		}
	}
	ticks := w.Run("ticks")
	ready(ticks)
	var earlier []string
	for round, build := range []string{previous, "", previous, ""} {
		arn := w.Run("stays")
		ready(arn)
		if round%2 == 0 {
			w.Kill()
		} else {
			w.Down()
		}
		w.Build = build
		w.Up()
		w.Until(arn, "RUNNING")
		w.Until(ticks, "RUNNING")
		for _, old := range earlier {
			stop(old)
		}
		earlier = []string{arn}
	}
	stop(earlier[0])
	w.Stop(ticks)
	for i, line := range w.Lines(ticks, "app") {
		if line != fmt.Sprint("tick ", i) {
			t.Fatalf("line %d is %q", i, line)
		}
	}
}
