package inventory

import (
	"path"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

// lockReader reads a lock file of a source folder. What is only for development
// and test is left out where the file tells. Loose counts what it names without
// a version.
type lockReader func(text string) (packages []Package, loose int, err error)

// lockKind is how a file of a source folder is read, by its name.
func lockKind(base string) (kind string, read lockReader) {
	switch base {
	case "package-lock.json", "npm-shrinkwrap.json":
		return NPM, strict(packageLock)
	case "yarn.lock":
		return NPM, strict(yarnLock)
	case "pnpm-lock.yaml":
		return NPM, strict(pnpmLock)
	case "go.mod":
		return Go, strict(goMod)
	case "poetry.lock", "uv.lock", "pdm.lock":
		return PyPI, strict(tomlLock)
	case "Pipfile.lock":
		return PyPI, strict(pipfileLock)
	case "Gemfile.lock":
		return Gem, strict(gemfileLock)
	case "Cargo.lock":
		return Cargo, strict(tomlLock)
	case "composer.lock":
		return Composer, strict(composerLock)
	case "gradle.lockfile":
		return Maven, strict(gradleLock)
	case "pom.xml":
		return Maven, pom
	}
	if strings.HasPrefix(base, "requirements") && strings.HasSuffix(base, ".txt") && !development(base) {
		return PyPI, requirements
	}
	return "", nil
}

// development tells the requirement files that no image installs.
func development(base string) bool {
	for _, word := range []string{"dev", "test", "doc", "lint"} {
		if strings.Contains(base, word) {
			return true
		}
	}
	return false
}

func strict(parse func(string) ([]Package, error)) lockReader {
	return func(text string) ([]Package, int, error) {
		packages, err := parse(text)
		return packages, 0, err
	}
}

// FromSource lists what the lock files of a source folder pin.
func FromSource(s *review.Source) (packages []Package, gaps []Gap) {
	for _, f := range s.Files {
		kind, read := lockKind(path.Base(f.Path))
		if read == nil || f.Size == 0 {
			continue
		}
		at := s.Place(f.Path, 0).File
		if f.Text == "" {
			gaps = append(gaps, Gap{Type: kind, Path: at, Why: review.Say("is too large to be read (%d KiB)", "大きすぎて読み取れない(%d KiB)", f.Size>>10)})
			continue
		}
		found, loose, err := read(strings.ReplaceAll(f.Text, "\r\n", "\n"))
		for _, p := range found {
			p.Type, p.Path = kind, at
			packages = append(packages, p)
		}
		switch {
		case err != nil:
			gaps = append(gaps, Gap{Type: kind, Path: at, Why: review.Say("could not be read: %v", "読み取れない: %v", err)})
		case loose > 0:
			gaps = append(gaps, Gap{Type: kind, Path: at, Loose: true, Why: review.Say("names %d packages without an exact version", "バージョンが固定されていないパッケージが %d 個ある", loose)})
		}
	}
	return sorted(packages), append(gaps, unlocked(s)...)
}
