package inventory

import (
	"regexp"
	"strings"
)

// goMod reads the modules a go.mod requires, as its replacements have them.
func goMod(text string) (out []Package, err error) {
	replaced := map[string][]string{}
	block := ""
	for i, line := range lines(text) {
		line, _, _ = strings.Cut(line, "//")
		word := strings.Fields(line)
		switch {
		case len(word) == 0:
			continue
		case word[0] == ")":
			block = ""
			continue
		case len(word) == 2 && word[1] == "(":
			block = word[0]
			continue
		case block != "":
			word = append([]string{block}, word...)
		}
		switch {
		case word[0] == "require" && len(word) >= 3:
			out = append(out, Package{Name: unquote(word[1]), Version: unquote(word[2]), Line: i + 1})
		case word[0] == "replace" && len(word) >= 4 && word[2] == "=>":
			replaced[unquote(word[1])] = word[3:]
		case word[0] == "replace" && len(word) >= 5 && word[3] == "=>":
			replaced[unquote(word[1])+"@"+unquote(word[2])] = word[4:]
		}
	}
	kept := out[:0]
	for _, p := range out {
		by, ok := replaced[p.Name+"@"+p.Version]
		if !ok {
			by, ok = replaced[p.Name]
		}
		switch {
		case ok && len(by) < 2:
			continue // a folder: its own code
		case ok:
			p.Name, p.Version = unquote(by[0]), unquote(by[1])
		}
		kept = append(kept, p)
	}
	return kept, nil
}

// tomlLock reads the [[package]] tables of Cargo, Poetry and uv, which write
// them in one fixed form. What comes from a folder is the project's own.
func tomlLock(text string) (out []Package, err error) {
	var p Package
	own, in := false, false
	flush := func() {
		if p.Name != "" && p.Version != "" && !own {
			out = append(out, p)
		}
		p, own, in = Package{}, false, false
	}
	cargo := strings.Contains(text, "registry+https://github.com/rust-lang/crates.io-index")
	sourced := false
	for i, line := range lines(text) {
		key, value, _ := strings.Cut(line, " = ")
		switch {
		case line == "[[package]]":
			if in && cargo && !sourced {
				own = true
			}
			flush()
			in, sourced = true, false
			p.Line = i + 1
		case strings.HasPrefix(line, "["): // a table of the package, or another list
			in = in && strings.HasPrefix(line, "[package.")
		case !in:
		case key == "name" && p.Name == "":
			p.Name = unquote(value)
		case key == "version" && p.Version == "":
			p.Version = unquote(value)
		case key == "source":
			sourced = true
			own = own || strings.Contains(value, "virtual =") || strings.Contains(value, "editable =") || strings.Contains(value, "directory =")
		case key == "category" && value == `"dev"`, key == "groups" && strings.Trim(value, "[] ") == `"dev"`:
			own = true
		}
	}
	if in && cargo && !sourced {
		own = true
	}
	flush()
	return out, nil
}

// gem is a pinned gem in Gemfile.lock: four spaces, NAME (VERSION-PLATFORM).
var gem = regexp.MustCompile(`^ {4}(\S+) \(([0-9][^\s)-]*)(-[^)]*)?\)$`)

func gemfileLock(text string) (out []Package, err error) {
	section := ""
	for i, line := range lines(text) {
		if line != "" && line[0] != ' ' {
			section = line
		}
		if m := gem.FindStringSubmatch(line); m != nil && section == "GEM" {
			out = append(out, Package{Name: m[1], Version: m[2], Line: i + 1})
		}
	}
	return out, nil
}

func gradleLock(text string) (out []Package, err error) {
	for i, line := range lines(text) {
		coordinates, configurations, ok := strings.Cut(line, "=")
		part := strings.Split(coordinates, ":")
		if !ok || len(part) != 3 || strings.HasPrefix(line, "#") || onlyTests(configurations) {
			continue
		}
		out = append(out, Package{Name: part[0] + ":" + part[1], Version: part[2], Line: i + 1})
	}
	return out, nil
}

// onlyTests reports whether no configuration of Gradle's puts it into the
// program.
func onlyTests(configurations string) bool {
	for c := range strings.SplitSeq(configurations, ",") {
		if !strings.HasPrefix(c, "test") && c != "annotationProcessor" {
			return false
		}
	}
	return true
}

// pinned is a requirement of exactly one version.
var pinned = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*===?\s*([^\s;*]+)\s*(;.*)?$`)

func requirements(text string) (out []Package, loose int, err error) {
	for i, line := range lines(text) {
		if at := strings.Index(" "+line, " #"); at >= 0 {
			line = line[:max(at-1, 0)]
		}
		line, _, _ = strings.Cut(line, "--hash")
		line = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(line), `\`))
		switch m := pinned.FindStringSubmatch(line); {
		case m != nil:
			out = append(out, Package{Name: m[1], Version: m[3], Line: i + 1})
		case line != "" && !strings.HasPrefix(line, "-") && !strings.HasPrefix(line, "."):
			loose++
		}
	}
	return out, loose, nil
}

func lines(text string) []string { return strings.Split(text, "\n") }

func unquote(s string) string { return strings.Trim(strings.TrimSpace(s), "\"'`") }
