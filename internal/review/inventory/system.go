package inventory

import (
	"strings"
)

// dpkg reads dpkg's status file, or one of the pieces that images without dpkg
// keep in status.d.
func dpkg(text string) (out []Package, err error) {
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		field := fields(paragraph, ": ")
		if status := field["Status"]; status != "" && !strings.HasSuffix(status, " installed") {
			continue // its configuration only
		}
		p := Package{Name: field["Package"], Version: field["Version"], Arch: field["Architecture"]}
		if p.Name == "" || p.Version == "" {
			continue
		}
		p.Source, p.SourceVersion = p.Name, p.Version
		if source, version, _ := strings.Cut(field["Source"], " "); source != "" {
			p.Source = source
			if version = strings.Trim(version, "()"); version != "" {
				p.SourceVersion = version
			}
		}
		out = append(out, p)
	}
	return out, nil
}

// apk reads the list of installed packages of Alpine and Wolfi.
func apk(text string) (out []Package, err error) {
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		field := fields(paragraph, ":")
		p := Package{Name: field["P"], Version: field["V"], Arch: field["A"], License: field["L"], Source: field["o"], SourceVersion: field["V"],
			owns: apkFiles(paragraph)}
		if p.Name == "" || p.Version == "" {
			continue
		}
		if p.Source == "" {
			p.Source = p.Name
		}
		out = append(out, p)
	}
	return out, nil
}

// fields are the lines KEY: VALUE of a paragraph; continued lines, which start
// with a space, are left out. The first of a key wins.
func fields(paragraph, separator string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(paragraph) {
		key, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), separator)
		if !ok || strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") {
			continue
		}
		if _, again := out[key]; !again {
			out[key] = strings.TrimSpace(value)
		}
	}
	return out
}
