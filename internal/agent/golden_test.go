package agent

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/hatoba/hatoba/internal/state"
)

// Records that earlier builds wrote are read whole: what they said is said
// again when they are saved. A new build's record is a new file here; one that
// is there is never changed.
func TestGoldenRecords(t *testing.T) {
	files, _ := filepath.Glob("testdata/task-*.json")
	if len(files) == 0 {
		t.Fatal("there are none")
	}
	for _, file := range files {
		golden, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		a := New(Config{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
		dir := a.taskDir("0123456789abcdef0123456789abcdef")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, recordFile), golden, 0o600); err != nil {
			t.Fatal(err)
		}
		records, err := a.loadRecords()
		if err != nil || len(records) != 1 {
			t.Fatalf("%s: %v %v", file, records, err)
		}
		r := records[0]
		if !r.begun() || !r.attached() || r.Observed.Status != state.TaskRunning || r.Containers["app"].Restarts != 2 || *r.Containers["beside"].ExitCode != 3 || r.Interfaces["beside"].Bindings[0].HostPort != 40000 {
			t.Errorf("%s: %+v", file, r)
		}
		if err := r.save(dir); err != nil {
			t.Fatal(err)
		}
		again, err := os.ReadFile(filepath.Join(dir, recordFile))
		if err != nil {
			t.Fatal(err)
		}
		var was, is any
		if err := json.Unmarshal(golden, &was); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(again, &is); err != nil {
			t.Fatal(err)
		}
		for _, lost := range missing(was, is, "") {
			t.Errorf("%s: %s is lost", file, lost)
		}
	}
}

// missing names what one tree has and another has not, or has otherwise.
func missing(was, is any, at string) (out []string) {
	switch was := was.(type) {
	case map[string]any:
		other, _ := is.(map[string]any)
		for k, v := range was {
			out = append(out, missing(v, other[k], at+"."+k)...)
		}
	case []any:
		other, _ := is.([]any)
		for i, v := range was {
			var o any
			if i < len(other) {
				o = other[i]
			}
			out = append(out, missing(v, o, fmt.Sprintf("%s[%d]", at, i))...)
		}
	default:
		// An empty value may be left out, which says the same.
		if was != nil && was != "" && was != false && was != 0.0 && was != is {
			out = append(out, fmt.Sprintf("%s (%v, now %v)", at, was, is))
		}
	}
	return out
}
