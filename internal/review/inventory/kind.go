package inventory

import (
	"io"
	"path"
	"regexp"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

// installedNPM is the description of a package npm installed: not one that lies
// deeper in a package, among its tests and templates.
var installedNPM = regexp.MustCompile(`(^|/)node_modules/(@[^/]+/)?[^/@.][^/]*/package\.json$`)

// kindOf is how a file of an image is read, by its name.
func kindOf(f review.File) (kind string, read reader, known bool) {
	base, dir := path.Base(f.Path), path.Dir(f.Path)
	switch {
	case f.Path == "var/lib/dpkg/status", dir == "var/lib/dpkg/status.d" && !strings.HasSuffix(base, ".md5sums"):
		return Deb, lists(dpkg), true
	case f.Path == "lib/apk/db/installed", f.Path == "usr/lib/apk/db/installed":
		return APK, lists(apk), true
	case isRPM(dir, base):
		return RPM, rpm, true
	case installedNPM.MatchString(f.Path):
		return NPM, lists(npmPackage), true
	case base == "package-lock.json" && !strings.Contains(f.Path, "node_modules/"):
		return NPM, lists(packageLock), true
	case strings.HasSuffix(dir, ".dist-info") && base == "METADATA", strings.HasSuffix(dir, ".egg-info") && base == "PKG-INFO",
		strings.HasSuffix(base, ".egg-info"):
		return PyPI, lists(pythonMetadata), true
	case strings.HasSuffix(base, ".jar"), strings.HasSuffix(base, ".war"), strings.HasSuffix(base, ".ear"):
		return Maven, archive, true
	case f.Mode&0o111 != 0 && f.Size >= minBinary && path.Ext(base) != ".so":
		return Go, goBinary, true
	}
	return "", nil, false
}

// lists makes a reader of a parser that wants the whole text.
func lists(parse func(text string) ([]Package, error)) reader {
	return func(_ review.File, r io.Reader) ([]Package, error) {
		text, err := bounded(r, maxText)
		if err != nil {
			return nil, err
		}
		return parse(string(text))
	}
}
