package inventory

import "strings"

// yarnLock reads yarn's lock, of the first yarn and of the later ones. Neither
// tells what is for development.
func yarnLock(text string) (out []Package, err error) {
	name, at := "", 0
	for i, line := range lines(text) {
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
			name = ""
		case line[0] != ' ':
			name, at = yarnName(line), i+1
		case name != "" && strings.HasPrefix(line, "  version"):
			version := strings.TrimPrefix(unquote(strings.TrimPrefix(strings.TrimPrefix(line, "  version"), ":")), "v")
			if version != "" && version != "0.0.0-use.local" && name != "__metadata" {
				out = append(out, Package{Name: name, Version: version, Line: at})
			}
			name = ""
		}
	}
	return out, nil
}

// yarnName is the package of a line such as "@a/b@^1.0.0, @a/b@npm:^1.1.0":
func yarnName(line string) string {
	entry, _, _ := strings.Cut(strings.TrimSuffix(line, ":"), ",")
	entry = unquote(entry)
	at := strings.Index(strings.TrimPrefix(entry, "@"), "@")
	if at < 0 {
		return strings.TrimSuffix(entry, ":")
	}
	if entry[0] == '@' {
		at++
	}
	name, ranged := entry[:at], entry[at+1:]
	// An alias: "own-name@npm:real-name@^1.0.0".
	if real, ok := strings.CutPrefix(ranged, "npm:"); ok {
		if i := strings.LastIndex(real, "@"); i > 0 {
			return real[:i]
		}
	}
	return name
}

// pnpmLock reads the keys of packages: in pnpm's lock, which every version of it
// writes one to a line.
func pnpmLock(text string) (out []Package, err error) {
	in, added := false, false
	for i, line := range lines(text) {
		switch {
		case line == "":
		case line[0] != ' ':
			in = line == "packages:"
		case in && strings.HasPrefix(line, "  ") && line[2] != ' ' && strings.HasSuffix(line, ":"):
			var p Package
			if p, added = pnpmKey(unquote(strings.TrimSuffix(strings.TrimSpace(line), ":"))); added {
				p.Line = i + 1
				out = append(out, p)
			}
		case in && added && line == "    dev: true":
			out, added = out[:len(out)-1], false
		}
	}
	return out, nil
}

// pnpmKey splits /name/1.0.0, /name@1.0.0(peer@2.0.0) and name@1.0.0.
func pnpmKey(key string) (Package, bool) {
	key, _, _ = strings.Cut(strings.TrimPrefix(key, "/"), "(")
	at := strings.LastIndexByte(key, '@')
	if at <= 0 {
		if at = strings.LastIndexByte(key, '/'); at <= 0 {
			return Package{}, false
		}
	}
	name, version := key[:at], key[at+1:]
	version, _, _ = strings.Cut(version, "_")
	if name == "" || version == "" || version[0] < '0' || version[0] > '9' {
		return Package{}, false // from git or a folder
	}
	return Package{Name: name, Version: version}, true
}
