package pki

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func open(t *testing.T, dir string, now time.Time) *Authority {
	t.Helper()
	a, err := Open(dir, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAuthorityIsKept(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	first := open(t, dir, now)
	if again := open(t, dir, now); string(again.PEM()) != string(first.PEM()) {
		t.Error("another authority")
	}
	info, err := os.Stat(filepath.Join(dir, keyFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	// What the old certificate's holders trust, the renewed one's leaves are.
	later := open(t, dir, now.Add(9*365*24*time.Hour))
	if string(later.PEM()) == string(first.PEM()) {
		t.Error("not renewed")
	}
	leaf, err := later.leaf("localhost", now)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(first.PEM())
	if _, err := leaf.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: "localhost"}); err != nil {
		t.Error(err)
	}
}

func TestHalfAnAuthorityIsNoneAndNoNewOne(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, time.Now())
	if err := os.Remove(filepath.Join(dir, keyFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, time.Now); err == nil || !strings.Contains(err.Error(), "restore it") {
		t.Error(err)
	}
}

func TestLeaves(t *testing.T) {
	now := time.Now()
	a := open(t, t.TempDir(), now)
	a.now = func() time.Time { return now }
	l := &Leaves{Authority: a, Names: []string{"build.example.com", "*.wild.example.com"}}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(a.PEM())
	for name, good := range map[string]bool{
		"localhost": true, "b.s3.localhost": true, "123456789012.dkr.ecr.eu-west-1.amazonaws.com": true, "LOCALHOST": true,
		"build.example.com": true, "a.wild.example.com": true, "a.b.wild.example.com": false, "example.com": false, "*.amazonaws.com": false,
		"amazonaws.com.evil.org": false, strings.Repeat("a.", 130) + "amazonaws.com": false,
	} {
		c, err := l.Get(&tls.ClientHelloInfo{ServerName: name})
		if (err == nil) != good {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if good {
			if _, err := c.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: strings.ToLower(name), CurrentTime: now}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	first, _ := l.Get(&tls.ClientHelloInfo{ServerName: "localhost"})
	now = now.Add(leafLife / 2)
	if same, _ := l.Get(&tls.ClientHelloInfo{ServerName: "localhost"}); same != first {
		t.Error("made anew too early")
	}
	now = now.Add(leafLife / 4)
	if renewed, _ := l.Get(&tls.ClientHelloInfo{ServerName: "localhost"}); renewed == first {
		t.Error("not renewed")
	}
}

func TestListener(t *testing.T) {
	dir := t.TempDir()
	ours, theirs := open(t, filepath.Join(dir, "ours"), time.Now()), open(t, filepath.Join(dir, "theirs"), time.Now())
	write := func(name string) {
		leaf, err := theirs.leaf(name, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		key, err := x509.MarshalPKCS8PrivateKey(leaf.PrivateKey)
		if err != nil {
			t.Fatal(err)
		}
		for file, block := range map[string]*pem.Block{"cert": {Type: "CERTIFICATE", Bytes: leaf.Certificate[0]}, "key": {Type: "PRIVATE KEY", Bytes: key}} {
			if err := writeWhole(filepath.Join(dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	write("hatoba.example.com")
	given, err := OpenGiven(filepath.Join(dir, "cert"), filepath.Join(dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", Config(given, &Leaves{Authority: ours}))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.NotFoundHandler(), ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	dial := func(name string, by *Authority) error {
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(by.PEM())
		c, err := tls.Dial("tcp", listener.Addr().String(), &tls.Config{ServerName: name, RootCAs: roots})
		if err == nil {
			c.Close()
		}
		return err
	}
	host, _, _ := net.SplitHostPort(listener.Addr().String())
	for name, by := range map[string]*Authority{"hatoba.example.com": theirs, "localhost": ours, host: ours, "b.s3.us-east-1.amazonaws.com": ours} {
		if err := dial(name, by); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if dial("elsewhere.example.com", ours) == nil {
		t.Error("a certificate for a name that is not ours")
	}
	write("new.example.com")
	later := time.Now().Add(time.Second)
	if err := os.Chtimes(filepath.Join(dir, "cert"), later, later); err != nil {
		t.Fatal(err)
	}
	given.looked = time.Time{}
	if err := dial("new.example.com", theirs); err != nil {
		t.Errorf("a renewed certificate is not taken: %v", err)
	}
}
