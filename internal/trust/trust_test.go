package trust

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// machine is a root with files, and the refreshes that were run.
type machine struct {
	System
	data string
	runs int
}

func newMachine(t *testing.T, files map[string]string) *machine {
	t.Helper()
	m := &machine{data: t.TempDir()}
	m.Root = t.TempDir()
	m.Run = func(context.Context, []string) error { m.runs++; return nil }
	if err := os.MkdirAll(m.path("/usr/local/share/ca-certificates"), 0o755); err != nil {
		t.Fatal(err)
	}
	for path, content := range files {
		if err := os.MkdirAll(filepath.Dir(m.path(path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(m.path(path), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// all is every path of the machine with its content.
func (m *machine) all(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(m.Root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			out[path] = "folder"
			return err
		}
		b, err := os.ReadFile(path)
		out[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func wanted(names ...string) Wanted {
	return Wanted{ID: "abc123", Address: "127.66.0.1", Names: names, Authority: []byte("-----BEGIN CERTIFICATE-----\n")}
}

func TestInstallAndRemoveLeaveNoTrace(t *testing.T) {
	for what, hosts := range map[string]string{
		"usual": "127.0.0.1 localhost\n", "no line end": "127.0.0.1 localhost", "empty": "", "windows": "127.0.0.1 localhost\r\n\r\n", "blank lines": "127.0.0.1 a\n\n\n",
	} {
		m := newMachine(t, map[string]string{"/etc/hosts": hosts, "/etc/docker/daemon.json": "{}"})
		before := m.all(t)
		names := Names([]string{"123456789012", "999999999999"}, []string{"us-east-1", "cn-north-1"})
		if steps, err := Install(t.Context(), m.System, m.data, wanted(names...), true); err != nil || len(steps) != 7 {
			t.Errorf("%s: dry: %v, %v", what, steps, err)
		}
		if got := m.all(t); !maps.Equal(got, before) || m.runs != 0 {
			t.Errorf("%s: a dry run changed something", what)
		}
		if _, err := Install(t.Context(), m.System, m.data, wanted(names...), false); err != nil {
			t.Fatal(err)
		}
		after := m.all(t)
		if !strings.Contains(after[m.path("/etc/hosts")], "\n127.66.0.1 999999999999.dkr.ecr.cn-north-1.amazonaws.com.cn\n") && !strings.HasPrefix(after[m.path("/etc/hosts")], "#") {
			t.Errorf("%s: %q", what, after[m.path("/etc/hosts")])
		}
		if after[m.path("/etc/docker/certs.d/123456789012.dkr.ecr.us-east-1.amazonaws.com/ca.crt")] == "" || m.runs != 1 {
			t.Errorf("%s: %v", what, after)
		}
		if steps, err := Install(t.Context(), m.System, m.data, wanted(names...), false); err != nil || len(steps) != 0 || m.runs != 1 || !maps.Equal(m.all(t), after) {
			t.Errorf("%s: again: %v, %v", what, steps, err)
		}
		if _, err := Install(t.Context(), m.System, m.data, wanted(names[:1]...), false); err != nil {
			t.Errorf("%s: fewer names: %v", what, err)
		}
		if steps, err := Remove(t.Context(), m.System, m.data, true); err != nil || len(steps) == 0 {
			t.Errorf("%s: dry removal: %v, %v", what, steps, err)
		}
		for range 2 {
			if _, err := Remove(t.Context(), m.System, m.data, false); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		if got := m.all(t); !maps.Equal(got, before) {
			t.Errorf("%s: left behind\n%v\n%v", what, got, before)
		}
		if left, _ := os.ReadDir(m.data); len(left) != 0 {
			t.Errorf("%s: the record is left", what)
		}
	}
}

// Lines that others add to the hosts file stay, wherever they are.
func TestOthersLinesStay(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		line := rapid.StringMatching(`[a-z# .\t0-9]{0,12}`)
		file := []byte(strings.Join(rapid.SliceOfN(line, 0, 6).Draw(rt, "file"), "\n"))
		b := block("abc123", "127.66.0.1", []string{"x.example"})
		out, newLine := added(file, b)
		r := Record{ID: "abc123", Block: b, NewLine: newLine, HostsFile: "hosts"}
		if got, err := removed(out, r); err != nil || !bytes.Equal(got, file) {
			rt.Fatalf("%q, %v", got, err)
		}
		front, back := rapid.SliceOfN(line, 0, 3).Draw(rt, "front"), rapid.SliceOfN(line, 1, 3).Draw(rt, "back")
		prefix, suffix := "", strings.Join(back, "\n")
		for _, f := range front {
			prefix += f + "\n"
		}
		got, err := removed([]byte(prefix+string(out)+suffix), r)
		if err != nil || !strings.HasPrefix(string(got), prefix+string(file)) || !strings.HasSuffix(string(got), suffix) || bytes.Contains(got, []byte("hatoba")) {
			rt.Fatalf("%q, %v", got, err)
		}
	})
}

func TestRefusesWhatIsNotOurs(t *testing.T) {
	const name = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
	cert := "/etc/docker/certs.d/" + name + "/ca.crt"
	for what, files := range map[string]map[string]string{
		"the name is taken":    {"/etc/hosts": "10.0.0.1 other " + strings.ToUpper(name) + " # x\n"},
		"another certificate":  {"/etc/hosts": "", cert: "theirs"},
		"a block nobody knows": {"/etc/hosts": "# hatoba abc123: begin\n"},
	} {
		m := newMachine(t, files)
		before := m.all(t)
		if _, err := Install(t.Context(), m.System, m.data, wanted(name), false); err == nil {
			t.Errorf("%s: it was installed", what)
		}
		if !maps.Equal(m.all(t), before) || m.runs > 0 {
			t.Errorf("%s: something was changed", what)
		}
	}
	for what, change := range map[string]func(m *machine) error{
		"the block was changed": func(m *machine) error {
			return os.WriteFile(m.path("/etc/hosts"), []byte("# hatoba abc123: begin\n127.66.0.1 other\n# hatoba abc123: end\n"), 0o644)
		},
		"the certificate was changed": func(m *machine) error { return os.WriteFile(m.path(cert), []byte("x"), 0o644) },
	} {
		m := newMachine(t, map[string]string{"/etc/hosts": "127.0.0.1 localhost\n"})
		if _, err := Install(t.Context(), m.System, m.data, wanted(name), false); err != nil {
			t.Fatal(err)
		}
		if err := change(m); err != nil {
			t.Fatal(err)
		}
		before := m.all(t)
		if _, err := Remove(t.Context(), m.System, m.data, false); !errors.Is(err, errChanged) {
			t.Errorf("%s: %v", what, err)
		}
		if !maps.Equal(m.all(t), before) {
			t.Errorf("%s: something was changed", what)
		}
	}
}

// What fails half way is taken back, and what was broken off can be removed.
func TestBrokenInstall(t *testing.T) {
	m := newMachine(t, map[string]string{"/etc/hosts": "127.0.0.1 localhost\n"})
	before := m.all(t)
	fail := true
	m.Run = func(context.Context, []string) error {
		if fail {
			fail = false
			return errors.New("no such command")
		}
		return nil
	}
	if _, err := Install(t.Context(), m.System, m.data, wanted("a.example"), false); err == nil {
		t.Error("it was installed")
	}
	if got := m.all(t); !maps.Equal(got, before) {
		t.Errorf("left behind\n%v\n%v", got, before)
	}
	if _, ok, _ := Load(m.data); ok {
		t.Error("the record is left")
	}
	p, err := m.plan(Record{}, wanted("a.example"))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.record.save(m.data); err != nil { // and then the machine went
		t.Fatal(err)
	}
	if _, err := Remove(t.Context(), m.System, m.data, false); err != nil || !maps.Equal(m.all(t), before) {
		t.Errorf("%v", err)
	}
}
