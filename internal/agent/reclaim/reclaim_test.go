package reclaim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/disk"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

var shares = Policy{High: disk.Mark{Percent: 85}, Low: disk.Mark{Percent: 80}, MinAge: 5 * time.Minute}

func TestExcess(t *testing.T) {
	bytes := Policy{High: disk.Mark{Bytes: 100}, Low: disk.Mark{Bytes: 60}}
	for _, c := range []struct {
		p      Policy
		u      disk.Usage
		images int64
		want   int64
	}{
		{shares, disk.Usage{Total: 1000, Free: 150}, 0, 0},
		{shares, disk.Usage{Total: 1000, Free: 149}, 0, 51},
		{shares, disk.Usage{Total: 1000, Free: 0}, 0, 200},
		{bytes, disk.Usage{Total: 1000, Free: 0}, 100, 0},
		{bytes, disk.Usage{Total: 1000, Free: 900}, 101, 41},
	} {
		if got := Excess(c.p, c.u, c.images); got != c.want {
			t.Errorf("%+v %+v %d: %d, want %d", c.p, c.u, c.images, got, c.want)
		}
	}
}

// What a task uses, or was used a moment ago, is never chosen; nothing older
// than a chosen image stays that might go; and no more go than needed.
func TestChooseProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var images []runtime.StoredImage
		for i := range rapid.IntRange(0, 20).Draw(t, "n") {
			images = append(images, runtime.StoredImage{
				Ref: fmt.Sprint(i), Bytes: rapid.Int64Range(0, 100).Draw(t, "bytes"),
				LastUsed: now.Add(-time.Duration(rapid.IntRange(-10, 3600).Draw(t, "age")) * time.Second), InUse: rapid.Bool().Draw(t, "used"),
			})
		}
		excess := rapid.Int64Range(-1, 500).Draw(t, "excess")
		chosen := map[string]bool{}
		var freed, last int64
		for _, i := range Choose(now, shares, excess, images) {
			if i.InUse || now.Sub(i.LastUsed) < shares.MinAge {
				t.Fatalf("chosen: %+v", i)
			}
			chosen[i.Ref] = true
			freed, last = freed+i.Bytes, i.Bytes
		}
		if len(chosen) > 0 && freed-last >= excess {
			t.Fatalf("%d freed where %d are enough", freed, excess)
		}
		for _, i := range images {
			if chosen[i.Ref] || i.InUse || now.Sub(i.LastUsed) < shares.MinAge {
				continue
			}
			if freed < excess {
				t.Fatalf("%+v stays, and %d of %d are freed", i, freed, excess)
			}
			for _, j := range images {
				if chosen[j.Ref] && j.LastUsed.After(i.LastUsed) {
					t.Fatalf("%+v goes before the older %+v", j, i)
				}
			}
		}
	})
}

// store is images on a small disk.
type store struct {
	images []runtime.StoredImage
	free   int64
	fails  string
}

func (s *store) Images(context.Context) ([]runtime.StoredImage, error) { return s.images, nil }
func (s *store) RemoveImage(_ context.Context, i runtime.StoredImage) error {
	if i.Ref == s.fails {
		return errors.New("busy")
	}
	s.free += i.Bytes
	return nil
}
func (s *store) Usage() (disk.Usage, error) { return disk.Usage{Total: 1000, Free: s.free}, nil }

func TestFree(t *testing.T) {
	old := time.Now().Add(-time.Hour)
	images := []runtime.StoredImage{{Ref: "a", Bytes: 60, LastUsed: old}, {Ref: "b", Bytes: 60, LastUsed: old.Add(1)}, {Ref: "c", Bytes: 60, InUse: true}}
	for _, c := range []struct {
		free    int64
		pressed bool
		fails   string
		after   int64
	}{
		{200, false, "", 200}, {149, false, "", 209}, {10, false, "", 130}, {200, true, "", 320}, {100, false, "a", 160},
	} {
		s := &store{images: images, free: c.free, fails: c.fails}
		others := 0
		l := New(Config{Policy: shares, Images: s, Usage: s.Usage, Log: slog.New(slog.DiscardHandler), Others: []func(context.Context) error{func(context.Context) error { others++; return nil }}})
		err := l.Free(t.Context(), c.pressed)
		if s.free != c.after || (err != nil) != (c.fails != "") || (others > 0) != (c.free < 150 || c.pressed) {
			t.Errorf("%+v: %d free, %v, others %d", c, s.free, err, others)
		}
	}
}
