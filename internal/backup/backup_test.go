package backup

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

func sample(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, Manifest{Hatoba: "v1", Created: time.Unix(1, 0), Instance: "abc123", Contents: []string{"records.jsonl", "logs"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"records.jsonl": "{}\n", "logs/seg/1.seg": strings.Repeat("log ", 10_000), "logs/empty": ""} {
		if err := w.Add(name, int64(len(text)), strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestThereAndBack(t *testing.T) {
	dir := t.TempDir()
	m, err := Unpack(bytes.NewReader(sample(t)), dir)
	if err != nil || m.Instance != "abc123" || m.Format != Format {
		t.Fatalf("%+v %v", m, err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "logs/seg/1.seg")); err != nil || string(b) != strings.Repeat("log ", 10_000) {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

func TestEveryHalfIsRefused(t *testing.T) {
	whole := sample(t)
	for n := 0; n < len(whole); n++ {
		if _, err := Unpack(bytes.NewReader(whole[:n]), t.TempDir()); !errors.Is(err, ErrNotWhole) {
			t.Fatalf("%d of %d bytes: %v", n, len(whole), err)
		}
	}
	for n := range whole {
		harmed := bytes.Clone(whole)
		harmed[n] ^= 0x10
		dir := t.TempDir()
		m, err := Unpack(bytes.NewReader(harmed), dir)
		if b, _ := os.ReadFile(filepath.Join(dir, "logs/seg/1.seg")); err == nil && (m.Instance != "abc123" || string(b) != strings.Repeat("log ", 10_000)) {
			t.Errorf("byte %d was changed, and nobody noticed", n)
		}
	}
}

// archive makes what no Writer would.
func archive(t testing.TB, manifest any, headers ...tar.Header) []byte {
	var out bytes.Buffer
	zip, _ := zstd.NewWriter(&out)
	w := tar.NewWriter(zip)
	put := func(h tar.Header, b []byte) {
		h.Size, h.Mode = int64(len(b)), 0o644
		if h.Typeflag != tar.TypeReg {
			h.Size, b = 0, nil
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Skip(err)
		}
		_, _ = w.Write(b)
	}
	b, _ := json.Marshal(manifest)
	put(tar.Header{Name: manifestFile, Typeflag: tar.TypeReg}, b)
	whole := sha256.Sum256(b)
	sums := map[string]string{manifestFile: hex.EncodeToString(whole[:])}
	for _, h := range headers {
		put(h, []byte("x"))
		sum := sha256.Sum256([]byte("x"))
		sums[h.Name] = hex.EncodeToString(sum[:])
	}
	b, _ = json.Marshal(sums)
	put(tar.Header{Name: checksumsFile, Typeflag: tar.TypeReg}, b)
	_ = w.Close()
	_ = zip.Close()
	return out.Bytes()
}

func TestHostileArchives(t *testing.T) {
	fine := Manifest{Format: Format, Contents: []string{"logs"}}
	file := func(name string) tar.Header { return tar.Header{Name: name, Typeflag: tar.TypeReg} }
	for name, tc := range map[string]struct {
		manifest any
		headers  []tar.Header
		want     error
	}{
		"fine":                 {fine, []tar.Header{file("logs/a")}, nil},
		"newer":                {Manifest{Format: Format + 1, Hatoba: "v9"}, nil, ErrNewer},
		"no format":            {map[string]any{}, nil, ErrNotWhole},
		"manifest that climbs": {Manifest{Format: Format, Contents: []string{".."}}, nil, ErrHostile},
		"climbs":               {fine, []tar.Header{file("logs/../../etc/passwd")}, ErrHostile},
		"climbs at once":       {fine, []tar.Header{file("../x")}, ErrHostile},
		"absolute":             {fine, []tar.Header{file("/etc/passwd")}, ErrHostile},
		"not named":            {fine, []tar.Header{file("keys/master.key")}, ErrHostile},
		"twice":                {fine, []tar.Header{file("logs/a"), file("logs/a")}, ErrHostile},
		"a link":               {fine, []tar.Header{{Name: "logs/a", Typeflag: tar.TypeSymlink, Linkname: "/etc"}}, ErrHostile},
		"through a link":       {fine, []tar.Header{{Name: "logs", Typeflag: tar.TypeSymlink, Linkname: "/tmp"}, file("logs/a")}, ErrHostile},
		"a hard link":          {fine, []tar.Header{{Name: "logs/a", Typeflag: tar.TypeLink, Linkname: "/etc/passwd"}}, ErrHostile},
		"a device":             {fine, []tar.Header{{Name: "logs/a", Typeflag: tar.TypeBlock}}, ErrHostile},
	} {
		t.Run(name, func(t *testing.T) {
			outer := t.TempDir()
			dir := filepath.Join(outer, "in")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			_, err := Unpack(bytes.NewReader(archive(t, tc.manifest, tc.headers...)), dir)
			if !errors.Is(err, tc.want) || (err == nil) != (tc.want == nil) {
				t.Errorf("%v, not %v", err, tc.want)
			}
			if entries, _ := os.ReadDir(outer); len(entries) != 1 {
				t.Errorf("outside there is %v", entries)
			}
		})
	}
}

// Whatever comes, nothing is written outside and nothing panics.
func FuzzUnpack(f *testing.F) {
	f.Add(sample(f))
	f.Add(archive(f, Manifest{Format: Format, Contents: []string{"logs"}}, tar.Header{Name: "logs/../../x", Typeflag: tar.TypeReg}))
	f.Fuzz(func(t *testing.T, b []byte) {
		outer := t.TempDir()
		dir := filepath.Join(outer, "in")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		_, _ = Unpack(bytes.NewReader(b), dir)
		_ = filepath.WalkDir(outer, func(path string, _ fs.DirEntry, _ error) error {
			if path != outer && path != dir && !strings.HasPrefix(path, dir+"/") {
				t.Errorf("%s was written", path)
			}
			return nil
		})
	})
}
