// Package inventory lists the packages of an image and of a source folder: what
// package managers wrote down, what build tools left in binaries, and what lock
// files pin. What it could not read it says, as a gap.
package inventory

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

// The types of packages, as package URLs name them.
const (
	Deb      = "deb"
	APK      = "apk"
	RPM      = "rpm"
	Go       = "golang"
	NPM      = "npm"
	PyPI     = "pypi"
	Maven    = "maven"
	Gem      = "gem"
	Cargo    = "cargo"
	Composer = "composer"
)

// Package is one package.
type Package struct {
	Type    string // of a package URL: deb, apk, golang …
	Name    string // as its ecosystem writes it; of Maven GROUP:ARTIFACT, of npm with the scope
	Version string
	Arch    string
	// Source and SourceVersion are of the source package it was built from, where
	// distributions tell; advisories of Debian and Alpine speak of these.
	Source, SourceVersion string
	Distro                Distro // of deb, apk and rpm
	Path                  string // of the file that tells of it
	Line                  int    // in a lock file
	License               string

	owns []string // the files it brought, while an image is read
}

// Distro is a distribution, as its os-release says.
type Distro struct{ ID, Version string }

// PURL is the package URL.
func (p *Package) PURL() string {
	path, version, query := "", p.Version, url.Values{}
	switch p.Type {
	case Deb, APK, RPM:
		path = p.Distro.ID + "/" + p.Name
		if p.Arch != "" {
			query.Set("arch", p.Arch)
		}
		if epoch, rest, ok := strings.Cut(version, ":"); ok && p.Type == RPM {
			version = rest
			query.Set("epoch", epoch)
		}
		if p.Distro.ID != "" && p.Distro.Version != "" {
			query.Set("distro", p.Distro.ID+"-"+p.Distro.Version)
		}
	case Maven:
		path = strings.Replace(p.Name, ":", "/", 1)
	case PyPI:
		path = PythonName(p.Name)
	case Composer:
		path = strings.ToLower(p.Name)
	default:
		path = p.Name
	}
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for i, part := range parts {
		parts[i] = escape(part)
	}
	out := "pkg:" + p.Type + "/" + strings.Join(parts, "/")
	if version != "" {
		out += "@" + escape(version)
	}
	if len(query) > 0 {
		out += "?" + query.Encode()
	}
	return out
}

// escape percent-encodes as package URLs want it: also @, not the colon.
func escape(s string) string {
	return strings.NewReplacer("%3A", ":", "+", "%2B", "@", "%40").Replace(url.PathEscape(s))
}

// PythonName is a Python project's name in the one form that PyPI compares.
func PythonName(name string) string {
	var b strings.Builder
	dash := false
	for _, r := range strings.ToLower(name) {
		if r == '-' || r == '_' || r == '.' {
			dash = b.Len() > 0
			continue
		}
		if dash {
			b.WriteByte('-')
		}
		dash = false
		b.WriteRune(r)
	}
	return b.String()
}

// OS reports whether a type is a distribution's and not a language's.
func OS(kind string) bool { return kind == Deb || kind == APK || kind == RPM }

// Gap is something that could not be listed.
type Gap struct {
	Type string // of the packages that are missed
	Path string
	Why  review.Text
	// Loose: the file could be read and leaves versions open. Where the image
	// tells of packages of this type, nothing is missed.
	Loose bool
}

// sorted orders packages and leaves out what is told twice by the same file.
func sorted(packages []Package) []Package {
	slices.SortFunc(packages, func(a, b Package) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version),
			cmp.Compare(a.Arch, b.Arch), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line))
	})
	return slices.CompactFunc(packages, func(a, b Package) bool {
		return a.Type == b.Type && a.Name == b.Name && a.Version == b.Version && a.Arch == b.Arch && a.Path == b.Path
	})
}
