package inventory

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/hatoba/hatoba/internal/review"
)

func visit(t *testing.T, c *Collector, layer int, name, text string) {
	t.Helper()
	f := review.File{Path: name, Size: int64(len(text)), Mode: 0o644, Layer: layer}
	if err := c.Visit(f, strings.NewReader(text)); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func purls(packages []Package) string {
	var b strings.Builder
	for _, p := range packages {
		fmt.Fprintf(&b, "%s %s:%d\n", p.PURL(), p.Path, p.Line)
	}
	return b.String()
}

func equal(t *testing.T, got, want string) {
	t.Helper()
	if strings.TrimSpace(got) != strings.TrimSpace(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func zipped(t *testing.T, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, files[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestImage(t *testing.T) {
	c := NewCollector()
	visit(t, c, 0, "usr/lib/os-release", "NAME=\"Debian\"\nID=debian\nVERSION_ID=\"12\"\n")
	visit(t, c, 0, "var/lib/dpkg/status", `Package: libssl3
Status: install ok installed
Architecture: amd64
Source: openssl (3.0.1-1)
Version: 3.0.1-1+b2
Description: sockets
 Version: not this one

Package: gone
Status: deinstall ok config-files
Version: 1
`)
	visit(t, c, 0, "var/lib/dpkg/status.d/tzdata", "Package: tzdata\nVersion: 2024a-0\nArchitecture: all\n")
	visit(t, c, 0, "var/lib/dpkg/info/python3-old.list", "/.\n/usr\n/usr/lib/python3/dist-packages/old-1.egg-info/PKG-INFO\n")
	visit(t, c, 0, "usr/lib/python3/dist-packages/old-1.egg-info/PKG-INFO", "Name: old\nVersion: 1\n")
	visit(t, c, 0, "var/lib/dpkg/status.d/tzdata.md5sums", "0123  usr/share/java/own.jar\n")
	visit(t, c, 0, "usr/share/java/own.jar", zipped(t, "META-INF/maven/o/o/pom.properties", "groupId=o\nartifactId=o\nversion=1\n"))
	visit(t, c, 1, "app/node_modules/@acme/web/package.json", `{"name": "@acme/web", "version": "1.2.3", "license": "MIT"}`)
	visit(t, c, 1, "app/node_modules/web/dist/esm/package.json", `{"name": "inner", "version": "9.9.9"}`)
	visit(t, c, 1, "app/node_modules/web/package.json", `{"name": "web", "version": "2.0.0"}`)
	visit(t, c, 1, "app/package-lock.json", `{"packages": {"node_modules/never-installed": {"version": "1.0.0"}}}`)
	visit(t, c, 1, "usr/lib/python3/site-packages/Acme_Lib-1.0.dist-info/METADATA", "Name: Acme_Lib\nVersion: 1.0\nLicense-Expression: MIT\n\nName: body\n")
	inner := zipped(t, "META-INF/maven/org.acme/core/pom.properties", "groupId=org.acme\nartifactId=core\nversion=1.5\n")
	visit(t, c, 1, "app/app-2.0.jar", zipped(t, "META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\n", "BOOT-INF/lib/core-1.5.jar", inner,
		"BOOT-INF/lib/plain-0.9.jar", zipped(t, "a.class", "")))
	visit(t, c, 1, "app/broken.jar", "no zip")
	visit(t, c, 1, "var/lib/rpm/Packages", "rpm")
	visit(t, c, 2, "app/node_modules/web/package.json", `{"name": "web", "version": "2.0.1"}`)
	visit(t, c, 2, "etc/motd", "hello")

	equal(t, purls(c.Packages()), `
pkg:deb/debian/libssl3@3.0.1-1%2Bb2?arch=amd64&distro=debian-12 var/lib/dpkg/status:0
pkg:deb/debian/tzdata@2024a-0?arch=all&distro=debian-12 var/lib/dpkg/status.d/tzdata:0
pkg:maven/plain@0.9 app/app-2.0.jar:0
pkg:maven/org.acme/core@1.5 app/app-2.0.jar:0
pkg:npm/%40acme/web@1.2.3 app/node_modules/@acme/web/package.json:0
pkg:npm/web@2.0.1 app/node_modules/web/package.json:0
pkg:pypi/acme-lib@1.0 usr/lib/python3/site-packages/Acme_Lib-1.0.dist-info/METADATA:0
`)
	if p := c.Packages()[0]; p.Source != "openssl" || p.SourceVersion != "3.0.1-1" {
		t.Errorf("the source package: %+v", p)
	}
	gaps := c.Gaps()
	if len(gaps) != 2 || gaps[0].Path != "app/broken.jar" || gaps[1].Type != RPM {
		t.Errorf("gaps: %+v", gaps)
	}
	c.Keep([]review.File{{Path: "var/lib/dpkg/status", Layer: 0}, {Path: "app/app-2.0.jar", Layer: 1, Hidden: true}, {Path: "usr/lib/os-release"}})
	equal(t, purls(c.Packages()), "pkg:deb/debian/libssl3@3.0.1-1%2Bb2?arch=amd64&distro=debian-12 var/lib/dpkg/status:0")
}

func TestAPK(t *testing.T) {
	c := NewCollector()
	visit(t, c, 0, "etc/os-release", "ID=alpine\nVERSION_ID=3.20.1\n")
	visit(t, c, 0, "usr/lib/python3.12/site-packages/own-1.dist-info/METADATA", "Name: own\nVersion: 1\n")
	visit(t, c, 0, "lib/apk/db/installed", "C:Q1\nP:libcrypto3\nV:3.3.0-r2\nA:x86_64\nL:Apache-2.0\no:openssl\nF:lib\nR:libcrypto.so.3\nF:usr/lib/python3.12/site-packages/own-1.dist-info\nR:METADATA\n\nP:musl\nV:1.2.5-r0\n\n")
	equal(t, purls(c.Packages()), `
pkg:apk/alpine/libcrypto3@3.3.0-r2?arch=x86_64&distro=alpine-3.20.1 lib/apk/db/installed:0
pkg:apk/alpine/musl@1.2.5-r0?distro=alpine-3.20.1 lib/apk/db/installed:0`)
}

// testdata/rpmdb.sqlite holds 40 made-up packages and a key, in pages so small that
// trees branch and rows overflow.
func TestRPM(t *testing.T) {
	text, err := os.ReadFile("testdata/rpmdb.sqlite")
	if err != nil {
		t.Fatal(err)
	}
	c := NewCollector()
	visit(t, c, 0, "etc/os-release", "ID=\"amzn\"\nVERSION_ID=\"2023\"\n")
	visit(t, c, 0, "var/lib/rpm/rpmdb.sqlite", string(text))
	visit(t, c, 0, "var/lib/rpm/rpmdb.sqlite-wal", "")
	got := c.Packages()
	if len(got) != 40 || len(c.Gaps()) != 0 {
		t.Fatalf("got %d packages, gaps %v", len(got), c.Gaps())
	}
	equal(t, purls(got[3:4]), "pkg:rpm/amzn/made-up-03@1.3-1.amzn2023?arch=x86_64&distro=amzn-2023&epoch=2 var/lib/rpm/rpmdb.sqlite:0")
	if got[3].Source != "made-up" || got[39].Version != "1.39-1.amzn2023" {
		t.Errorf("got %+v", got[3])
	}
	for _, cut := range []int{0, 50, 512, 5000, len(text) / 2} {
		c := NewCollector()
		visit(t, c, 0, "var/lib/rpm/rpmdb.sqlite", string(text[:cut]))
		if len(c.Gaps()) != 1 {
			t.Errorf("cut at %d: a half list is told", cut)
		}
	}
}

func TestRPMFiles(t *testing.T) {
	header := map[uint32]rpmEntry{
		rpmBaseNames:  {count: 2, data: []byte("PKG-INFO\x00a.jar\x00rest")},
		rpmDirNames:   {count: 2, data: []byte("/usr/lib/x.egg-info/\x00/usr/share/java/\x00")},
		rpmDirIndexes: {count: 2, data: []byte{0, 0, 0, 0, 0, 0, 0, 1}},
	}
	equal(t, strings.Join(rpmFiles(header), " "), "lib/x.egg-info/PKG-INFO share/java/a.jar")
	header[rpmDirIndexes] = rpmEntry{count: 2, data: []byte{0, 0, 0, 9, 0}}
	equal(t, strings.Join(rpmFiles(header), " "), "")
}

// The test itself is a program written in Go.
func TestGoBinary(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("containers hold ELF files")
	}
	file, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	c := NewCollector()
	if err := c.Visit(review.File{Path: "app", Size: info.Size(), Mode: 0o755}, file); err != nil {
		t.Fatal(err)
	}
	if got := purls(c.Packages()); !strings.HasPrefix(got, "pkg:golang/stdlib@1.") {
		t.Errorf("got %q", got)
	}
}
