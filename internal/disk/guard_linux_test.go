package disk

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/aws/smithy-go"
)

func TestParseMark(t *testing.T) {
	for text, want := range map[string]Mark{
		"85%": {Percent: 85}, "0.5%": {Percent: 0.5}, "20GiB": {Bytes: 20 << 30}, "7 MiB": {Bytes: 7 << 20}, "4096": {Bytes: 4096},
	} {
		if got, err := ParseMark(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "%", "0%", "101%", "NaN%", "-1GiB", "GiB", "1GB", "9999999999TiB", "1.5GiB", "0"} {
		if got, err := ParseMark(bad); err == nil {
			t.Errorf("%q is taken as %+v", bad, got)
		}
	}
}

func FuzzParseMark(f *testing.F) {
	f.Add("85%")
	f.Add("20GiB")
	f.Fuzz(func(t *testing.T, text string) {
		if m, err := ParseMark(text); err == nil && (m.Bytes < 0 || m.Percent < 0 || m.Percent > 100 || m == (Mark{})) {
			t.Errorf("%q is %+v", text, m)
		}
	})
}

// The reserve is given up for a write, once, and made again when there is room.
func TestReserve(t *testing.T) {
	dir := t.TempDir()
	free := int64(10 << 30)
	g := NewGuard(dir, 1<<30, slog.New(slog.DiscardHandler))
	g.measure = func(string) (Usage, error) {
		u := Usage{Total: 20 << 30, Free: free}
		if _, err := os.Stat(g.reserve); err == nil {
			u.Free -= reserveSize
		}
		return u, nil
	}
	must := func(what string, err error, ok bool) {
		t.Helper()
		if (err == nil) != ok {
			t.Fatalf("%s: %v", what, err)
		}
	}
	must("hold", g.hold(), true)
	must("room", g.Room(), true)
	if info, err := os.Stat(filepath.Join(dir, "reserve")); err != nil || info.Size() != reserveSize {
		t.Fatalf("%v, %v", info, err)
	}
	free = 500<<20 + reserveSize
	err := g.Room()
	must("new work under the floor", err, false)
	var api smithy.APIError
	if !errors.Is(err, syscall.ENOSPC) || !errors.As(err, &api) {
		t.Errorf("%v", err)
	}
	must("a write under the floor", g.Write(), true)
	free = 70<<20 + reserveSize
	must("a write with the reserve", g.Write(), true)
	if _, err := os.Stat(g.reserve); err == nil {
		t.Error("the reserve was not given up")
	}
	must("hold on a full disk", g.hold(), true)
	free = 70 << 20
	must("a write when nothing is left", g.Write(), false)
	free = 10 << 30
	must("a write when there is room", g.Write(), true)
	must("hold", g.hold(), true)
	if _, err := os.Stat(g.reserve); err != nil {
		t.Error(err)
	}
}
