package etcd

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/storetest"
)

var here = state.Scope{Account: "123456789012", Region: "us-east-1"}

func open(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(context.Background(), Config{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t testing.TB, s store.Store, id string, n int32) {
	t.Helper()
	err := s.Update(context.Background(), func(w store.Writer) error {
		return store.TaskFamilies.Put(w, here.Key(id), state.TaskFamily{Family: id, LastRevision: n})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func get(t testing.TB, s store.Store, id string) (n int32) {
	t.Helper()
	_ = s.View(context.Background(), func(r store.Reader) error {
		f, _ := store.TaskFamilies.Get(r, here.Key(id))
		n = f.LastRevision
		return nil
	})
	return n
}

func TestSuite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return open(t, t.TempDir()) })
}

// TestReopen finds what was written, and still keeps what this build does not
// know: a table, and a field of a record that it writes again.
func TestReopen(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, "web", 3)
	ctx := t.Context()
	family := store.Path(store.TaskFamilies.Name, here.Key("web"))
	for path, value := range map[string]string{
		"/v1/of-tomorrow/a/r/x": `{"v":1,"r":{}}`,
		family:                  `{"v":2,"r":{"Family":"web","LastRevision":3,"Mood":"good"}}`,
	} {
		if _, err := s.client.Put(ctx, path, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	defer s.Close()
	if n := get(t, s, "web"); n != 3 {
		t.Errorf("found %d", n)
	}
	put(t, s, "web", 4)
	for path, want := range map[string]string{
		"/v1/of-tomorrow/a/r/x": `{"v":1,"r":{}}`,
		family:                  `{"v":2,"r":{"Family":"web","LastRevision":4,"Mood":"good"}}`,
	} {
		got, err := s.client.Get(ctx, path)
		if err != nil || len(got.Kvs) != 1 || string(got.Kvs[0].Value) != want {
			t.Errorf("%s holds %v, %v", path, got, err)
		}
	}
}

// TestCompacts writes more than is kept of the past.
func TestCompacts(t *testing.T) {
	s := open(t, t.TempDir())
	defer s.Close()
	first, err := s.client.Get(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	for n := range int32(compactOps/500 + 1) {
		err := s.Update(t.Context(), func(w store.Writer) error {
			for i := range 500 {
				if err := store.TaskFamilies.Put(w, here.Key(fmt.Sprint(i)), state.TaskFamily{LastRevision: n}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err = s.client.Get(t.Context(), root, clientv3.WithRev(first.Header.Revision))
	if err == nil || !strings.Contains(err.Error(), "compacted") {
		t.Errorf("the first revision is still there: %v", err)
	}
	if n := get(t, s, "499"); n != compactOps/500 {
		t.Errorf("found %d", n)
	}
}

// TestKilledWriter kills a process with several writers that prints what was
// acknowledged; all of that must be there.
func TestKilledWriter(t *testing.T) {
	const writers = 4
	if dir := os.Getenv("HATOBA_KILLED_WRITER"); dir != "" {
		s := open(t, dir)
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := int32(1); ; i++ {
					put(t, s, fmt.Sprint(w), i)
					fmt.Println("acknowledged", w, i)
				}
			})
		}
		wg.Wait()
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
	var last [writers]int32
	acknowledged := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var w int
		var n int32
		if _, err := fmt.Sscanf(lines.Text(), "acknowledged %d %d", &w, &n); err != nil {
			continue
		}
		last[w] = n
		if acknowledged++; acknowledged == 500 {
			_ = cmd.Process.Kill()
		}
	}
	_ = cmd.Wait()
	if acknowledged < 500 {
		t.Fatalf("it ended by itself after %d writes", acknowledged)
	}
	s := open(t, dir)
	defer s.Close()
	for w, n := range last {
		if found := get(t, s, fmt.Sprint(w)); found < n {
			t.Errorf("writer %d: acknowledged up to %d, found %d", w, n, found)
		}
	}
}
