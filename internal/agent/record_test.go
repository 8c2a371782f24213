package agent

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// begun is the record of a task with one essential container.
func begun(id string, started bool) *record {
	return &record{
		Assignment: protocol.Assignment{
			Key: state.Key{ID: id},
			Definition: state.TaskDefinition{Definition: types.TaskDefinition{
				ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("app")}},
			}},
		},
		Containers: map[string]*containerRecord{"app": {Started: started}},
	}
}

func TestRebootIsToldByTheBootID(t *testing.T) {
	for _, tc := range []struct {
		name, kept string
		rec        *record
		found      map[string]runtime.Status
		lost       bool
		code       string
	}{
		{"another boot", "before\n", begun("a", true), nil, true, "TerminationNotice"},
		{"the same boot", "now\n", begun("a", true), nil, false, ""},
		{"a data dir of a build that kept none", "", begun("a", true), nil, false, ""},
		{"nothing had started", "before\n", begun("a", false), nil, false, ""},
		{"it had ended before", "before\n", begun("a", true), map[string]runtime.Status{containerID("a", "app"): {Exit: &runtime.Exit{Code: 7}}}, true, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := New(Config{Dir: t.TempDir(), BootID: "now", Log: slog.New(slog.DiscardHandler)})
			if err := os.MkdirAll(a.taskDir("a"), 0o700); err != nil {
				t.Fatal(err)
			}
			boot := filepath.Join(a.cfg.Dir, "boot")
			if tc.kept != "" {
				if err := os.WriteFile(boot, []byte(tc.kept), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := a.noticeReboot([]*record{tc.rec}, tc.found); err != nil {
				t.Fatal(err)
			}
			code := ""
			if tc.rec.Cause != nil {
				code = tc.rec.Cause.Code
			}
			if tc.rec.hostGone() != tc.lost || code != tc.code {
				t.Errorf("lost %v, code %q", tc.rec.hostGone(), code)
			}
			if b, _ := os.ReadFile(boot); string(b) != "now\n" {
				t.Errorf("the boot kept is %q", b)
			}
		})
	}
}

// A task the store says is running, and the node has no record of, is not
// started a second time under the same name.
func TestTaskWithoutItsRecordIsNotStartedAgain(t *testing.T) {
	ran, fresh := begun("a", false), begun("b", false)
	ran.Observed.Status = state.TaskRunning
	fresh.Observed.Status = state.TaskProvisioning
	ran.disown()
	fresh.disown()
	if ran.Cause == nil || fresh.Cause != nil {
		t.Errorf("%+v %+v", ran.Cause, fresh.Cause)
	}
}

func TestStopTimeoutRunsOnAcrossRestarts(t *testing.T) {
	at := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	rec := &containerRecord{}
	if got := rec.asked(at); !got.Equal(at) {
		t.Errorf("asked first at %s", got)
	}
	if got := rec.asked(at.Add(20 * time.Second)); !got.Equal(at) {
		t.Errorf("asked again after a restart it has new patience, from %s", got)
	}
	back := at.Add(-time.Hour)
	if got := rec.asked(back); !got.Equal(back) {
		t.Errorf("with the clock set back an hour its patience begins at %s", got)
	}
}
