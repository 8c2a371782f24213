package underway_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/hatoba/hatoba/internal/underway"
)

type counted struct{ Requests int }

func open(t *testing.T, dir, note string) *underway.Place {
	t.Helper()
	p, err := underway.Open(dir, note, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestAKillLosesNothing: a process that is killed closes nothing.
func TestAKillLosesNothing(t *testing.T) {
	dir, note := filepath.Join(t.TempDir(), "run"), filepath.Join(t.TempDir(), "note")
	p := open(t, dir, note)
	f := underway.Keep[counted](p, "counts")
	if got := f.Load(); got.Requests != 0 {
		t.Errorf("at first there are %d", got.Requests)
	}
	f.Save(counted{5})
	f.Save(counted{7})
	if err := os.WriteFile(filepath.Join(dir, "counts.json.new123"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	p = open(t, dir, note)
	if got := underway.Keep[counted](p, "counts").Load(); got.Requests != 7 || p.Lost() != 0 {
		t.Errorf("%d are left, %d times something was lost", got.Requests, p.Lost())
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("the file that was being written stays: %v", entries)
	}
}

func TestWhatIsLostIsCounted(t *testing.T) {
	dir, note := filepath.Join(t.TempDir(), "run"), filepath.Join(t.TempDir(), "note")
	restart := func() {
		t.Helper()
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	open(t, dir, note)
	restart()
	p := open(t, dir, note)
	if p.Lost() != 1 {
		t.Errorf("the machine ended: lost %d times", p.Lost())
	}
	f := underway.Keep[counted](p, "counts")
	f.Save(counted{1})
	f.Clear()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	restart()
	if p = open(t, dir, note); p.Lost() != 1 {
		t.Errorf("it ended when all was told: lost %d times", p.Lost())
	}
	underway.Keep[counted](p, "counts").Save(counted{1})
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	p = open(t, dir, note)
	if got := underway.Keep[counted](p, "counts").Load(); got.Requests != 1 || p.Lost() != 1 {
		t.Errorf("what was not told at the end is %d, lost %d times", got.Requests, p.Lost())
	}
	if err := os.WriteFile(filepath.Join(dir, "counts.json"), []byte(`{"Requests": "many"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := underway.Keep[counted](p, "counts").Load(); got.Requests != 0 || p.Lost() != 2 {
		t.Errorf("of a file that cannot be read: %d, lost %d times", got.Requests, p.Lost())
	}
	_ = p.Close()
	restart()
	if p = open(t, dir, note); p.Lost() != 3 {
		t.Errorf("it ended with something that was not told: lost %d times", p.Lost())
	}
}

func TestNothingKeepsNothing(t *testing.T) {
	f := underway.Keep[counted](nil, "counts")
	f.Save(counted{1})
	f.Clear()
	if f.Load().Requests != 0 {
		t.Error("it is there")
	}
}
