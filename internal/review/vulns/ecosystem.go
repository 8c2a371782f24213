package vulns

import (
	"strings"

	"github.com/hatoba/hatoba/internal/review/inventory"
)

// osvEcosystem is OSV's name of a package's ecosystem; empty if it has none.
func osvEcosystem(p *inventory.Package) string {
	major, _, _ := strings.Cut(p.Distro.Version, ".")
	switch p.Type {
	case inventory.Go:
		return "Go"
	case inventory.NPM:
		return "npm"
	case inventory.PyPI:
		return "PyPI"
	case inventory.Maven:
		return "Maven"
	case inventory.Gem:
		return "RubyGems"
	case inventory.Cargo:
		return "crates.io"
	case inventory.Composer:
		return "Packagist"
	}
	switch p.Distro.ID {
	case "wolfi":
		return "Wolfi"
	case "chainguard":
		return "Chainguard"
	}
	if major == "" {
		return ""
	}
	switch p.Distro.ID {
	case "debian":
		return "Debian:" + major
	case "ubuntu":
		return "Ubuntu:" + p.Distro.Version
	case "alpine":
		return "Alpine:v" + minor(p.Distro.Version)
	case "rocky":
		return "Rocky Linux:" + major
	case "almalinux":
		return "AlmaLinux:" + major
	}
	return ""
}

// minor is the first two numbers of a version.
func minor(version string) string {
	part := strings.SplitN(version, ".", 3)
	return strings.Join(part[:min(len(part), 2)], ".")
}

// trivyBucket is the bucket, or prefix, of a package's ecosystem; empty if Hatoba
// cannot match it. Red Hat's advisories need the content sets of an image, which
// are not in it.
func trivyBucket(p *inventory.Package) string {
	if language, ok := map[string]string{inventory.Go: "go", inventory.NPM: "npm", inventory.PyPI: "pip", inventory.Maven: "maven",
		inventory.Gem: "rubygems", inventory.Cargo: "cargo", inventory.Composer: "composer"}[p.Type]; ok {
		return language + "::"
	}
	major, _, _ := strings.Cut(p.Distro.Version, ".")
	switch p.Distro.ID {
	case "wolfi", "chainguard":
		return p.Distro.ID
	}
	if major == "" {
		return ""
	}
	switch p.Distro.ID {
	case "debian", "rocky":
		return p.Distro.ID + " " + major
	case "almalinux":
		return "alma " + major
	case "ubuntu":
		return "ubuntu " + p.Distro.Version
	case "alpine":
		return "alpine " + minor(p.Distro.Version)
	case "amzn":
		return "amazon linux " + major
	case "ol":
		return "Oracle Linux " + major
	case "azurelinux":
		return "Azure Linux " + minor(p.Distro.Version)
	case "photon":
		return "Photon OS " + minor(p.Distro.Version)
	}
	return ""
}

// trivyName is the package's name as Trivy's database writes it: of languages in
// lower case, but for Go.
func trivyName(i *item) string {
	switch {
	case i.pkg.Type == inventory.PyPI:
		return strings.ReplaceAll(strings.ToLower(i.pkg.Name), "_", "-")
	case i.pkg.Type == inventory.Go, inventory.OS(i.pkg.Type):
		return i.name()
	}
	return strings.ToLower(i.pkg.Name)
}
