package layer

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/containerd/containerd/v2/pkg/archive"
	"golang.org/x/sys/unix"
)

// entry is one of an archive, with its content.
type entry struct {
	tar.Header
	body string
}

var stamped = time.Date(2020, 2, 2, 2, 2, 2, 20, time.UTC)

// pack makes an archive. Entries without an owner are the test's own.
func pack(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		if e.Typeflag == 0 {
			e.Typeflag = tar.TypeReg
		}
		if e.Typeflag == tar.TypeXGlobalHeader {
			if err := w.WriteHeader(&e.Header); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if e.Mode == 0 {
			e.Mode = 0o640
		}
		if e.ModTime.IsZero() {
			e.ModTime = stamped
		}
		if e.Uid == 0 && e.Gid == 0 {
			e.Uid, e.Gid = os.Geteuid(), os.Getegid()
		}
		e.Size, e.Format = int64(len(e.body)), tar.FormatPAX
		if e.Devmajor != 0 {
			e.Format = tar.FormatGNU
		}
		if err := w.WriteHeader(&e.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func file(name, body string) entry { return entry{tar.Header{Name: name}, body} }
func folder(name string, mode int64) entry {
	return entry{tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: mode}, ""}
}
func symlink(name, to string) entry {
	return entry{tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: to}, ""}
}
func hard(name, to string) entry {
	return entry{tar.Header{Name: name, Typeflag: tar.TypeLink, Linkname: to}, ""}
}

// snapshot describes all that is below a directory.
func snapshot(t testing.TB, root string, times bool) []string {
	t.Helper()
	var out []string
	inodes := map[uint64]string{}
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		stat := info.Sys().(*syscall.Stat_t)
		line := fmt.Sprintf("%s %v %d:%d", name, info.Mode(), stat.Uid, stat.Gid)
		switch {
		case info.Mode()&os.ModeSymlink != 0:
			target, _ := os.Readlink(path)
			line += " -> " + target
		case info.Mode().IsRegular():
			body, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			line += fmt.Sprintf(" %q", body)
		case info.Mode()&os.ModeDevice != 0:
			line += fmt.Sprintf(" %d", stat.Rdev)
		}
		extended, err := extendedOf(path)
		if err != nil {
			return err
		}
		if len(extended) > 0 {
			line += fmt.Sprint(" ", extended)
		}
		if !info.IsDir() && stat.Nlink > 1 {
			if first := inodes[stat.Ino]; first != "" {
				line += " = " + first
			} else {
				inodes[stat.Ino] = name
			}
		}
		if times {
			line += " " + info.ModTime().UTC().Format(time.RFC3339Nano)
		}
		out = append(out, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// fresh is an empty directory that ends with the test, whatever is in it.
func fresh(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	t.Cleanup(func() {
		_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if d != nil && d.IsDir() {
				_ = os.Chmod(path, 0o700)
			}
			return nil
		})
	})
	return dir
}

func rooted() bool { return os.Geteuid() == 0 }

// What an archive of all kinds of entries becomes, with its attributes.
func TestUnpack(t *testing.T) {
	dir := fresh(t)
	big := strings.Repeat("large file ", 200_000)
	data := pack(t,
		folder("./", 0o711), folder("a", 0o500), folder("a/b", 0o2755),
		file("a/small", "body"), file("a/b/big", big), file("a/b/empty", ""),
		entry{tar.Header{Name: "a/set", Mode: 0o4751}, "x"}, entry{tar.Header{Name: "open", Mode: 0o666}, "x"},
		symlink("link", "a/b"), file("link/through", "1"), symlink("up", "../../../../a"), file("up/inside", "2"),
		hard("a/again", "a/small"), file("implicit/deep/er", "3"),
		entry{tar.Header{Name: "pipe", Typeflag: tar.TypeFifo}, ""},
		entry{tar.Header{Name: "pax_global_header", Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "x"}}, ""},
		file("twice", "first"), file("twice", "second"), folder("a", 0o550),
		entry{tar.Header{Name: "early", ModTime: time.Date(1960, 1, 1, 0, 0, 0, 0, time.UTC)}, ""},
		entry{tar.Header{Name: "labelled", PAXRecords: map[string]string{paxExtended + "user.kept": "v", paxExtended + "trusted.not": "v"}}, ""},
	)
	// One byte at a time, too: what is read when says nothing.
	for what, r := range map[string]io.Reader{"whole": bytes.NewReader(data), "in pieces": iotest.HalfReader(bytes.NewReader(data))} {
		t.Run(what, func(t *testing.T) {
			dir := filepath.Join(dir, strings.ReplaceAll(what, " ", "-"))
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := Unpack(t.Context(), dir, r, Options{}); err != nil {
				t.Fatal(err)
			}
			own := fmt.Sprintf("%d:%d", os.Geteuid(), os.Getegid())
			at := stamped.Format(time.RFC3339Nano)
			got := snapshot(t, dir, true)
			for i, line := range got {
				if strings.HasPrefix(line, "implicit") && strings.Contains(line, "d") { // made when they are made
					got[i] = line[:strings.LastIndex(line, " ")]
				}
			}
			want := []string{
				"a dr-xr-x--- " + own + " " + at, "a/again -rw-r----- " + own + ` "body" ` + at,
				"a/b dgrwxr-xr-x " + own + " " + at, "a/b/big -rw-r----- " + own + fmt.Sprintf(" %q ", big) + at,
				"a/b/empty -rw-r----- " + own + ` "" ` + at, "a/b/through -rw-r----- " + own + ` "1" ` + at,
				"a/inside -rw-r----- " + own + ` "2" ` + at, "a/set urwxr-x--x " + own + ` "x" ` + at,
				"a/small -rw-r----- " + own + ` "body" = a/again ` + at,
				"early -rw-r----- " + own + ` "" 1970-01-01T00:00:00Z`,
				"implicit drwxr-xr-x " + own, "implicit/deep drwxr-xr-x " + own, "implicit/deep/er -rw-r----- " + own + ` "3"`,
				"labelled -rw-r----- " + own + ` "" map[user.kept:v] ` + at,
				"link Lrwxrwxrwx " + own + " -> a/b " + at, "open -rw-rw-rw- " + own + ` "x" ` + at, "pipe prw-r----- " + own + " " + at,
				"twice -rw-r----- " + own + ` "second" ` + at, "up Lrwxrwxrwx " + own + " -> ../../../../a " + at,
			}
			if !slices.Equal(got, want) {
				t.Errorf("got\n%.3000s\nwant\n%.3000s", strings.Join(shorten(got), "\n"), strings.Join(shorten(want), "\n"))
			}
		})
	}
}

