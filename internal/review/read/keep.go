package read

import (
	"path"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/review/secret"
)

// Bounds of what is kept of an image's files. Package databases grow with the
// image; everything else a rule reads is small.
const (
	maxContent  = 4 << 20
	maxDatabase = 64 << 20
	maxKept     = 512 << 20 // of all files together
)

var (
	keptPaths = []string{
		"etc/passwd", "etc/group", "etc/shadow", "etc/os-release", "usr/lib/os-release", "etc/alpine-release",
		"etc/sudoers", "lib/apk/db/installed", "usr/lib/apk/db/installed",
	}
	databases = []string{
		"var/lib/dpkg/status",
		"var/lib/rpm/Packages", "var/lib/rpm/Packages.db", "var/lib/rpm/rpmdb.sqlite",
		"usr/lib/sysimage/rpm/Packages", "usr/lib/sysimage/rpm/Packages.db", "usr/lib/sysimage/rpm/rpmdb.sqlite",
	}
	keptNames = []string{
		"package-lock.json", ".npmrc", ".yarnrc.yml", ".pypirc", ".netrc", ".git-credentials", ".pgpass", ".my.cnf",
		"id_rsa", "id_dsa", "id_ecdsa", "id_ed25519",
	}
	keptEndings = []string{
		".dist-info/METADATA", ".egg-info/PKG-INFO", ".git/config", ".aws/credentials", ".docker/config.json", ".kube/config",
	}
)

// Keep reports whether rules read this file of an image.
func Keep(file string) bool {
	base := path.Base(file)
	switch {
	case slices.Contains(keptPaths, file), slices.Contains(databases, file), slices.Contains(keptNames, base):
		return true
	case strings.HasPrefix(file, "var/lib/dpkg/status.d/"), secret.EnvFile(base):
		return true
	case base == "package.json" && strings.Contains("/"+file, "/node_modules/"):
		return true
	case path.Ext(base) == ".sh" && strings.Count(file, "/") <= 2: // start scripts stand near the root
		return true
	case path.Ext(base) == ".pem" || path.Ext(base) == ".key":
		return true
	}
	return slices.ContainsFunc(keptEndings, func(end string) bool {
		return strings.HasSuffix("/"+file, "/"+end) || strings.HasPrefix(end, ".") && strings.HasSuffix(file, end)
	})
}

func keepLimit(file string) int64 {
	if slices.Contains(databases, file) {
		return maxDatabase
	}
	return maxContent
}
