package metrics_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/metrics"
)

var update = flag.Bool("update", false, "write the golden directory anew")

const golden = "testdata/format1.tar.gz"

// TestGolden opens what format 1 was: the tiers, roll-ups and a journal that is
// not empty. A released version's never changes.
func TestGolden(t *testing.T) {
	c := &clock{noon}
	if *update {
		writeGolden(t)
	}
	dir := t.TempDir()
	unpack(t, dir)
	c.now = noon.Add(20 * 24 * time.Hour)
	e := open(t, dir, c)
	defer e.Close()
	for _, x := range []struct {
		name, statistic string
		period          time.Duration
		from            time.Time
		want            float64
	}{
		{"old", "Sum", time.Hour, noon.Add(-time.Hour), 1830},
		{"old", "p100", 5 * time.Minute, noon.Add(-5 * time.Minute), 60},
		{"new", "p50", time.Minute, c.now.Add(-time.Hour), 2},
		{"journal", "Sum", time.Minute, c.now.Add(-time.Minute), 7},
		{"journal", "Maximum", time.Second, c.now.Add(-time.Minute), 7},
	} {
		got := read(t, e, series(x.name, "Kind", "golden"), x.statistic, x.period, x.from, x.from.Add(x.period))
		if len(got) != 1 || got[0].Value != x.want {
			t.Errorf("%s of %s: %v, want %v", x.statistic, x.name, got, x.want)
		}
	}
}

func writeGolden(t *testing.T) {
	c := &clock{noon}
	dir := t.TempDir()
	e := open(t, dir, c)
	for i := range 60 {
		put(t, e, metrics.Datum{Series: series("old", "Kind", "golden"), Unit: "Count", Time: noon.Add(time.Duration(i-60) * time.Minute), Statistics: metrics.One(float64(i + 1))})
	}
	c.now = noon.Add(20 * 24 * time.Hour)
	if err := e.RollUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(t, e, metrics.Datum{Series: series("new", "Kind", "golden"), Time: c.now.Add(-time.Hour), Statistics: metrics.Statistics{Values: []float64{1, 2, 3}, Counts: []float64{1, 2, 1}}})
	if err := e.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	put(t, e, metrics.Datum{Series: series("journal", "Kind", "golden"), Time: c.now.Add(-time.Minute), Fine: true, Statistics: metrics.One(7)})
	var out bytes.Buffer // of an engine that is open: as a kill leaves it
	zip := gzip.NewWriter(&out)
	files := tar.NewWriter(zip)
	if err := files.AddFS(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if files.Close() != nil || zip.Close() != nil || e.Close() != nil {
		t.Fatal("not closed")
	}
	if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func unpack(t *testing.T, dir string) {
	f, err := os.Open(golden)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zip, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for files := tar.NewReader(zip); ; {
		h, err := files.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.FromSlash(h.Name))
		if h.FileInfo().IsDir() {
			err = os.MkdirAll(path, 0o700)
		} else if err = os.MkdirAll(filepath.Dir(path), 0o700); err == nil {
			var text []byte
			if text, err = io.ReadAll(files); err == nil {
				err = os.WriteFile(path, text, 0o600)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
