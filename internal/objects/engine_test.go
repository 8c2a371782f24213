package objects_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/objects"
)

// plain seals with nothing: the engine's own encryption is what is tested.
type plain struct{}

func (plain) Seal(_ context.Context, key string, aad, dataKey []byte) ([]byte, error) {
	if key == "broken" {
		return nil, objects.ErrKeyUnusable
	}
	return slices.Concat(aad, dataKey), nil
}

func (plain) Open(_ context.Context, key string, aad, sealed []byte) ([]byte, error) {
	if key == "broken" || !bytes.HasPrefix(sealed, aad) {
		return nil, objects.ErrKeyUnusable
	}
	return sealed[len(aad):], nil
}

type clock struct{ t time.Time }

func (c *clock) now() time.Time { c.t = c.t.Add(time.Millisecond); return c.t }

func open(t testing.TB, dir string, c *clock) *objects.Engine {
	t.Helper()
	e, err := objects.Open(objects.Config{Dir: dir, Sealer: plain{}, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func engine(t testing.TB) (*objects.Engine, string, *clock) {
	dir, c := t.TempDir(), &clock{time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	e := open(t, dir, c)
	if _, err := e.CreateBucket(objects.Bucket{Name: "b", Account: "123456789012", Region: "us-east-1"}); err != nil {
		t.Fatal(err)
	}
	return e, dir, c
}

func write(t testing.TB, e *objects.Engine, key string, body []byte) objects.Version {
	t.Helper()
	r, err := e.Receive(t.Context(), objects.Encryption{}, bytes.NewReader(body), objects.CRC64NVME)
	if err != nil {
		t.Fatal(err)
	}
	v, err := e.Put(objects.Object{Bucket: "b", Key: key, Checksum: objects.CRC64NVME}, r)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func read(t testing.TB, e *objects.Engine, key, id string, offset, length int64) ([]byte, error) {
	t.Helper()
	_, body, err := e.Open(t.Context(), "b", key, id, func(objects.Version) (int64, int64, error) { return offset, length, nil })
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

func versioning(t testing.TB, e *objects.Engine, state string) {
	t.Helper()
	if err := e.UpdateBucket("b", func(b *objects.Bucket) error { b.Versioning = state; return nil }); err != nil {
		t.Fatal(err)
	}
}

// files lists what is below blobs and tmp.
func files(t testing.TB, dir string) (out []string) {
	t.Helper()
	for _, sub := range []string{"blobs", "tmp"} {
		err := filepath.WalkDir(filepath.Join(dir, sub), func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				out = append(out, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestBytesComeBack(t *testing.T) {
	e, dir, c := engine(t)
	body := make([]byte, 3*64<<10+17)
	for i := range body {
		body[i] = byte(rand.IntN(256))
	}
	copy(body, "a marker that must not be on the disk")
	v := write(t, e, "k", body)
	for _, path := range files(t, dir) {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(raw, body[:20]) {
			t.Error("plaintext on the disk")
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = open(t, dir, c)
	rapid.Check(t, func(rt *rapid.T) {
		offset := rapid.Int64Range(0, int64(len(body))-1).Draw(rt, "offset")
		length := rapid.Int64Range(0, int64(len(body))-offset).Draw(rt, "length")
		got, err := read(t, e, "k", "", offset, length)
		if err != nil || !bytes.Equal(got, body[offset:offset+length]) {
			rt.Fatalf("%d bytes at %d: %d, %v", length, offset, len(got), err)
		}
	})
	if got, err := e.Version("b", "k", ""); err != nil || got.ETag != v.ETag || got.Size != int64(len(body)) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestChangedBytesAreTold(t *testing.T) {
	e, dir, _ := engine(t)
	write(t, e, "k", bytes.Repeat([]byte("x"), 100_000))
	path := files(t, dir)[0]
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)-1] ^= 1
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := read(t, e, "k", "", 0, -1); !errors.Is(err, objects.ErrCorrupt) {
		t.Errorf("changed: %v", err)
	}
	if err := os.Truncate(path, 70_000); err != nil {
		t.Fatal(err)
	}
	if _, err := read(t, e, "k", "", 0, -1); !errors.Is(err, objects.ErrCorrupt) {
		t.Errorf("cut: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := read(t, e, "k", "", 0, -1); !errors.Is(err, objects.ErrCorrupt) {
		t.Errorf("gone: %v", err)
	}
}

// What was not acknowledged leaves nothing, at once or after the next start.
func TestNothingIsLeftBehind(t *testing.T) {
	e, dir, c := engine(t)
	broken := io.MultiReader(strings.NewReader("half"), errReader{})
	if _, err := e.Receive(t.Context(), objects.Encryption{}, broken); err == nil {
		t.Fatal("a broken body was taken")
	}
	r, err := e.Receive(t.Context(), objects.Encryption{}, strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Put(objects.Object{Bucket: "none", Key: "k"}, r); !errors.Is(err, objects.ErrNoBucket) {
		t.Fatal(err)
	}
	r, _ = e.Receive(t.Context(), objects.Encryption{}, strings.NewReader("x"))
	if _, err := e.Put(objects.Object{Bucket: "b", Key: "k\x00"}, r); !errors.Is(err, objects.ErrBadKey) {
		t.Fatal(err)
	}
	if left := files(t, dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	// As a crash leaves it: received and published, not in a transaction.
	if _, err := e.Receive(t.Context(), objects.Encryption{}, strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	orphan := filepath.Join(dir, "blobs", "ab", "abcd")
	_ = os.MkdirAll(filepath.Dir(orphan), 0o700)
	if err := os.WriteFile(orphan, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, e, "kept", []byte("kept"))
	_ = e.Close()
	e = open(t, dir, c)
	if left := files(t, dir); len(left) != 1 {
		t.Errorf("left: %v", left)
	}
	if got, err := read(t, e, "kept", "", 0, -1); err != nil || string(got) != "kept" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := e.Delete("b", objects.Target{Key: "kept"}); err != nil {
		t.Fatal(err)
	}
	if left := files(t, dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errors.New("the line broke") }

// Keys are names, never paths.
func TestHostileKeys(t *testing.T) {
	e, dir, _ := engine(t)
	keys := []string{"../../../etc/passwd", "/etc/passwd", "..", ".", "a/../b", "a//b", "\x01", "ü", strings.Repeat("k", 1024), "con", "a\nb", "%2e%2e/"}
	for _, k := range keys {
		write(t, e, k, []byte(k))
	}
	for _, k := range keys {
		if got, err := read(t, e, k, "", 0, -1); err != nil || string(got) != k {
			t.Errorf("%q: %q, %v", k, got, err)
		}
	}
	for _, k := range []string{"", strings.Repeat("k", 1025), "a\xffb", "\x00"} {
		if err := objects.CheckKey(k); !errors.Is(err, objects.ErrBadKey) {
			t.Errorf("%q: %v", k, err)
		}
	}
	entries, _ := os.ReadDir(dir)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if diff := cmp.Diff([]string{"VERSION", "blobs", "meta.db", "tmp"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestVersions(t *testing.T) {
	e, dir, _ := engine(t)
	write(t, e, "k", []byte("null"))
	versioning(t, e, objects.VersioningEnabled)
	one := write(t, e, "k", []byte("one"))
	two := write(t, e, "k", []byte("two"))
	deleted, err := e.Delete("b", objects.Target{Key: "k"})
	if err != nil || !deleted[0].Marker {
		t.Fatal(deleted, err)
	}
	if v, err := e.Version("b", "k", ""); !errors.Is(err, objects.ErrNoKey) || !v.Marker {
		t.Errorf("%+v %v", v, err)
	}
	if _, err := e.Version("b", "k", deleted[0].ID); !errors.Is(err, objects.ErrDeleteMarker) {
		t.Error(err)
	}
	for id, want := range map[string]string{"null": "null", one.ID: "one", two.ID: "two"} {
		if got, err := read(t, e, "k", id, 0, -1); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", id, got, err)
		}
	}
	if _, err := e.Delete("b", objects.Target{Key: "k", ID: deleted[0].ID}); err != nil {
		t.Fatal(err)
	}
	if got, _ := read(t, e, "k", "", 0, -1); string(got) != "two" {
		t.Errorf("after the marker: %q", got)
	}
	versioning(t, e, objects.VersioningSuspended)
	write(t, e, "k", []byte("null again"))
	page, err := e.ListVersions("b", objects.ListRequest{Max: 10})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, v := range page.Versions {
		ids = append(ids, v.ID)
	}
	if diff := cmp.Diff([]string{"null", two.ID, one.ID}, ids); diff != "" {
		t.Error(diff)
	}
	if len(files(t, dir)) != 3 {
		t.Errorf("files: %v", files(t, dir))
	}
	if err := e.DeleteBucket("b"); !errors.Is(err, objects.ErrNotEmpty) {
		t.Error(err)
	}
}

// A reader keeps the version it has opened.
func TestReadingOutlivesDeletion(t *testing.T) {
	e, dir, _ := engine(t)
	body := bytes.Repeat([]byte("abc"), 100_000)
	write(t, e, "k", body)
	_, r, err := e.Open(t.Context(), "b", "k", "", func(objects.Version) (int64, int64, error) { return 0, -1, nil })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Delete("b", objects.Target{Key: "k"}); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, body) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if left := files(t, dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestConditionsOfWrites(t *testing.T) {
	e, _, _ := engine(t)
	put := func(c objects.Conditions) error {
		r, err := e.Receive(t.Context(), objects.Encryption{}, strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = e.Put(objects.Object{Bucket: "b", Key: "k", Conditions: c}, r)
		return err
	}
	etag, other := "9dd4e461268c8034f5c8564e155c67a6", "0"
	for _, step := range []struct {
		c    objects.Conditions
		want error
	}{
		{objects.Conditions{IfMatch: &etag}, objects.ErrChanged},
		{objects.Conditions{IfNoneMatch: true}, nil},
		{objects.Conditions{IfNoneMatch: true}, objects.ErrPrecondition},
		{objects.Conditions{IfMatch: &other}, objects.ErrPrecondition},
		{objects.Conditions{IfMatch: &etag}, nil},
	} {
		if err := put(step.c); !errors.Is(err, step.want) {
			t.Errorf("%+v: %v, want %v", step.c, err, step.want)
		}
	}
}

// Pages of every size give the same as one page, and what a naive listing gives.
func TestListing(t *testing.T) {
	e, _, _ := engine(t)
	rapid.Check(t, func(rt *rapid.T) {
		page, err := e.List("b", objects.ListRequest{Max: 1000})
		if err != nil {
			rt.Fatal(err)
		}
		for _, v := range page.Versions {
			_, _ = e.Delete("b", objects.Target{Key: v.Key})
		}
		keys := rapid.SliceOfNDistinct(rapid.StringMatching(`[ab/]{1,4}`), 0, 8, rapid.ID[string]).Draw(rt, "keys")
		for _, k := range keys {
			write(t, e, k, nil)
		}
		slices.Sort(keys)
		prefix := rapid.SampledFrom([]string{"", "a", "a/", "/"}).Draw(rt, "prefix")
		delimiter := rapid.SampledFrom([]string{"", "/", "b", "a/"}).Draw(rt, "delimiter")
		var want []string
		for _, k := range keys {
			if !strings.HasPrefix(k, prefix) {
				continue
			}
			item := k
			if i := strings.Index(k[len(prefix):], delimiter); delimiter != "" && i >= 0 {
				item = "P " + k[:len(prefix)+i+len(delimiter)]
			}
			if !slices.Contains(want, item) {
				want = append(want, item)
			}
		}
		slices.Sort(want)
		for _, size := range []int{1, 2, 100} {
			var got []string
			req := objects.ListRequest{Prefix: prefix, Delimiter: delimiter, Max: size}
			for {
				page, err := e.List("b", req)
				if err != nil {
					rt.Fatal(err)
				}
				for _, v := range page.Versions {
					got = append(got, v.Key)
				}
				for _, p := range page.Prefixes {
					got = append(got, "P "+p)
				}
				if !page.More {
					break
				}
				req.After = page.Next
			}
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				rt.Fatalf("prefix %q delimiter %q size %d of %q:\n%s", prefix, delimiter, size, keys, diff)
			}
		}
	})
}

func TestMultipart(t *testing.T) {
	e, dir, c := engine(t)
	begin := func(sum objects.Checksum) objects.Upload {
		u, err := e.Begin("b", objects.Upload{Key: "k", Checksum: sum})
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	part := func(u objects.Upload, n int32, body []byte) objects.Part {
		r, err := e.Receive(t.Context(), objects.Encryption{}, bytes.NewReader(body), u.Checksum.Algorithm)
		if err != nil {
			t.Fatal(err)
		}
		p, err := e.PutPart("b", "k", u.ID, n, r)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	first, second := bytes.Repeat([]byte("1"), objects.MinPart), []byte("two")
	u := begin(objects.Checksum{Algorithm: objects.CRC32})
	part(u, 2, []byte("an earlier one"))
	p1, p2, p9 := part(u, 1, first), part(u, 2, second), part(u, 9, []byte("unused"))
	_ = e.Close()
	e = open(t, dir, c)
	for _, bad := range []struct {
		parts []objects.Part
		want  error
	}{
		{[]objects.Part{p2, p1}, objects.ErrPartOrder},
		{[]objects.Part{p2, p9}, objects.ErrPartTooSmall},
		{[]objects.Part{{Number: 1, ETag: p2.ETag}}, objects.ErrInvalidPart},
		{[]objects.Part{{Number: 5, ETag: p2.ETag}}, objects.ErrInvalidPart},
	} {
		if _, err := e.Complete("b", "k", u.ID, bad.parts, "", objects.Conditions{}); !errors.Is(err, bad.want) {
			t.Errorf("%v, want %v", err, bad.want)
		}
	}
	v, err := e.Complete("b", "k", u.ID, []objects.Part{p1, p2}, "", objects.Conditions{})
	if err != nil {
		t.Fatal(err)
	}
	all := slices.Concat(first, second)
	sum := crc32.ChecksumIEEE(all)
	if want := base64.StdEncoding.EncodeToString([]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)}); v.Checksum.Value != want {
		t.Errorf("checksum %s, want %s", v.Checksum.Value, want)
	}
	if got, err := read(t, e, "k", "", objects.MinPart-2, 4); err != nil || string(got) != "11tw" {
		t.Errorf("%q, %v", got, err)
	}
	if n := len(files(t, dir)); n != 2 {
		t.Errorf("%d files, want those of the two parts", n)
	}
	if _, err := e.Upload("b", "k", u.ID); !errors.Is(err, objects.ErrNoUpload) {
		t.Error(err)
	}
	u = begin(objects.Checksum{Algorithm: objects.SHA256, Composite: true})
	part(u, 1, first)
	if err := e.Abort("b", "k", u.ID); err != nil {
		t.Fatal(err)
	}
	if n := len(files(t, dir)); n != 2 {
		t.Errorf("%d files after the abort", n)
	}
}

// Checksums of a whole follow from those of its parts.
func TestFullObjectChecksums(t *testing.T) {
	e, _, _ := engine(t)
	for _, a := range []objects.Algorithm{objects.CRC32, objects.CRC32C, objects.CRC64NVME} {
		u, err := e.Begin("b", objects.Upload{Key: "k", Checksum: objects.Checksum{Algorithm: a}})
		if err != nil {
			t.Fatal(err)
		}
		var all []byte
		var parts []objects.Part
		for n := range int32(3) {
			body := bytes.Repeat([]byte{byte(n), 7}, objects.MinPart/2+int(n)*37)
			all = append(all, body...)
			r, _ := e.Receive(t.Context(), objects.Encryption{}, bytes.NewReader(body), a)
			p, err := e.PutPart("b", "k", u.ID, n+1, r)
			if err != nil {
				t.Fatal(err)
			}
			parts = append(parts, p)
		}
		v, err := e.Complete("b", "k", u.ID, parts, "", objects.Conditions{})
		if err != nil {
			t.Fatal(err)
		}
		h := a.New()
		h.Write(all)
		if want := base64.StdEncoding.EncodeToString(h.Sum(nil)); v.Checksum.Value != want {
			t.Errorf("%s: %s, want %s", a, v.Checksum.Value, want)
		}
	}
	// The catalogue's check value of CRC-64/NVME.
	h := objects.CRC64NVME.New()
	h.Write([]byte("123456789"))
	if got := hex.EncodeToString(h.Sum(nil)); got != "ae8b14860a799888" {
		t.Errorf("CRC-64/NVME of 123456789 is %s", got)
	}
}

func TestNewerLayoutIsRefused(t *testing.T) {
	e, dir, _ := engine(t)
	_ = e.Close()
	if err := os.WriteFile(filepath.Join(dir, "VERSION"), []byte("2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := objects.Open(objects.Config{Dir: dir, Sealer: plain{}}); !errors.Is(err, objects.ErrNewerData) {
		t.Fatal(err)
	}
}

func TestExpiry(t *testing.T) {
	e, dir, c := engine(t)
	rules := []objects.Rule{
		{ID: "old", Enabled: true, Prefix: "old/", Days: 1},
		{ID: "tagged", Enabled: true, Tags: map[string]string{"t": "1"}, Days: 1},
		{ID: "off", Prefix: "kept/", Days: 1},
		{ID: "noncurrent", Enabled: true, Prefix: "v/", NoncurrentDays: 1, NewerNoncurrent: 1},
		{ID: "markers", Enabled: true, Prefix: "v/", ExpiredDeleteMarker: true},
		{ID: "uploads", Enabled: true, AbortDays: 2},
	}
	if err := e.UpdateBucket("b", func(b *objects.Bucket) error { b.Rules = rules; return nil }); err != nil {
		t.Fatal(err)
	}
	write(t, e, "old/1", []byte("1"))
	write(t, e, "kept/1", []byte("1"))
	write(t, e, "tagged", []byte("1"))
	if _, err := e.SetTags("b", "tagged", "", map[string]string{"t": "1"}); err != nil {
		t.Fatal(err)
	}
	versioning(t, e, objects.VersioningEnabled)
	for i := range 4 {
		write(t, e, "v/1", fmt.Append(nil, i))
	}
	lone, _ := e.Delete("b", objects.Target{Key: "v/gone"})
	if _, err := e.Begin("b", objects.Upload{Key: "u"}); err != nil {
		t.Fatal(err)
	}
	list := func() (out []string) {
		page, err := e.ListVersions("b", objects.ListRequest{Max: 100})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range page.Versions {
			out = append(out, fmt.Sprintf("%s %v", v.Key, v.Marker))
		}
		return out
	}
	if err := e.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Version("b", "v/gone", lone[0].ID); !errors.Is(err, objects.ErrNoVersion) {
		t.Errorf("a lone marker stays: %v", err)
	}
	before := list()
	c.t = c.t.Add(23 * time.Hour)
	if err := e.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, list()); diff != "" {
		t.Errorf("before its day:\n%s", diff)
	}
	c.t = c.t.Add(14 * time.Hour) // 01:00 of the day after tomorrow
	if err := e.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"kept/1 false", "old/1 true", "old/1 false", "tagged true", "tagged false", "v/1 false", "v/1 false"}
	if diff := cmp.Diff(want, list()); diff != "" {
		t.Error(diff)
	}
	if uploads, _, _ := e.Uploads("b", objects.ListRequest{Max: 10}); len(uploads) != 1 {
		t.Errorf("uploads: %v", uploads)
	}
	c.t = c.t.Add(24 * time.Hour)
	if err := e.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if uploads, _, _ := e.Uploads("b", objects.ListRequest{Max: 10}); len(uploads) != 0 {
		t.Errorf("uploads: %v", uploads)
	}
	if n := len(files(t, dir)); n != 5 {
		t.Errorf("%d files", n)
	}
}

// A copy made while objects come and go opens, and has all its bytes.
func TestSnapshotIsWhole(t *testing.T) {
	e, _, c := engine(t)
	write(t, e, "stays", []byte("stays"))
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			r, err := e.Receive(context.Background(), objects.Encryption{}, strings.NewReader("comes"))
			if err == nil {
				_, err = e.Put(objects.Object{Bucket: "b", Key: fmt.Sprint(i % 3)}, r)
			}
			if err == nil {
				_, err = e.Delete("b", objects.Target{Key: fmt.Sprint((i + 1) % 3)})
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
	}()
	for i := range 5 {
		dir := filepath.Join(t.TempDir(), fmt.Sprint(i))
		if err := e.Snapshot(dir); err != nil {
			t.Fatal(err)
		}
		copied := open(t, dir, c)
		page, err := copied.List("b", objects.ListRequest{Max: 100})
		if err != nil || len(page.Versions) == 0 {
			t.Fatal(page, err)
		}
		for _, v := range page.Versions {
			if _, err := read(t, copied, v.Key, "", 0, -1); err != nil {
				t.Errorf("copy %d: %s: %v", i, v.Key, err)
			}
		}
	}
	close(stop)
	<-done
}
