package etcd

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hatoba/hatoba/internal/store"
)

func tryOpen(dir string) error {
	s, err := Open(context.Background(), Config{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		err = s.Close()
	}
	return err
}

func TestNewerDataDirIsRefused(t *testing.T) {
	dir := t.TempDir()
	version := filepath.Join(dir, "VERSION")
	if err := os.WriteFile(version, []byte("99\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := tryOpen(dir)
	if !errors.Is(err, store.ErrNewerData) || !strings.Contains(err.Error(), "layout 99") || !strings.Contains(err.Error(), "up to 1") || !strings.Contains(err.Error(), "--data-dir") {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "member")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a refused data dir was touched: %v", err)
	}
	if err := os.WriteFile(version, []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := tryOpen(dir); err != nil {
		t.Errorf("after a refusal: %v", err)
	}
}

func TestTornVersionIsNotTakenForOurs(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "VERSION"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := tryOpen(dir); err == nil || !strings.Contains(err.Error(), "VERSION") {
		t.Error(err)
	}
}

func TestDataDirInUse(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if err := tryOpen(dir); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), dir) {
		t.Errorf("opened twice: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := tryOpen(dir); err != nil {
		t.Errorf("after Close: %v", err)
	}
}

// TestSideBySide opens two stores, one under a path longer than a socket's may
// be; they do not see each other.
func TestSideBySide(t *testing.T) {
	one := open(t, t.TempDir())
	defer one.Close()
	two := open(t, filepath.Join(t.TempDir(), strings.Repeat("long/", 40)))
	defer two.Close()
	put(t, one, "x", 1)
	put(t, two, "x", 2)
	if a, b := get(t, one, "x"), get(t, two, "x"); a != 1 || b != 2 {
		t.Errorf("found %d and %d", a, b)
	}
}

func TestListensNowhere(t *testing.T) {
	s := open(t, t.TempDir())
	defer s.Close()
	if len(s.member.Clients) != 0 || len(s.member.Peers) != 0 {
		t.Errorf("listens: %v, %v", s.member.Clients, s.member.Peers)
	}
	if c, err := net.Dial("unix", "/hatoba"); err == nil {
		c.Close()
		t.Error("there is a socket")
	}
}