func shorten(lines []string) (out []string) {
	for _, l := range lines {
		if len(l) > 200 {
			l = l[:100] + "…" + l[len(l)-60:]
		}
		out = append(out, l)
	}
	return out
}

// A deletion hides what layers below have, and not what its own layer brings.
func TestDeletions(t *testing.T) {
	if !rooted() {
		t.Skip("whiteouts are devices, which root makes")
	}
	data := pack(t,
		file("d/.wh.gone", ""), file("d/.wh.replaced", ""), file("d/replaced/new", "n"),
		file("own", "o"), file(".wh.own", ""), file("whole/.wh..wh..opq", ""), file("whole/x", "x"),
		folder("dir", 0o755), file(".wh.dir", ""),
	)
	dir := fresh(t)
	if err := Unpack(t.Context(), dir, bytes.NewReader(data), Options{Overlay: true}); err == nil {
		t.Error("a file in a deleted name's place was taken") // d/replaced is no directory
	}
	dir = fresh(t)
	data = pack(t,
		file("d/.wh.gone", ""), file("d/.wh.replaced", ""), folder("d/replaced", 0o755), file("d/replaced/new", "n"),
		file("own", "o"), file(".wh.own", ""), file("whole/.wh..wh..opq", ""), file("whole/x", "x"),
		folder("dir", 0o755), file(".wh.dir", ""),
	)
	if err := Unpack(t.Context(), dir, bytes.NewReader(data), Options{Overlay: true}); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"d drwxr-xr-x 0:0", "d/gone Dc--------- 0:0 0", "d/replaced drwxr-xr-x 0:0 map[trusted.overlay.opaque:y]", `d/replaced/new -rw-r----- 0:0 "n"`,
		"dir drwxr-xr-x 0:0 map[trusted.overlay.opaque:y]", `own -rw-r----- 0:0 "o"`,
		"whole drwxr-xr-x 0:0 map[trusted.overlay.opaque:y]", `whole/x -rw-r----- 0:0 "x"`,
	}
	if got := snapshot(t, dir, false); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	dir = fresh(t)
	if err := Unpack(t.Context(), dir, bytes.NewReader(data), Options{}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(snapshot(t, dir, false), "\n"); strings.Contains(got, "gone") || strings.Contains(got, "opaque") {
		t.Errorf("nothing is below: %s", got)
	}
}

