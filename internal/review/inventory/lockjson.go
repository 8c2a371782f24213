package inventory

import (
	"encoding/json"
	"strings"

	"github.com/hatoba/hatoba/internal/review/doc"
)

// packageLock reads npm's lock of every version.
func packageLock(text string) (out []Package, err error) {
	root, err := doc.Parse([]byte(text))
	if err != nil {
		return nil, err
	}
	type entry struct {
		Name, Version          string
		Dev, Link, DevOptional bool
		Dependencies           map[string]json.RawMessage
	}
	var lock struct {
		Packages     map[string]entry
		Dependencies map[string]json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &lock); err != nil {
		return nil, err
	}
	add := func(name string, e entry, where ...any) {
		if name != "" && e.Version != "" && !e.Dev && !e.Link && !strings.Contains(e.Version, ":") {
			line, _ := root.Find(where...).Pos()
			out = append(out, Package{Name: name, Version: e.Version, Line: line})
		}
	}
	for key, e := range lock.Packages {
		i := strings.LastIndex(key, "node_modules/")
		if i < 0 {
			continue // the project itself and its workspaces
		}
		name := key[i+len("node_modules/"):]
		if e.Name != "" { // an alias
			name = e.Name
		}
		add(name, e, "packages", key)
	}
	if len(lock.Packages) > 0 {
		return sorted(out), nil
	}
	var walk func(of map[string]json.RawMessage, where []any, depth int)
	walk = func(of map[string]json.RawMessage, where []any, depth int) {
		for name, raw := range of {
			var e entry
			if json.Unmarshal(raw, &e) != nil || depth > 20 {
				continue
			}
			here := append(append([]any{}, where...), "dependencies", name)
			add(name, e, here...)
			walk(e.Dependencies, here, depth+1)
		}
	}
	walk(lock.Dependencies, nil, 0)
	return sorted(out), nil
}

// pipfileLock reads pipenv's lock, its default part.
func pipfileLock(text string) (out []Package, err error) {
	root, err := doc.Parse([]byte(text))
	if err != nil {
		return nil, err
	}
	var lock struct {
		Default map[string]struct{ Version string }
	}
	if err := json.Unmarshal([]byte(text), &lock); err != nil {
		return nil, err
	}
	for name, e := range lock.Default {
		if version, exact := strings.CutPrefix(e.Version, "=="); exact {
			line, _ := root.Find("default", name).Pos()
			out = append(out, Package{Name: name, Version: version, Line: line})
		}
	}
	return sorted(out), nil
}

// composerLock reads PHP composer's lock without packages-dev.
func composerLock(text string) (out []Package, err error) {
	root, err := doc.Parse([]byte(text))
	if err != nil {
		return nil, err
	}
	var lock struct {
		Packages []struct {
			Name, Version string
			License       []string
		}
	}
	if err := json.Unmarshal([]byte(text), &lock); err != nil {
		return nil, err
	}
	for i, e := range lock.Packages {
		if e.Name == "" || strings.HasPrefix(e.Version, "dev-") {
			continue
		}
		line, _ := root.Find("packages", i).Pos()
		out = append(out, Package{Name: e.Name, Version: strings.TrimPrefix(e.Version, "v"), Line: line, License: strings.Join(e.License, " OR ")})
	}
	return out, nil
}
