package logs

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// segmentFiles counts the segment files and their bytes.
func segmentFiles(t testing.TB, e *Engine) (files int, bytes int64) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(e.cfg.Dir, "seg"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		files, bytes = files+1, bytes+info.Size()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files, bytes
}

func flush(t testing.TB, e *Engine) {
	t.Helper()
	if err := e.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func tidy(t testing.TB, e *Engine) {
	t.Helper()
	if err := e.tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestExpiredEventsAreHiddenAndFreed(t *testing.T) {
	now := &clock{noon}
	e := start(t, Config{Now: now.now})
	open(t, e, "g", "s")
	write(t, e, "g", "s", at(0, "old "+strings.Repeat("x", 1000)))
	flush(t, e)
	now.at = noon.Add(36 * time.Hour)
	write(t, e, "g", "s", at(36*3600*1000, "new"))
	flush(t, e)
	if err := e.UpdateGroup(t.Context(), scope, "g", func(g *Group) error { g.RetentionDays = 1; return nil }); err != nil {
		t.Fatal(err)
	}
	if got := messages(read(t, e, ReadRequest{Group: "g", Stream: "s"}).Events); got != "new " {
		t.Errorf("before freeing: %q", got)
	}
	tidy(t, e)
	if files, _ := segmentFiles(t, e); files != 1 {
		t.Errorf("%d files left", files)
	}
	if g, _ := e.GetGroup(t.Context(), scope, "g"); g.StoredBytes != 3 {
		t.Errorf("%d bytes stored", g.StoredBytes)
	}
}

func TestDeletesFreeDisk(t *testing.T) {
	dir := t.TempDir()
	e := start(t, Config{Dir: dir})
	open(t, e, "g", "keep", "drop")
	open(t, e, "h", "s")
	write(t, e, "g", "keep", at(0, "kept"))
	write(t, e, "g", "drop", at(0, strings.Repeat("x", 1000)))
	write(t, e, "h", "s", at(0, "other"))
	flush(t, e)
	if err := e.DeleteStream(t.Context(), scope, "g", "drop"); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil { // what is to be swept outlives the process
		t.Fatal(err)
	}
	e = start(t, Config{Dir: dir})
	tidy(t, e)
	if g, _ := e.GetGroup(t.Context(), scope, "g"); g.StoredBytes != 4 {
		t.Errorf("%d bytes stored", g.StoredBytes)
	}
	open(t, e, "g", "drop")
	if got := read(t, e, ReadRequest{Group: "g", Stream: "drop"}).Events; len(got) != 0 {
		t.Errorf("a new stream has old events: %v", got)
	}
	for _, name := range []string{"g", "h"} {
		if err := e.DeleteGroup(t.Context(), scope, name); err != nil {
			t.Fatal(err)
		}
	}
	if files, _ := segmentFiles(t, e); files != 0 {
		t.Errorf("%d files left", files)
	}
}

func TestADeletedSegmentStaysForItsReader(t *testing.T) {
	e := start(t, Config{})
	open(t, e, "g", "s")
	write(t, e, "g", "s", at(0, "a"))
	flush(t, e)
	v, err := e.view(scope, "g", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.DeleteGroup(t.Context(), scope, "g"); err != nil {
		t.Fatal(err)
	}
	if _, err := v.segments[0].loadIndex(); err != nil {
		t.Errorf("the file is gone: %v", err)
	}
	v.close()
	if files, _ := segmentFiles(t, e); files != 0 {
		t.Errorf("%d files left", files)
	}
}

func TestSmallSegmentsAreMerged(t *testing.T) {
	dir := t.TempDir()
	e := start(t, Config{Dir: dir})
	open(t, e, "g", "a", "b")
	want := ""
	for i := range 3 * mergeCount {
		m := fmt.Sprintf("%02d", i)
		write(t, e, "g", []string{"a", "b"}[i%2], at(int64(i), m))
		want += m + " "
		flush(t, e)
		tidy(t, e)
	}
	if files, _ := segmentFiles(t, e); files > mergeCount+2 {
		t.Errorf("%d files left", files)
	}
	check := func() {
		t.Helper()
		found, err := e.Filter(t.Context(), scope, FilterRequest{Group: "g"})
		if err != nil || messages(found.Events) != want {
			t.Errorf("got %q, %v", messages(found.Events), err)
		}
	}
	check()
	if err := e.wal.close(); err != nil { // merged, but no catalog tells so
		t.Fatal(err)
	}
	e = start(t, Config{Dir: dir})
	check()
}

func TestChangesWithoutEventsAreCheckpointedToo(t *testing.T) {
	e := start(t, Config{FlushBytes: 1 << 10})
	done := make(chan error, 1)
	go func() { done <- e.Run(t.Context()) }()
	for i := range 200 {
		open(t, e, "g", fmt.Sprint("stream-", i))
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if e.wal.number < 4 {
		t.Errorf("only %d log files were begun", e.wal.number)
	}
}
