package logs

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// crashDir, when set, makes the test binary a writer to be killed.
const crashDir = "HATOBA_LOGS_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		if err := writeForEver(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

const crashWriters = 4

// writeForEver appends from several goroutines, with flushes under way, and
// prints the number of each event when it is acknowledged.
func writeForEver(dir string) error {
	e, err := Open(context.Background(), Config{Dir: dir, Now: (&clock{noon}).now, FlushBytes: 64 << 10})
	if err != nil {
		return err
	}
	var out sync.Mutex
	failed := make(chan error, crashWriters+1)
	go func() { failed <- e.Run(context.Background()) }()
	for w := range crashWriters {
		stream := fmt.Sprint("s", w)
		if err := e.OpenStream(context.Background(), scope, "g", stream, true); err != nil {
			return err
		}
		s, err := e.GetStream(context.Background(), scope, "g", stream)
		if err != nil {
			return err
		}
		go func() {
			for i := s.Events; ; i++ {
				// Each batch is sent twice, as after a lost answer.
				for range 2 {
					_, err := e.Append(context.Background(), scope, "g", stream, Batch{
						Events: []InputEvent{at(i, fmt.Sprint(i, strings.Repeat(" x", 200)))}, Producer: "p", Offset: i + 1,
					})
					if err != nil {
						failed <- err
						return
					}
				}
				out.Lock()
				fmt.Println(stream, i)
				out.Unlock()
			}
		}()
	}
	return <-failed
}

// TestAcknowledgedEventsSurviveKill kills a writer again and again and finds
// all it acknowledged, in order and once.
func TestAcknowledgedEventsSurviveKill(t *testing.T) {
	dir := t.TempDir()
	acknowledged := map[string]int{}
	for round := range 4 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), crashDir+"="+dir)
		cmd.Stderr = os.Stderr
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(stdout)
		for n := 0; lines.Scan(); n++ {
			stream, number, _ := strings.Cut(lines.Text(), " ")
			if i, err := strconv.Atoi(number); err == nil {
				acknowledged[stream] = i
			}
			if n == 700+round*150 {
				_ = cmd.Process.Kill()
			}
		}
		_ = cmd.Wait()
	}
	e := start(t, Config{Dir: dir})
	for stream, last := range acknowledged {
		next := 0
		r := ReadRequest{Group: "g", Stream: stream}
		for {
			page := read(t, e, r)
			if len(page.Events) == 0 {
				break
			}
			for _, ev := range page.Events {
				if number, _, _ := strings.Cut(ev.Message, " "); number != fmt.Sprint(next) {
					t.Fatalf("%s: event %s stands where %d belongs", stream, number, next)
				}
				next++
			}
			r.From = &page.Next
		}
		if next <= last {
			t.Errorf("%s: %d events found, up to %d acknowledged", stream, next, last)
		}
		if s, _ := e.GetStream(t.Context(), scope, "g", stream); s.Events != int64(next) {
			t.Errorf("%s: %d events counted, %d found", stream, s.Events, next)
		}
	}
	if len(acknowledged) != crashWriters {
		t.Errorf("streams heard of: %v", acknowledged)
	}
}

// TestATornEndIsCut cuts the log at every byte of its last record.
func TestATornEndIsCut(t *testing.T) {
	dir := t.TempDir()
	e := start(t, Config{Dir: dir})
	open(t, e, "g", "s")
	write(t, e, "g", "s", at(0, "first"))
	info, err := os.Stat(e.walPath(1))
	if err != nil {
		t.Fatal(err)
	}
	write(t, e, "g", "s", at(1, "second"))
	if err := e.wal.close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(e.walPath(1))
	if err != nil {
		t.Fatal(err)
	}
	for size := int(info.Size()); size < len(whole); size++ {
		for _, tail := range []string{"", "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"} {
			copied := t.TempDir()
			if err := os.MkdirAll(filepath.Join(copied, "wal"), 0o700); err != nil {
				t.Fatal(err)
			}
			content := append(slices.Clone(whole[:size]), tail...)
			if err := os.WriteFile(filepath.Join(copied, "wal", hex16(1)+".log"), content, 0o600); err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second time the file is not the newest
				again := start(t, Config{Dir: copied})
				if got := messages(read(t, again, ReadRequest{Group: "g", Stream: "s"}).Events); got != "first " {
					t.Fatalf("cut at %d: %q", size, got)
				}
				if err := again.wal.close(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// TestACrashAnywhereInAFlush leaves what a flush leaves when it ends after the
// segments, and after the catalog.
func TestACrashAnywhereInAFlush(t *testing.T) {
	for _, after := range []string{"segments", "catalog"} {
		dir := t.TempDir()
		e := start(t, Config{Dir: dir})
		open(t, e, "g", "s")
		write(t, e, "g", "s", at(0, "a"), at(1, "b"))
		log, err := os.ReadFile(e.walPath(1))
		if err != nil {
			t.Fatal(err)
		}
		flush(t, e)
		write(t, e, "g", "s", at(2, "c"))
		if err := e.wal.close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(e.walPath(1), log, 0o600); err != nil {
			t.Fatal(err)
		}
		if after == "segments" {
			if err := os.Remove(e.catalogPath()); err != nil {
				t.Fatal(err)
			}
		}
		e = start(t, Config{Dir: dir})
		if got := messages(read(t, e, ReadRequest{Group: "g", Stream: "s"}).Events); got != "a b c " {
			t.Errorf("after the %s: %q", after, got)
		}
		if s, err := e.GetStream(t.Context(), scope, "g", "s"); err != nil || s.Events != 3 {
			t.Errorf("after the %s: %d events, %v", after, s.Events, err)
		}
		want := map[string]int{"segments": 0, "catalog": 1}[after]
		if files, _ := segmentFiles(t, e); files != want {
			t.Errorf("after the %s: %d segments", after, files)
		}
	}
}

func TestAFailedFlushLosesNothing(t *testing.T) {
	e := start(t, Config{})
	open(t, e, "g", "s")
	write(t, e, "g", "s", at(0, "a"))
	seg := filepath.Join(e.cfg.Dir, "seg")
	if err := os.Remove(seg); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := e.Flush(t.Context()); err == nil {
			t.Error("a flush without a directory")
		}
		write(t, e, "g", "s", at(1, "b"))
	}
	if err := os.Mkdir(seg, 0o700); err != nil {
		t.Fatal(err)
	}
	flush(t, e)
	if got := messages(read(t, e, ReadRequest{Group: "g", Stream: "s"}).Events); got != "a b b " {
		t.Errorf("got %q", got)
	}
}

func TestHarmIsToldNotServed(t *testing.T) {
	dir := t.TempDir()
	e := start(t, Config{Dir: dir, CacheBytes: 1})
	open(t, e, "g", "s")
	write(t, e, "g", "s", at(0, strings.Repeat("hello ", 100)))
	flush(t, e)
	path := e.tables.byID[1].segments[0].path
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{10, len(b) - 30, len(b) - 5} {
		harmed := slices.Clone(b)
		harmed[i] ^= 1
		if err := os.WriteFile(path, harmed, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Read(t.Context(), scope, ReadRequest{Group: "g", Stream: "s"}); err == nil {
			t.Errorf("byte %d changed and nobody noticed", i)
		}
	}
}

func TestANewerCatalogIsRefused(t *testing.T) {
	dir := t.TempDir()
	b := appendFrame(nil, encodeJSON(kindHeader, header{Version: formatVersion + 1}))
	if err := os.WriteFile(filepath.Join(dir, "catalog"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), Config{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "use a newer Hatoba") {
		t.Errorf("got %v", err)
	}
}