// A directory that the archive uses and does not name is the one of the layers
// below.
func TestInheritance(t *testing.T) {
	lower, lowest := fresh(t), fresh(t)
	for dir, mode := range map[string]os.FileMode{lower + "/a": 0o1777, lowest + "/a": 0o700, lowest + "/a/b": 0o711, lowest + "/c": 0o711} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(unix.Chmod(dir, uint32(mode)), os.Chtimes(dir, stamped, stamped)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(lower+"/c", nil, 0o600); err != nil { // it has replaced the directory
		t.Fatal(err)
	}
	dir := fresh(t)
	if err := Unpack(t.Context(), dir, bytes.NewReader(pack(t, file("a/b/f", ""), file("c/f", ""))), Options{Parents: []string{lower, lowest}}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{"a": 0o777 | os.ModeSticky, "a/b": 0o711, "c": 0o755} {
		info, err := os.Lstat(filepath.Join(dir, name))
		if err != nil || info.Mode() != want|os.ModeDir || name != "c" && !info.ModTime().Equal(stamped) {
			t.Errorf("%s: %v %v, %v", name, info.Mode(), info.ModTime(), err)
		}
	}
}

// What cannot be a layer, or is not what it seems.
func TestInvalid(t *testing.T) {
	whole := pack(t, file("a", strings.Repeat("x", 3000)), file("b", strings.Repeat("y", 2<<20)))
	long := strings.Repeat("d/", 3000)
	for what, data := range map[string][]byte{
		"noise":            bytes.Repeat([]byte{0xde, 0xad}, 4096),
		"cut in a file":    whole[:1500],
		"cut in a large":   whole[:1<<20],
		"link to nothing":  pack(t, hard("l", "nothing")),
		"link to itself":   pack(t, file("l", ""), hard("l", "l")),
		"link to a folder": pack(t, folder("d", 0o755), hard("l", "d")),
		"link outside":     pack(t, hard("l", "/etc/passwd")),
		"below a file":     pack(t, file("f", ""), file("f/g", "")),
		"circle":           pack(t, symlink("l", "m"), symlink("m", "l"), file("l/f", "")),
		"deletes nothing":  pack(t, file("d/.wh.", "")),
		"deletes its own":  pack(t, file("d/.wh..", "")),
		"deletes above":    pack(t, file("d/.wh...", "")),
		"device numbers":   pack(t, entry{tar.Header{Name: "dev", Typeflag: tar.TypeChar, Devmajor: 1 << 33}, ""}),
		"long path":        pack(t, file(long+"f", "")),
		"long name":        pack(t, file(strings.Repeat("n", 300), "")),
		"long target":      pack(t, symlink("l", long)),
		"kind":             pack(t, entry{tar.Header{Name: "k", Typeflag: 'Q'}, ""}),
	} {
		dir := fresh(t)
		if err := Unpack(t.Context(), dir, bytes.NewReader(data), Options{}); err == nil {
			t.Errorf("%s: was taken", what)
		}
	}
	dir := fresh(t)
	if err := os.WriteFile(dir+"/there", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Unpack(t.Context(), dir, bytes.NewReader(whole), Options{}); err == nil {
		t.Error("wrote to a directory that is in use")
	}
}

// Who does not wait any more is not kept, and an error of a writer ends reading.
func TestEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	go func() {
		_, _ = w.Write(pack(t, file("a", "x"))[:1024])
		cancel()
		_ = w.CloseWithError(ctx.Err())
	}()
	if err := Unpack(ctx, fresh(t), r, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	var entries []entry
	for i := range 5000 {
		entries = append(entries, file(fmt.Sprintf("d/%d", i), strings.Repeat("x", 10_000)))
	}
	entries[10].Name = "d/" + strings.Repeat("n", 300)
	if err := Unpack(t.Context(), fresh(t), bytes.NewReader(pack(t, entries...)), Options{}); !errors.Is(err, unix.ENAMETOOLONG) {
		t.Errorf("%v", err)
	}
}

// Whatever containerd makes of an archive, this does, too.
func TestAgreesWithContainerd(t *testing.T) {
	if !rooted() {
		t.Skip("containerd's gives files away, which root may")
	}
	agreed := 0
	for seed := range uint64(150) {
		data := pack(t, random(rand.New(rand.NewPCG(seed, 7)))...)
		theirs, ours := t.TempDir(), t.TempDir()
		_, err := archive.Apply(t.Context(), theirs, bytes.NewReader(data), archive.WithConvertWhiteout(archive.OverlayConvertWhiteout))
		own := Unpack(t.Context(), ours, bytes.NewReader(data), Options{Overlay: true})
		if err != nil {
			continue // it trips over what it has replaced
		}
		if own != nil {
			t.Fatalf("seed %d: %v", seed, own)
		}
		agreed++
		if a, b := snapshot(t, theirs, false), snapshot(t, ours, false); !slices.Equal(a, b) {
			t.Fatalf("seed %d: containerd's\n%s\nours\n%s", seed, strings.Join(a, "\n"), strings.Join(b, "\n"))
		}
	}
	if agreed < 20 {
		t.Errorf("only %d archives were any", agreed)
	}
}

// random is an archive whose entries get in each other's way.
func random(r *rand.Rand) (out []entry) {
	name := func() string {
		parts := make([]string, 1+r.IntN(3))
		for i := range parts {
			parts[i] = string("abcd"[r.IntN(4)])
		}
		return strings.Repeat("../", r.IntN(2)) + strings.Join(parts, "/")
	}
	for range 1 + r.IntN(14) {
		e := entry{Header: tar.Header{Name: name(), Mode: 0o600 | r.Int64N(0o100), Uid: 1 + r.IntN(3), Gid: 1 + r.IntN(3)}}
		switch r.IntN(12) {
		case 0, 1, 2:
			e.Typeflag = tar.TypeDir
			e.Mode |= 0o700
		case 3:
			e.Typeflag, e.Linkname = tar.TypeSymlink, strings.Repeat("/", r.IntN(2))+name()
		case 4:
			e.Typeflag, e.Linkname = tar.TypeLink, name()
		case 5:
			e.Typeflag = tar.TypeFifo
		case 6:
			e.Name = filepath.Dir(e.Name) + "/.wh." + string("xy"[r.IntN(2)]) // names that no entry makes
		case 7:
			e.Name = filepath.Dir(e.Name) + "/.wh..wh..opq"
		default:
			e.body = strings.Repeat(string('A'+rune(r.IntN(26))), r.IntN(2000))
		}
		out = append(out, e)
	}
	return out
}

// No archive writes outside.
func FuzzUnpack(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(pack(f, random(rand.New(rand.NewPCG(seed, 1)))...))
	}
	f.Add(pack(f, symlink("door", "/"), file("door/escaped", "x"), file("door/../../escaped", "x")))
	f.Fuzz(func(t *testing.T, data []byte) {
		outer := fresh(t)
		dir := filepath.Join(outer, "in", "side")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		_ = Unpack(ctx, dir, io.LimitReader(bytes.NewReader(data), 1<<20), Options{})
		for path, want := range map[string]string{outer: "in", filepath.Dir(dir): "side"} {
			entries, err := os.ReadDir(path)
			if err != nil || len(entries) != 1 || entries[0].Name() != want {
				t.Fatalf("%s has %v, %v", path, entries, err)
			}
		}
	})
}
