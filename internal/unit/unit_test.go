package unit

import (
	"flag"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

func TestGolden(t *testing.T) {
	for name, service := range map[string]Service{
		"plain": {Binary: "/usr/local/bin/hatoba"},
		"settings": {
			Binary: "/opt/my tools/hatoba", Args: []string{"--data-dir=/srv/50% full", "--region=ap-northeast-1", `--config=/etc/"x"$y.json`},
			Environment: []string{"NO_PROXY=localhost,10.0.0.0/8", "HTTPS_PROXY=http://user:p%40$s@proxy:3128"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", name+".service")
			got := service.Text()
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil || string(want) != got {
				t.Errorf("%v, got:\n%s", err, got)
			}
		})
	}
}

// What each of these would do is said at Text.
func TestNothingThatTouchesContainers(t *testing.T) {
	text := Service{Binary: "/usr/bin/hatoba"}.Text()
	for _, no := range []string{"RuntimeDirectory", "Private", "Protect", "MountFlags", "KillMode=control-group", "KillMode=mixed", "MemoryMax"} {
		if strings.Contains(text, no) {
			t.Errorf("the unit has %s", no)
		}
	}
	for _, must := range []string{"KillMode=process\n", "Delegate=yes\n", "Restart=always\n", "TasksMax=infinity\n"} {
		if !strings.Contains(text, must) {
			t.Errorf("the unit lacks %s", must)
		}
	}
}

// systemd itself reads it without a complaint, where it is installed.
func TestSystemdReadsIt(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("no systemd-analyze on this machine")
	}
	dir := t.TempDir()
	binary := filepath.Join(dir, "a hatoba")
	if err := os.WriteFile(binary, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, Name)
	text := Service{Binary: binary, Args: []string{"--data-dir=/srv/50% $full"}, Environment: []string{"A=b c"}}.Text()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(analyze, "verify", "--man=no", path).CombinedOutput()
	if strings.Contains(string(out), Name) {
		t.Errorf("%v: %s", err, out)
	}
}

func TestNotify(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "n")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	t.Setenv("NOTIFY_SOCKET", socket)
	if err := Ready(); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 64)
	if n, err := conn.Read(b); err != nil || string(b[:n]) != "READY=1" {
		t.Errorf("%q %v", b[:n], err)
	}
	t.Setenv("NOTIFY_SOCKET", "")
	if err := Ready(); err != nil {
		t.Error(err)
	}
}
