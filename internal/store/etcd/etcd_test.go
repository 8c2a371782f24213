package etcd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/storetest"
)

var here = state.Scope{Account: "123456789012", Region: "us-east-1"}

func open(t testing.TB, dir string) *Store {
	t.Helper()
	run, err := os.MkdirTemp("", "hb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(run) })
	s, err := Open(context.Background(), Config{Dir: dir, RunDir: run, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSuite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return open(t, t.TempDir()) })
}

func TestNewerDataDirIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "VERSION"), []byte("99\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), Config{Dir: dir, RunDir: dir, Log: slog.New(slog.DiscardHandler)})
	if !errors.Is(err, store.ErrNewerData) || !strings.Contains(err.Error(), "99") {
		t.Error(err)
	}
}

// TestKilledWriter kills a process that writes and prints what was
// acknowledged; all of that must be there.
func TestKilledWriter(t *testing.T) {
	if dir := os.Getenv("HATOBA_KILLED_WRITER"); dir != "" {
		s := open(t, dir)
		for i := int32(1); ; i++ {
			err := s.Update(t.Context(), func(w store.Writer) error {
				return store.TaskFamilies.Put(w, here.Key("x"), state.TaskFamily{LastRevision: i})
			})
			if err != nil {
				t.Fatal(err)
			}
			fmt.Println("acknowledged", i)
		}
	}
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestKilledWriter$")
	cmd.Env = append(os.Environ(), "HATOBA_KILLED_WRITER="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var last int32
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, err := fmt.Sscanf(lines.Text(), "acknowledged %d", &last); err == nil && last == 500 {
			_ = cmd.Process.Kill()
		}
	}
	_ = cmd.Wait()
	s := open(t, dir)
	defer s.Close()
	_ = s.View(t.Context(), func(r store.Reader) error {
		f, _ := store.TaskFamilies.Get(r, here.Key("x"))
		if last < 500 || f.LastRevision < last {
			t.Errorf("acknowledged up to %d, found %d", last, f.LastRevision)
		}
		return nil
	})
}

func BenchmarkPut(b *testing.B) {
	s := open(b, b.TempDir())
	defer s.Close()
	raw := func(i int) error {
		_, err := s.client.Put(context.Background(), "/raw", strings.Repeat("x", 256)+fmt.Sprint(i))
		return err
	}
	ours := func(i int) error {
		return s.Update(context.Background(), func(w store.Writer) error {
			return store.TaskFamilies.Put(w, here.Key("x"), state.TaskFamily{Family: strings.Repeat("x", 200), LastRevision: int32(i)})
		})
	}
	took := map[string]time.Duration{}
	for b.Loop() {
		for name, f := range map[string]func(int) error{"raw": raw, "ours": ours} {
			start := time.Now()
			if err := f(b.N); err != nil {
				b.Fatal(err)
			}
			took[name] += time.Since(start)
		}
	}
	b.ReportMetric(float64(took["ours"])/float64(took["raw"]), "x-raw-put")
}
