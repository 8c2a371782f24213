package inventory

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

// Limits of archives in archives.
const (
	maxDepth  = 3
	maxNested = 1 << 30 // bytes of all nested archives together
	maxInner  = 128 << 20
)

// archive reads a jar, war or ear and those in it.
func archive(f review.File, r io.Reader) ([]Package, error) {
	if f.Size > maxBinary {
		return nil, fmt.Errorf("it is larger than %d MiB", maxBinary>>20)
	}
	at, size, done, err := readerAt(r, f.Size)
	if err != nil {
		return nil, err
	}
	defer done()
	budget := int64(maxNested)
	return jar(f.Path, at, size, 0, &budget)
}

func jar(name string, at io.ReaderAt, size int64, depth int, budget *int64) (out []Package, err error) {
	z, err := zip.NewReader(at, size)
	if err != nil {
		return nil, err
	}
	var manifest map[string]string
	for _, entry := range z.File {
		switch {
		case entry.Name == "META-INF/MANIFEST.MF":
			if text, err := entryText(entry, maxMetaLen); err == nil {
				manifest = fields(strings.ReplaceAll(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n ", ""), ":")
			}
		case strings.HasPrefix(entry.Name, "META-INF/maven/") && path.Base(entry.Name) == "pom.properties":
			if text, e := entryText(entry, maxMetaLen); e == nil {
				p := fields(string(text), "=")
				if p["artifactId"] != "" && p["version"] != "" {
					out = append(out, Package{Name: p["groupId"] + ":" + p["artifactId"], Version: p["version"]})
				}
			}
		case path.Ext(entry.Name) == ".jar" || path.Ext(entry.Name) == ".war":
			inner, e := nested(entry, depth, budget)
			out, err = append(out, inner...), errors.Join(err, e)
		}
	}
	if len(out) == 0 {
		if p, ok := fromManifest(name, manifest); ok {
			out = append(out, p)
		}
	}
	return out, err
}

func nested(entry *zip.File, depth int, budget *int64) ([]Package, error) {
	if depth >= maxDepth {
		return nil, fmt.Errorf("%s: archives are nested deeper than %d", entry.Name, maxDepth)
	}
	text, err := entryText(entry, min(maxInner, *budget))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", entry.Name, err)
	}
	*budget -= int64(len(text))
	return jar(entry.Name, bytes.NewReader(text), int64(len(text)), depth+1, budget)
}

func entryText(entry *zip.File, limit int64) ([]byte, error) {
	r, err := entry.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return bounded(r, limit)
}

// versioned is the usual name of a jar: ARTIFACT-VERSION.jar.
var versioned = regexp.MustCompile(`^(.+?)-(\d[\w.+-]*)\.[jwe]ar$`)

// fromManifest tells what it can of an archive that Maven did not describe. The
// group stays empty unless the manifest says it, and such a package matches no
// advisory by mistake.
func fromManifest(name string, m map[string]string) (Package, bool) {
	base := versioned.FindStringSubmatch(path.Base(name))
	artifact, version := "", first(m["Implementation-Version"], m["Bundle-Version"], m["Specification-Version"])
	if base != nil {
		artifact, version = base[1], base[2]
	}
	if artifact == "" {
		artifact = m["Implementation-Title"]
	}
	if artifact == "" || version == "" || strings.ContainsAny(artifact, " /:") {
		return Package{}, false
	}
	return Package{Name: m["Implementation-Vendor-Id"] + ":" + artifact, Version: version}, true
}

func first(of ...string) string {
	for _, s := range of {
		if s != "" {
			return s
		}
	}
	return ""
}
