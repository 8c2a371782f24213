package inventory

import (
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

// manifest is a file that names dependencies by ranges: without a lock file
// beside or above it nobody knows which versions are meant.
type manifest struct {
	kind  string
	names func(text string) bool // reports whether it names any
	locks []string
}

var (
	pyprojectNames = matches(`(?m)^dependencies\s*=\s*\[\s*["']|^\[tool\.poetry\.dependencies\]`)
	cargoNames     = matches(`(?m)^\[dependencies\]\s*\n\s*[\w"-]+\s*=|^\[dependencies\.`)
	gemNames       = matches(`(?m)^\s*gem\s*[("']`)
	gradleNames    = matches(`(?m)^\s*(implementation|api|compile|runtimeOnly|compileOnly)[\s(]+\S*["'][\w.-]+:`)
	pipfileNames   = matches(`(?m)^\[packages\]\s*\n\s*[\w"-]+\s*=`)
)

func manifestOf(base string) *manifest {
	switch base {
	case "package.json":
		return &manifest{NPM, jsonNames("dependencies", ""), []string{"package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml"}}
	case "composer.json":
		return &manifest{Composer, jsonNames("require", "/"), []string{"composer.lock"}}
	case "pyproject.toml":
		return &manifest{PyPI, pyprojectNames, []string{"poetry.lock", "uv.lock", "pdm.lock", "requirements.txt", "Pipfile.lock"}}
	case "Pipfile":
		return &manifest{PyPI, pipfileNames, []string{"Pipfile.lock", "requirements.txt"}}
	case "Cargo.toml":
		return &manifest{Cargo, cargoNames, []string{"Cargo.lock"}}
	case "Gemfile":
		return &manifest{Gem, gemNames, []string{"Gemfile.lock"}}
	case "build.gradle", "build.gradle.kts":
		return &manifest{Maven, gradleNames, []string{"gradle.lockfile"}}
	}
	return nil
}

func matches(pattern string) func(string) bool { return regexp.MustCompile(pattern).MatchString }

// jsonNames reports whether an object of a JSON file has members with a mark in
// their names: "php" and "ext-json" are no packages of Composer's.
func jsonNames(member, mark string) func(string) bool {
	return func(text string) bool {
		var whole map[string]json.RawMessage
		var inner map[string]any
		if json.Unmarshal([]byte(text), &whole) != nil || json.Unmarshal(whole[member], &inner) != nil {
			return false
		}
		for name := range inner {
			if strings.Contains(name, mark) {
				return true
			}
		}
		return false
	}
}

// unlocked finds manifests without a lock file.
func unlocked(s *review.Source) (gaps []Gap) {
	have := make(map[string]bool, len(s.Files))
	for _, f := range s.Files {
		have[f.Path] = true
	}
	for _, f := range s.Files {
		m := manifestOf(path.Base(f.Path))
		if m == nil || !m.names(f.Text) {
			continue
		}
		if slices.ContainsFunc(above(path.Dir(f.Path)), func(dir string) bool {
			return slices.ContainsFunc(m.locks, func(lock string) bool { return have[path.Join(dir, lock)] })
		}) {
			continue
		}
		gaps = append(gaps, Gap{Type: m.kind, Path: s.Place(f.Path, 0).File, Loose: true,
			Why: review.Say("has no lock file that Hatoba reads: the versions of its libraries are not known", "Hatoba が読めるロックファイルがなく、ライブラリのバージョンが分からない")})
	}
	return gaps
}

// above lists a folder and those around it.
func above(dir string) (out []string) {
	for ; ; dir = path.Dir(dir) {
		out = append(out, dir)
		if dir == "." || dir == "/" {
			return out
		}
	}
}
